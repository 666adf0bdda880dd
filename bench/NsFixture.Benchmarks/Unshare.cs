using NsFixture.Launching;
using NsFixture.Linux;

namespace NsFixture.Benchmarks;

/// <summary>The baseline: util-linux makes the same kinds of namespaces, without root tree and network, and runs nothing in them.</summary>
internal static class Unshare
{
    private static readonly string[] Command = ["unshare", "-Urnmpf", "--uts", "--ipc", "--mount-proc", "true"];

    public static unsafe void Run()
    {
        // posix_spawn and waitpid: no millisecond of Process's own.
        int pid = Spawn.Start([Find(Command[0]), .. Command[1..]], DotnetHost.CurrentEnvironment(), 2, 3);
        int status;
        _ = Libc.WaitPid(pid, &status, 0);
        if (!new ProcessEnd(status).Success)
            throw new InvalidOperationException($"{string.Join(' ', Command)} {new ProcessEnd(status)}");
    }

    private static string Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"There is no '{program}' in PATH to compare with: install util-linux.");
}
