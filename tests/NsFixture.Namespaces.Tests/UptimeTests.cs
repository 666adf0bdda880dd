using System.Diagnostics;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Namespaces.Tests;

/// <summary>A test's machine has been up as long as the test says, and everything of .NET's that counts by it goes on: by both launchers.</summary>
public abstract class UptimeTests
{
    protected abstract LauncherKind Expected { get; }

    // The sandbox is made for the test alone, and the test starts at once; how late that may be on a busy machine.
    private static readonly TimeSpan Delay = TimeSpan.FromMinutes(2);

    protected static void Expect(TimeSpan uptime)
    {
        TimeSpan.FromMilliseconds(Environment.TickCount64).Should().BeGreaterThanOrEqualTo(uptime).And.BeLessThan(uptime + Delay);
        TimeSpan.FromSeconds(Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency).Should().BeGreaterThanOrEqualTo(uptime).And.BeLessThan(uptime + Delay);
        TimeSpan.FromSeconds(double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0])).Should().BeGreaterThanOrEqualTo(uptime - TimeSpan.FromSeconds(1)).And.BeLessThan(uptime + Delay);
    }

    [Fact]
    public async Task Clocks_timers_and_waits_go_on_as_ever()
    {
        IsolatedNetwork.Current.Launcher.Should().Be(Expected, string.Join(Environment.NewLine, IsolatedNetwork.Current.Diagnostics));
        Expect(TimeSpan.FromDays(400));
        long before = Environment.TickCount64;
        int ticks = Environment.TickCount;
        unchecked(ticks - (int)before).Should().BeInRange(0, (int)(Environment.TickCount64 - before), "it has wrapped around eight times");
        DateTime.UtcNow.Should().BeCloseTo(File.GetLastWriteTimeUtc(Touched()), TimeSpan.FromMinutes(1), "the time of day is the machine's");

        var watch = Stopwatch.StartNew();
        await Task.Delay(50);
        watch.ElapsedMilliseconds.Should().BeInRange(49, 60_000);
        using var ticked = new SemaphoreSlim(0);
        using (var timer = new Timer(_ => ticked.Release(), null, 10, 10))
            for (int i = 0; i < 3; i++)
                (await ticked.WaitAsync(60_000)).Should().BeTrue("the timer ticks");
        using var cancellation = new CancellationTokenSource(50);
        await ((Func<Task>)(() => Task.Delay(Timeout.Infinite, cancellation.Token))).Should().ThrowAsync<OperationCanceledException>();
        new ManualResetEvent(false).WaitOne(50).Should().BeFalse();
        Thread.Sleep(20);
        using var periodic = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        (await periodic.WaitForNextTickAsync()).Should().BeTrue();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => Task.Delay(i))));
        GC.Collect(2, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
        watch.Elapsed.Should().BeLessThan(Delay, "no wait was as long as the machine is up");
    }

    [Fact]
    public void Programs_see_the_same_machine()
    {
        double uptime = double.Parse(Tool.Output("cut", "-d ", "-f1", "/proc/uptime"));
        uptime.Should().BeApproximately(Environment.TickCount64 / 1000.0, 60);
        using Process own = Process.GetCurrentProcess();
        own.StartTime.ToUniversalTime().Should().BeCloseTo(DateTime.UtcNow, TimeSpan.FromMinutes(2));
    }

    private static string Touched()
    {
        File.WriteAllText("/tmp/touched", "");
        return "/tmp/touched";
    }
}

[IsolatedNetwork(Launcher = LauncherKind.Fork, Uptime = "400.00:00:00")]
public class ForkedUptimeTests : UptimeTests
{
    protected override LauncherKind Expected => LauncherKind.Fork;

    [Fact, IsolatedNetwork(Uptime = "24.20:31:20")]
    public async Task TickCount_overflows_while_the_test_runs()
    {
        // int.MaxValue milliseconds are 24 days, 20:31:23.647.
        SpinWait.SpinUntil(() => Environment.TickCount < 0, 60_000).Should().BeTrue();
        Environment.TickCount64.Should().BeGreaterThan(int.MaxValue);
        await Task.Delay(20);
    }

    [Fact, IsolatedNetwork(Uptime = "00:00:30")]
    public async Task A_machine_can_have_been_started_just_now()
    {
        Expect(TimeSpan.FromSeconds(30));
        await Task.Delay(20);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        (await timer.WaitForNextTickAsync()).Should().BeTrue();
        Expect(TimeSpan.FromSeconds(30));
    }

    [Fact, IsolatedNetwork(Uptime = "49.17:02:40", Hosts = ["server"])]
    public async Task Hosts_and_links_are_as_old_and_work()
    {
        VirtualNetwork network = IsolatedNetwork.Current.Network;
        network["server"].SetConditions(up: LinkConditions.Perfect.WithDelay(TimeSpan.FromMilliseconds(20)), down: LinkConditions.Perfect);
        using System.Net.Sockets.Socket listener = network["server"].Listen(80);
        var watch = Stopwatch.StartNew();
        using System.Net.Sockets.TcpClient client = await network.TestHost.ConnectAsync("server", 80);
        watch.ElapsedMilliseconds.Should().BeInRange(19, 60_000);
        CommandResult result = await network["server"].Command("cat").WithArguments("/proc/uptime").RunAsync();
        TimeSpan.FromSeconds(double.Parse(result.StandardOutput.Split(' ')[0])).Days.Should().Be(49);
    }
}

[IsolatedNetwork(Launcher = LauncherKind.Exec, Uptime = "400.00:00:00")]
public class ExecutedUptimeTests : UptimeTests
{
    protected override LauncherKind Expected => LauncherKind.Exec;
}

/// <summary>What else of its kernel a sandbox can say.</summary>
public class KernelSettingTests
{
    [Fact, IsolatedNetwork(DomainName = "example.org")]
    public void The_domain_name_is_as_chosen() => File.ReadAllText("/proc/sys/kernel/domainname").Should().Be("example.org\n");

    [Fact, IsolatedNetwork(IpcLimits = ["kernel.shmmax=65536", "kernel.msgmnb = 4321", "fs.mqueue.msg_max=3", "kernel.sem=10 20 30 40"])]
    public void Sizes_of_IPC_are_as_chosen()
    {
        File.ReadAllText("/proc/sys/kernel/shmmax").Should().Be("65536\n");
        File.ReadAllText("/proc/sys/kernel/msgmnb").Should().Be("4321\n");
        File.ReadAllText("/proc/sys/fs/mqueue/msg_max").Should().Be("3\n");
        File.ReadAllText("/proc/sys/kernel/sem").Should().Be("10\t20\t30\t40\n");
        Tool.Run("ipcmk", "--shmem", "65537").Should().Match<Tool.Outcome>(o => o.ExitCode != 0, "it is one byte too much");
        string id = Tool.Output("ipcmk", "--shmem", "65536").Split(": ")[1].Trim();
        Tool.Output("ipcrm", "--shmem-id", id);
    }

    [Fact, IsolatedNetwork]
    public void Its_control_groups_begin_at_a_root_of_its_own() =>
        File.ReadAllLines("/proc/self/cgroup").Select(l => l.Split(':', 3)[2]).Should().NotBeEmpty().And.OnlyContain(path => path == "/", "wherever the test runs on the machine (cgroup_namespaces(7))");

    [Fact, IsolatedNetwork]
    public void Neither_reaches_the_machine_or_another_sandbox()
    {
        File.ReadAllText("/proc/sys/kernel/domainname").Should().NotBe("example.org\n");
        File.ReadAllText("/proc/sys/kernel/shmmax").Should().NotBe("65536\n");
    }
}
