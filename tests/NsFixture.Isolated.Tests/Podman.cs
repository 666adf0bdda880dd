using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NsFixture.Isolated.Tests;

/// <summary>
/// A podman of the tests' own, in a mount and network namespace, with images and containers in a temporary directory: the machine's is
/// not touched. Its one image holds bash, made of the machine's files. It serves the Docker API on a socket, which DOCKER_HOST names
/// while the fixture lives.
/// </summary>
public sealed class Podman : IAsyncLifetime
{
    /// <summary>
    /// What a machine needs that mounts cgroup2 beside the first version, which podman takes for a mixture that it cannot use, and that does not
    /// allow limits to be raised.
    /// </summary>
    public const string Configuration = """
        [containers]
        default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
        [engine]
        cgroup_manager = "cgroupfs"
        events_logger = "file"
        """;

    private readonly string directory = Directory.CreateTempSubdirectory("podman-").FullName;
    private readonly string? dockerHost = Environment.GetEnvironmentVariable("DOCKER_HOST");
    private Process? engine;

    public async Task InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        if (!File.Exists("/usr/bin/podman"))
            throw new InvalidOperationException("These tests need podman: eng/test.sh installs it, or run 'apt-get install podman'.");
        await File.WriteAllTextAsync(directory + "/containers.conf", Configuration);
        await File.WriteAllTextAsync(directory + "/engine.sh", $$"""
            mount --make-rprivate /
            umount /sys/fs/cgroup/unified 2>/dev/null
            mkdir -p files/bin files/proc files/sys
            cp /bin/bash /bin/sleep files/bin/
            ldd /bin/bash /bin/sleep | grep -o '/[^ :]*' | grep -v '/bin/' | sort -u | while read -r library; do mkdir -p "files${library%/*}"; cp -L "$library" "files$library"; done
            tar -C files -c . | {{Command}} import - tests || exit 1
            exec {{Command}} system service --time=0 unix://{{Socket}}
            """);
        engine = Start("unshare", "--mount", "--net", "bash", directory + "/engine.sh");
        var limit = Stopwatch.StartNew();
        while (!File.Exists(Socket))
        {
            if (engine.HasExited || limit.Elapsed > TimeSpan.FromSeconds(60))
                throw new InvalidOperationException($"podman does not run here: {await engine.StandardError.ReadToEndAsync()}");
            await Task.Delay(50);
        }
        Environment.SetEnvironmentVariable("DOCKER_HOST", "unix://" + Socket);
    }

    public async Task DisposeAsync()
    {
        Environment.SetEnvironmentVariable("DOCKER_HOST", dockerHost);
        if (engine != null)
        {
            await ControlAsync("rm --all --force --time 0");
            engine.Kill(entireProcessTree: true);
            await engine.WaitForExitAsync();
        }
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Starts a container without a network, and returns its id.</summary>
    public async Task<string> RunAsync(string name) => (await ControlAsync($"run --detach --network none --name {name} tests /bin/sleep 1000")).Trim();

    /// <summary>How podman is called, with all that it keeps in a directory.</summary>
    public static string CommandIn(string directory) => $"podman --root {directory}/root --runroot {directory}/run --storage-driver vfs";

    /// <summary>Options of 'run' that give a container the machine's .NET and libraries.</summary>
    /// <param name="dotnet">The program.</param>
    public static string[] Dotnet(out string dotnet)
    {
        string root = Path.GetFullPath(RuntimeEnvironment.GetRuntimeDirectory() + "../../..");
        dotnet = root + "/dotnet";
        return [.. ((string[])["/usr", "/lib", "/lib64", root]).Where(Directory.Exists).Distinct().SelectMany(path => (string[])["--volume", $"{path}:{path}:ro"])];
    }

    /// <summary>Runs a script in a container, and returns what it prints.</summary>
    public Task<string> ExecAsync(string container, string script) => ControlAsync("exec", container, "/bin/bash", "-c", script);

    /// <summary>Runs a command of podman's, of words without spaces.</summary>
    public Task<string> ControlAsync(string command) => ControlAsync(command.Split(' '));

    /// <summary>Runs a command of podman's that may fail, and returns what it prints.</summary>
    public async Task<string> AskAsync(string[] arguments)
    {
        using Process process = Begin(arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.Length > 0 ? output : await errors;
    }

    private string Socket => directory + "/api.sock";

    private string Command => CommandIn(directory);

    private async Task<string> ControlAsync(params string[] arguments)
    {
        using Process process = Begin(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"podman {string.Join(' ', arguments)}: {await errors}{await output}");
    }

    // In the engine's own namespaces: others see neither its mounts nor the control groups as it does.
    private Process Begin(string[] arguments) => Start("nsenter", ["--target", $"{engine!.Id}", "--mount", "--net", "--", .. Command.Split(' '), .. arguments]);

    private Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = directory,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        Environment = { ["CONTAINERS_CONF"] = directory + "/containers.conf" },
    })!;
}

/// <summary>One after another, for the engine is named by a variable of the process.</summary>
[CollectionDefinition(nameof(OnePodman))]
public class OnePodman : ICollectionFixture<Podman>;
