using System.Globalization;

namespace NsFixture.Benchmarks;

/// <summary>
/// The processor time of this process and of all it starts from now on, by a control group of the kernel's (cgroup v1,
/// cpuacct): waiting for children would miss those that end after their parents, such as the fork server. What the kernel does
/// in threads of its own, as when it destroys namespaces, is not in it. Needs root, and cgroup v1.
/// </summary>
internal sealed class CpuAccount : IDisposable
{
    private const string Root = "/sys/fs/cgroup/cpuacct";
    private readonly string directory, former;

    private CpuAccount(string directory, string former) => (this.directory, this.former) = (directory, former);

    /// <summary>Null where this machine allows none.</summary>
    public static CpuAccount? Open()
    {
        string? own = File.ReadLines("/proc/self/cgroup").Select(l => l.Split(':', 3)).FirstOrDefault(l => l[1].Split(',').Contains("cpuacct"))?[2];
        if (own == null || !File.Exists(Root + "/cpuacct.usage"))
            return null;
        var account = new CpuAccount($"{Root}/nsfixture-bench-{Environment.ProcessId}", Root + own);
        try
        {
            Directory.CreateDirectory(account.directory);
            Enter(account.directory);
            return account;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (Directory.Exists(account.directory))
                Directory.Delete(account.directory);
            return null;
        }
    }

    /// <summary>So far.</summary>
    public TimeSpan Total => TimeSpan.FromMicroseconds(long.Parse(File.ReadAllText(directory + "/cpuacct.usage"), CultureInfo.InvariantCulture) / 1000.0);

    /// <summary>Waits for the processes that have been started to end.</summary>
    public void Dispose()
    {
        Enter(former);
        for (int i = 0; i < 500 && File.ReadAllText(directory + "/cgroup.procs").Length > 0; i++)
            Thread.Sleep(10);
        Directory.Delete(directory);
    }

    private static void Enter(string group) => File.WriteAllText(group + "/cgroup.procs", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
}
