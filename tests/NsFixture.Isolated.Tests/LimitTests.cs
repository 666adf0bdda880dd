using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using NsFixture.Xunit;
using Xunit.Abstractions;

namespace NsFixture.Isolated.Tests;

/// <summary>Hosts and sandboxes take no more of the machine than they may: by control groups for root, by rlimits as far as they go for an ordinary user.</summary>
public class LimitTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static Topology WithDb(Limits limits) => new Topology().WithNetwork("lan").WithHost("db", h => h.WithLimits(limits)).WithHost("other");

    // What all processors together have not been used for: proc_stat(5), in hundredths of a second.
    private static TimeSpan IdleTime() => TimeSpan.FromMilliseconds(10 * long.Parse(File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[4], CultureInfo.InvariantCulture));

    private static HostCommand Sh(VirtualHost host, string script) => host.Command("sh").WithArguments("-c", script);

    [Fact]
    public async Task A_host_gets_its_share_of_a_processor_and_no_more()
    {
        const double share = 0.3;
        Topology topology = WithDb(new Limits { Cpu = share });
        if (!Root.MakesControlGroups)
        {
            await Refused(topology, "processor time");
            return;
        }
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(topology);
        VirtualHost db = network["db"];
        await using HostProcess busy = await Sh(db, "while :; do :; done").StartAsync();
        double measured = 0, idle = 0;
        // Where others take so much that it does not get its share, it is measured again.
        for (int i = 0; i < 10 && measured < 0.9 * share; i++)
        {
            var watch = Stopwatch.StartNew();
            TimeSpan before = db.Usage().CpuTime!.Value, idleBefore = IdleTime();
            await Task.Delay(1500);
            measured = (db.Usage().CpuTime!.Value - before) / watch.Elapsed;
            idle = Math.Max(idle, (IdleTime() - idleBefore) / watch.Elapsed);
            output.WriteLine($"{measured:P1} of a processor, while {idle:P1} of one was idle at most");
            measured.Should().BeLessThan(1.1 * share);
        }
        measured.Should().BeGreaterThan(idle > share ? 0.9 * share : 0, "there was enough for it, or it gets some of what others take");
        if (idle > share)
            db.Usage().Throttled.Should().BePositive();
    }

    [Fact]
    public async Task A_hosts_memory_ends_at_its_limit()
    {
        const long limit = 64 << 20;
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(WithDb(new Limits { Memory = limit }));
        // tail keeps all that has no line's end.
        CommandResult hungry = await Sh(network["db"], "head -c 300000000 /dev/zero | tail -c 299999999 | wc -c; echo ended").RunAsync().WaitAsync(Patience);
        hungry.StandardOutput.Should().NotContain("299999999").And.EndWith("ended\n", "the shell is not the one that takes so much");
        if (!Root.MakesControlGroups)
        {
            output.WriteLine("by RLIMIT_DATA");
            hungry.StandardError.Should().Contain("tail", "it is told that there is no more");
            network.Invoking(n => n["db"].Usage()).Should().Throw<SandboxException>().WithMessage("*Nothing counts what host \"db\" takes*");
            return;
        }
        ResourceUsage usage = network["db"].Usage(), all = network.Usage();
        output.WriteLine($"by a control group: at most {usage.MemoryPeak} bytes of {limit}");
        usage.OutOfMemoryKills.Should().BePositive().And.Be(all.OutOfMemoryKills);
        usage.MemoryPeak.Should().BeInRange(limit * 95 / 100, limit);
        network.Invoking(n => n["other"].Usage()).Should().Throw<SandboxException>().WithMessage("*Nothing counts what host \"other\" takes*WithLimits*");
    }

    [Fact]
    public async Task A_fork_bomb_on_a_host_harms_nobody_else()
    {
        Topology topology = WithDb(new Limits { Processes = 30 });
        if (!Root.MakesControlGroups)
        {
            await Refused(topology, "processes");
            return;
        }
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(topology);
        VirtualHost db = network["db"];
        await using HostProcess bomb = await Sh(db, "f() { f & f & wait; }; f; while :; do sleep 1; done").StartAsync();
        int most = 0;
        SpinWait.SpinUntil(() =>
        {
            Thread.Sleep(20);
            ResourceUsage usage = db.Usage();
            most = Math.Max(most, usage.Processes!.Value);
            return usage.RefusedForks > 0;
        }, Patience).Should().BeTrue("it gets no further");
        most.Should().BeLessThanOrEqualTo(30);
        (await Sh(network["other"], "echo works").RunAsync().WaitAsync(Patience)).StandardOutput.Should().Be("works\n");
        Process.Start("/bin/true").WaitForExit(Patience).Should().BeTrue("the machine can start programs");
    }

    /// <summary>A fact for who can be limited in how many processes he has: by a control group, or by an rlimit, which counts for everybody but root (setrlimit(2)).</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class LimitableFactAttribute : FactAttribute
    {
        public LimitableFactAttribute()
        {
            if (Environment.IsPrivilegedProcess && !Root.MakesControlGroups)
                Skip = "Control groups are read-only here, and nothing else limits how many processes root has.";
        }
    }

    [LimitableFact, IsolatedNetwork(Memory = "256M", Processes = 60, OpenFiles = 100)]
    public void A_test_is_limited_with_all_that_it_starts()
    {
        string how = IsolatedNetwork.Current.Diagnostics.Should().ContainSingle(d => d.StartsWith("limits: by ")).Which;
        output.WriteLine(how);
        var open = new List<FileStream>();
        IOException? refused = null;
        try
        {
            for (int i = 0; i < 120; i++)
                open.Add(File.OpenRead("/dev/null"));
        }
        catch (IOException e)
        {
            refused = e;
        }
        open.ForEach(f => f.Dispose()); // before anything else is loaded
        open.Count.Should().BeInRange(50, 100, "the assemblies that the test loads count");
        refused!.Message.Should().Contain("oo many open files");

        using var end = new ManualResetEvent(false);
        var threads = new List<Thread>();
        FluentActions.Invoking(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                var thread = new Thread(() => end.WaitOne());
                thread.Start();
                threads.Add(thread);
            }
        }).Should().Throw<OutOfMemoryException>("a runtime says that of a thread it cannot start");
        end.Set();
        threads.ForEach(t => t.Join());
        threads.Count.Should().BeInRange(30, 60);
        if (how.Contains("by a control group"))
        {
            File.ReadAllLines("/proc/self/cgroup").Where(l => l.Contains(":memory:") || l.Contains(":pids:")).Should().AllSatisfy(l => l.Should().EndWith(":/"), "it is the root of what it sees");
            IsolatedNetwork.Current.Network.Usage().RefusedForks.Should().BePositive("which it is told of, and so does not fail it");
        }
        else
        {
            how.Should().Contain("by rlimits, since no control group can be made").And.Contain("RLIMIT_NPROC");
        }
    }

    private async Task Refused(Topology topology, string what)
    {
        output.WriteLine("refused, for want of control groups");
        try
        {
            await using VirtualNetwork network = await VirtualNetwork.CreateAsync(topology);
        }
        catch (SandboxException e) when (e is not SandboxUnavailableException) // that one skips the test
        {
            e.Message.Should().Match($"*A limit of {what} for host \"db\" cannot be enforced*as root*systemd-run*");
            return;
        }
        Assert.Fail("it was not refused");
    }
}
