using System.Diagnostics;
using FluentAssertions;
using Xunit.Abstractions;

namespace NsFixture.Namespaces.Tests;

/// <summary>A command cannot take more than it may, and what it takes is counted: by control groups for root, by rlimits for an ordinary user.</summary>
public class LimitsTests(ITestOutputHelper output)
{
    private static NamespaceCommand Sh(string script) => new NamespaceCommand("sh").WithArguments("-c", script).WithMappedRoot().WithNew(NamespaceTypes.Pid).WithKillChild();

    [Fact]
    public void A_share_of_a_processor_is_kept_within_a_tenth()
    {
        const double share = 0.2;
        NamespaceCommand command = Sh("while :; do :; done").WithLimits(new Limits { Cpu = share });
        if (IsRefused(command, "a limit of processor time"))
            return;
        using NamespaceProcess busy = command.Start();
        double measured = 0;
        // Where others take so much that it does not get its share, it is measured again.
        for (int i = 0; i < 10 && measured < 0.9 * share; i++)
        {
            var watch = Stopwatch.StartNew();
            TimeSpan before = busy.Usage().CpuTime!.Value;
            Thread.Sleep(1500);
            measured = (busy.Usage().CpuTime!.Value - before) / watch.Elapsed;
            output.WriteLine($"{measured:P1} of a processor");
            measured.Should().BeLessThan(1.1 * share);
        }
        measured.Should().BeGreaterThan(0.9 * share);
        busy.Usage().Throttled.Should().BePositive();
    }

    [Fact]
    public void Memory_ends_at_its_limit()
    {
        const long limit = 64 << 20;
        // tail keeps all that has no line's end.
        using NamespaceProcess hungry = Sh("head -c 300000000 /dev/zero | tail -c 299999999 | wc -c; echo ended").WithLimits(new Limits { Memory = limit }).Start();
        string said = hungry.Process.StandardOutput.ReadToEnd();
        said.Should().NotContain("299999999").And.EndWith("ended\n", "the shell is not the one that takes so much");
        if (!Root.MakesControlGroups)
        {
            output.WriteLine("by RLIMIT_AS");
            hungry.Process.StandardError.ReadToEnd().Should().Contain("tail", "it is told that there is no more");
            return;
        }
        output.WriteLine("by a control group");
        ResourceUsage usage = hungry.Usage();
        usage.OutOfMemoryKills.Should().BePositive();
        usage.MemoryPeak.Should().BeInRange(limit * 95 / 100, limit);
    }

    [Fact]
    public void A_fork_bomb_stops_at_the_limit_of_processes()
    {
        NamespaceCommand command = Sh("f() { f & f & wait; }; f; while :; do sleep 1; done").WithLimits(new Limits { Processes = 30 });
        if (IsRefused(command, "a limit of processes"))
            return;
        using NamespaceProcess bomb = command.Start();
        int most = 0, id = bomb.Id;
        SpinWait.SpinUntil(() =>
        {
            Thread.Sleep(20);
            most = Math.Max(most, Inside(id));
            return bomb.Usage().RefusedForks > 0;
        }, 30_000).Should().BeTrue("it gets no further");
        most.Should().BeLessThanOrEqualTo(30);
        Tool.Output("true").Should().BeEmpty("the machine can start programs");
    }

    [Fact]
    public async Task Open_files_are_limited_for_each_process() =>
        (await Sh("ulimit -n").WithLimits(new Limits { OpenFiles = 64 }).RunAsync()).StandardOutput.Should().Be("64\n");

    [Fact]
    public void Its_control_group_goes_with_it()
    {
        NamespaceCommand command = Sh("cat").WithLimits(new Limits { Memory = 32 << 20, Cpu = 0.5, Processes = 10, IoRate = 1 << 20 });
        if (IsRefused(command, "a limit of processor time"))
            return;
        string name = $"-{Environment.ProcessId}-";
        string[] groups;
        using (NamespaceProcess started = command.Start())
        {
            groups = [.. File.ReadLines($"/proc/{started.Id}/cgroup").Where(l => l.Contains(name))];
            groups.Should().NotBeEmpty();
            started.Usage().Processes.Should().BeInRange(2, 3, "the shell, cat where the shell forks it, and who waits for it");
        }
        foreach (string directory in Directory.GetDirectories("/sys/fs/cgroup", "*", SearchOption.TopDirectoryOnly))
            groups.Should().NotContain(g => Directory.Exists($"{directory}{g.Split(':', 3)[2]}"));
    }

    [Theory]
    [InlineData(1000, 0, "memory limit of 1000 bytes is too little"), InlineData(0, -1.0, "limit of -1 processors cannot be")]
    public void Limits_that_cannot_be_are_refused(long memory, double cpu, string cause) =>
        Sh("true").WithLimits(new Limits { Memory = memory == 0 ? null : memory, Cpu = cpu == 0 ? null : cpu }).Invoking(c => c.Start()).Should().Throw<InvalidOperationException>().WithMessage($"*{cause}*");

    private bool IsRefused(NamespaceCommand command, string what)
    {
        if (Root.MakesControlGroups)
            return false;
        output.WriteLine("refused to an ordinary user");
        command.Invoking(c => c.Start()).Should().Throw<NamespaceException>().WithMessage($"*cannot have {what}*as root*systemd-run*");
        return true;
    }

    private static int Inside(int first)
    {
        string? own = new FileInfo($"/proc/{first}/ns/pid").LinkTarget;
        return Directory.GetDirectories("/proc").Count(d => int.TryParse(Path.GetFileName(d), out _) && Link($"{d}/ns/pid") == own);

        static string? Link(string path)
        {
            try
            {
                return new FileInfo(path).LinkTarget;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }
}
