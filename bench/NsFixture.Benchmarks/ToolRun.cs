using System.Diagnostics;
using NsFixture.Launching;
using NsFixture.Linux;

namespace NsFixture.Benchmarks;

/// <summary>The published tool's <c>nsfixture run -- true</c> beside bubblewrap's like, in turns: native, and without the native front door.</summary>
internal static class ToolRun
{
    private static readonly string[] Bubblewrap = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"];

    public static Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        string directory = Publish();
        try
        {
            string[][] commands = [[ProgramRun.Find(Bubblewrap[0]), .. Bubblewrap[1..]], [Path.Combine(directory, "nsfixture"), "run", "--", "true"], [Path.Combine(directory, "NsFixture.Cli"), "run", "--", "true"]];
            List<double>[] times = [[], [], []];
            for (int i = -5; i < count; i++)
                for (int which = 0; which < commands.Length; which++)
                    if (Stopwatches.Measure(1, () => ProgramRun.Run(commands[which])) is [var time] && i >= 0)
                        times[which].Add(time);
            var bubblewrap = new Measurement("bwrap", times[0]);
            return Task.FromResult<IReadOnlyList<Measurement>>([bubblewrap, .. ((string[])["tool-run", "tool-run-managed"]).Select((name, i) => Beside(bubblewrap, new Measurement(name, times[i + 1])))]);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Measurement Beside(Measurement bubblewrap, Measurement tool) => tool.With("times_bwrap", tool.Median / bubblewrap.Median);

    private static string Publish()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "NsFixture.sln")))
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("This case publishes the tool: run it in the repository.");
        string directory = Directory.CreateTempSubdirectory("nsfixture-tool-").FullName;
        using Process process = Process.Start(new ProcessStartInfo(Path.Combine(root, "eng/publish-tool.sh"), [directory]) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? directory : throw new InvalidOperationException($"eng/publish-tool.sh: {output}");
    }
}

/// <summary>Programs by posix_spawn and waitpid: no millisecond of <see cref="Process"/>'s own.</summary>
internal static unsafe class ProgramRun
{
    /// <summary>Runs it to its end, which has to be a success.</summary>
    public static void Run(string[] command)
    {
        int pid = Spawn.Start(command, DotnetHost.CurrentEnvironment(), 2, 3);
        int status;
        _ = Libc.WaitPid(pid, &status, 0);
        if (!new ProcessEnd(status).Success)
            throw new InvalidOperationException($"{string.Join(' ', command)} {new ProcessEnd(status)}");
    }

    /// <summary>A program's path.</summary>
    public static string Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"There is no '{program}' in PATH to compare with: install Debian's package {(program == "bwrap" ? "bubblewrap" : "util-linux")}.");
}
