using System.Diagnostics;
using NsFixture;
using NsFixture.Xunit;
using Xunit;

namespace Victim;

/// <summary>Isolated tests that take more than they may.</summary>
[IsolatedNetwork(Memory = "128M", Processes = 60)]
public class Greedy
{
    private const string Hungry = "head -c 300000000 /dev/zero | tail -c 299999999 | wc -c; echo ended";

    [Fact]
    public void Takes_more_memory_than_there_is()
    {
        var all = new List<byte[]>();
        for (int i = 0; i < 40; i++)
        {
            all.Add(GC.AllocateUninitializedArray<byte>(10 << 20));
            Array.Fill(all[^1], (byte)1);
        }
        Assert.Equal(40, all.Count);
    }

    [Fact]
    public void Does_not_notice_that_a_program_was_killed() => Run(Hungry);

    [Fact]
    public void Fails_anyway()
    {
        Run(Hungry);
        Assert.Fail("as ever");
    }

    [Fact]
    public void Is_told_that_a_program_was_killed()
    {
        Run(Hungry);
        if (HasGroup)
            Assert.InRange(IsolatedNetwork.Current.Network.Usage().OutOfMemoryKills, 1, 2);
    }

    [Fact]
    public void Does_not_notice_that_no_more_programs_start() => Run("i=0; while [ $i -lt 80 ]; do sleep 0.5 & i=$((i+1)); done 2>/dev/null; wait");

    private static bool HasGroup => IsolatedNetwork.Current.Diagnostics.Any(d => d.Contains("limits: by a control group", StringComparison.Ordinal));

    private static void Run(string script)
    {
        using Process process = Process.Start("/bin/sh", ["-c", script]);
        process.WaitForExit();
    }
}

/// <summary>A limit that an ordinary user's tests cannot have, and one that they can, in a fresh runtime.</summary>
public class GreedyForMore
{
    [Fact, IsolatedNetwork(Cpu = 0.3, Launcher = LauncherKind.Exec)]
    public void Takes_all_the_time_that_it_may()
    {
        var watch = Stopwatch.StartNew();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        while (watch.Elapsed < TimeSpan.FromSeconds(1.5))
        {
        }
        double share = (Environment.CpuUsage.TotalTime - before) / watch.Elapsed;
        Assert.True(share < 0.36, $"{share:P1}");
    }

    [Fact, IsolatedNetwork(Memory = "128M", OpenFiles = 40, Launcher = LauncherKind.Exec)]
    public void Opens_what_it_may()
    {
        var open = new List<FileStream>();
        string refusal = "";
        try
        {
            for (int i = 0; i < 400; i++)
                open.Add(File.OpenRead("/dev/null"));
        }
        catch (IOException e)
        {
            refusal = e.Message;
        }
        open.ForEach(f => f.Dispose()); // before anything else is loaded
        Assert.Contains("oo many open files", refusal, StringComparison.Ordinal);
        Assert.InRange(open.Count, 40, 320);
    }
}

/// <summary>A sandbox with control groups and frozen programs, for as long as it is left alone.</summary>
public sealed class Bounds() : Topology(new Topology().WithNetwork("lan").WithHost("db", h => h.WithLimits(new Limits { Memory = 64 << 20 })));

[IsolatedNetwork<Bounds>(Memory = "256M")]
public class Bounded
{
    [Theory, InlineData(1)]
    public async Task Runs_until_it_is_ended(int number)
    {
        VirtualHost db = IsolatedNetwork.Current.Network["db"];
        await using HostProcess program = await db.Command("sleep").WithArguments("1000").StartAsync();
        FreezeMechanism by = db.Freeze();
        File.WriteAllText(Path.Combine(Environment.GetEnvironmentVariable("VICTIM_SIGNALS")!, $"busy-{number}-{by}"), File.ReadAllText("/proc/self/cgroup"));
        Thread.Sleep(Timeout.Infinite);
    }
}
