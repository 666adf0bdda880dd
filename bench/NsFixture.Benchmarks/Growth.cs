using System.Globalization;

namespace NsFixture.Benchmarks;

/// <summary>What the fork server and its zygote hold, looked at from outside, after the 100th test and after the last.</summary>
internal static class Growth
{
    private const int First = 100;

    private sealed record Holding(int Pid, string Name, long Kilobytes, int Descriptors);

    public static Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        if (count <= First)
            throw new ArgumentException($"growth needs more than {First} tests: --count {count}");
        Environment.SetEnvironmentVariable("NSFIXTURE_LAUNCHER", nameof(LauncherKind.Fork));
        var host = new XunitHost();
        var times = host.Run(nameof(EmptyTests.Isolated), First, warmUp: 1);
        var before = Holdings();
        times.AddRange(host.Run(nameof(EmptyTests.Isolated), count - First, warmUp: 1));
        var after = Holdings();
        var measurement = new Measurement("growth", times);
        foreach (var (first, last) in before.Zip(after))
        {
            if (first.Pid != last.Pid)
                throw new InvalidOperationException($"The {first.Name} {first.Pid} was replaced by {last.Pid} during the run.");
            measurement.With(first.Name + "_kb_100th", first.Kilobytes).With(first.Name + "_kb_last", last.Kilobytes)
                .With(first.Name + "_fds_100th", first.Descriptors).With(first.Name + "_fds_last", last.Descriptors);
        }
        return Task.FromResult<IReadOnlyList<Measurement>>([measurement]);
    }

    private static List<Holding> Holdings()
    {
        Thread.Sleep(500); // the sandboxes that end and the standbys in the making are not what is looked for
        int server = ChildrenOf(Environment.ProcessId).Single(pid => File.ReadAllText($"/proc/{pid}/cmdline").Contains("fork-server", StringComparison.Ordinal));
        return [Of(server, "server"), Of(ChildrenOf(server).Single(), "zygote")];
    }

    private static Holding Of(int pid, string name) => new(pid, name,
        File.ReadLines($"/proc/{pid}/smaps_rollup").Where(l => l.StartsWith("Private_", StringComparison.Ordinal))
            .Sum(l => long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)),
        Directory.GetFileSystemEntries($"/proc/{pid}/fd").Length);

    private static List<int> ChildrenOf(int parent)
    {
        var children = new List<int>();
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(directory), out int pid) && ParentOf(pid) == parent)
                children.Add(pid);
        return children;
    }

    // proc_pid_stat(5): the name in parentheses may hold anything, spaces too.
    private static int ParentOf(int pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return -1; // it has just ended
        }
    }
}
