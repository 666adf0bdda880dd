using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NsFixture.Isolated.Tests;

/// <summary>
/// A container engine of the tests' own, in a mount and network namespace, with images and containers in a temporary directory: the machine's is
/// not touched. Its one image holds bash, made of the machine's files. It serves the Docker API on a socket.
/// </summary>
/// <param name="program">What it is controlled by.</param>
/// <param name="package">Debian's package that has it.</param>
public abstract class Engine(string program, string package) : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory(program + "-").FullName;
    private readonly string[] groups = [.. Groups()];
    private Process? engine;

    public async Task InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        if (!File.Exists("/usr/bin/" + program))
            throw new InvalidOperationException($"These tests need {program}: eng/test.sh installs it, or run 'apt-get install {package}'.");
        await File.WriteAllTextAsync(directory + "/containers.conf", Podman.Configuration);
        await File.WriteAllTextAsync(directory + "/engine.sh", $$"""
            mount --make-rprivate /
            umount /sys/fs/cgroup/unified 2>/dev/null
            mount -t tmpfs none /run # engines keep something there whatever they are told
            mkdir -p files/bin files/proc files/sys
            cp /bin/bash /bin/sleep files/bin/
            ldd /bin/bash /bin/sleep | grep -o '/[^ :]*' | grep -v '/bin/' | sort -u | while read -r library; do mkdir -p "files${library%/*}"; cp -L "$library" "files$library"; done
            tar -C files -c . > files.tar || exit 1
            {{Service(directory, Address)}}
            """);
        engine = Start("unshare", "--mount", "--net", "bash", directory + "/engine.sh");
        var limit = Stopwatch.StartNew();
        while (!File.Exists(Socket))
        {
            if (engine.HasExited || limit.Elapsed > TimeSpan.FromSeconds(60))
                throw new InvalidOperationException($"{program} does not run here: {(engine.HasExited ? await engine.StandardError.ReadToEndAsync() : "it offers no API")}");
            await Task.Delay(50);
        }
        await ControlAsync($"import {directory}/files.tar tests");
    }

    public async Task DisposeAsync()
    {
        if (engine != null)
        {
            foreach (string container in (await ControlAsync("ps --all --quiet")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                await ControlAsync($"{Removal} {container}");
            // It ends what it has started, and waits for that.
            using (Process ending = Process.Start("kill", [$"{engine.Id}"]))
                await ending.WaitForExitAsync();
            await engine.WaitForExitAsync();
            // One whose last process this machine's process 1 does not reap stays busy.
            SpinWait.SpinUntil(() => Groups().Except(groups).SelectMany(g => Directory.GetDirectories(g, "*", SearchOption.AllDirectories).Append(g)).OrderByDescending(g => g.Length).ToList().TrueForAll(HasGone), 5000);
        }
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Where it serves the Docker API, as DOCKER_HOST says it.</summary>
    public string Address => "unix://" + Socket;

    /// <summary>Options of 'run' for a container without restrictions.</summary>
    public abstract string[] Privileged { get; }

    /// <summary>Those that the doctor names.</summary>
    public abstract string[] Advised { get; }

    /// <summary>Starts a container without a network, and returns its id.</summary>
    public async Task<string> RunAsync(string name) => (await ControlAsync($"run --detach --network none --name {name} tests /bin/sleep 1000")).Trim();

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

    /// <summary>Runs a command of its, of words without spaces.</summary>
    public Task<string> ControlAsync(string command) => ControlAsync(command.Split(' '));

    /// <summary>Runs a command of its that may fail, and returns what it prints.</summary>
    public async Task<string> AskAsync(string[] arguments)
    {
        using Process process = Begin(arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.Length > 0 ? output : await errors;
    }

    /// <summary>Its command that ends a container at once.</summary>
    protected virtual string Removal => "rm --force";

    /// <summary>The shell's words that become the engine, with all that it keeps in a directory; the shell is in its namespaces, and in that directory.</summary>
    protected abstract string Service(string directory, string address);

    /// <summary>How it is controlled.</summary>
    protected abstract string Command(string directory, string address);

    // What containers' control groups are in.
    private static IEnumerable<string> Groups() =>
        Directory.GetDirectories("/sys/fs/cgroup").SelectMany(hierarchy => (string[])[hierarchy + "/docker", hierarchy + "/libpod_parent"]).Where(Directory.Exists);

    private static bool HasGone(string group)
    {
        try
        {
            Directory.Delete(group);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string Socket => directory + "/api.sock";

    private async Task<string> ControlAsync(params string[] arguments)
    {
        using Process process = Begin(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await errors}{await output}");
    }

    // In the engine's own namespaces: others see neither its mounts nor the control groups as it does.
    private Process Begin(string[] arguments) => Start("nsenter", ["--target", $"{engine!.Id}", "--mount", "--net", "--", .. Command(directory, Address).Split(' '), .. arguments]);

    private Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = directory,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        Environment = { ["CONTAINERS_CONF"] = directory + "/containers.conf" },
    })!;
}

/// <summary>One after another: containers of one engine at a time are enough for a machine.</summary>
[CollectionDefinition(nameof(Engines))]
public class Engines : ICollectionFixture<Podman>, ICollectionFixture<Docker>;

/// <summary>A fact that takes a container engine, and so root: an ordinary user has no part in root's containers.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EngineFactAttribute : FactAttribute
{
    public EngineFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess)
            Skip = "Containers belong to root's engine, and this is an ordinary user: run as root.";
    }
}
