using System.Text.RegularExpressions;
using FluentAssertions;

namespace NsFixture.Teardown.Tests;

/// <summary>A test that comes up against its limits fails, and is told which and with what numbers; nothing of them stays on the machine.</summary>
public class LimitTests(LimitTests.GreedyRun greedy) : IClassFixture<LimitTests.GreedyRun>
{
    /// <summary>One run of all that is greedy; what is kept of it is kept for three seconds.</summary>
    public sealed class GreedyRun : IDisposable
    {
        private readonly VictimRun run = new("Greedy", "auto", ("NSFIXTURE_KEEP_FOR", "0.05"));
        private readonly Lazy<string> output;

        public GreedyRun() => output = new(run.WaitForEnd);

        public string Output => output.Value;

        internal Residue Residue => run.Residue;

        public void Dispose() => run.Dispose();
    }

    [Fact]
    public void A_test_that_comes_up_against_its_limits_fails_with_the_numbers()
    {
        string output = greedy.Output;
        if (Environment.IsPrivilegedProcess && !Root.MakesControlGroups)
        {
            // In an unprivileged container; RLIMIT_NPROC is not for root.
            Message(output, "Takes_more_memory_than_there_is").Should().Contain("A limit of processes cannot be enforced: it takes a control group, and none can be made.");
            return;
        }
        Passes(output, "Is_told_that_a_program_was_killed");
        if (!Root.MakesControlGroups)
        {
            // By rlimits everyone is told alone.
            Message(output, "Takes_more_memory_than_there_is").Should().MatchRegex("OutOfMemoryException|Out of memory", "the runtime throws or ends");
            Message(output, "Takes_all_the_time_that_it_may", "GreedyForMore").Should().Contain("A limit of processor time cannot be enforced: it takes a control group, and none can be made. Run the tests as root").And.Contain("systemd-run --user");
            output.Should().MatchRegex("Failed: +[56], Passed: +[45]", "a shell that may not fork ends, and may leave what it has started");
            return;
        }
        Message(output, "Takes_more_memory_than_there_is").Should().Contain("NsFixture.TestProcessEndedException : The test's process was killed by signal 9 (SIGKILL) before the test was finished. The kernel has killed 1 process for want of memory (the test's own process): the limit of the sandbox is 128 MiB (134,217,728 bytes), and the most that was taken is 1");
        Message(output, "Does_not_notice_that_a_program_was_killed").Should().Contain("NsFixture.SandboxLimitException : The test has come up against its limits. The kernel has killed 1 process for want of memory (").And.Contain("the limit of the sandbox is 128 MiB");
        Message(output, "Fails_anyway").Should().Contain("as ever").And.Contain("The kernel has killed 1 process for want of memory");
        Message(output, "Does_not_notice_that_no_more_programs_start").Should().MatchRegex("SandboxLimitException : .*A process or thread could not be started \\d+ times?: the limit is 60 of both at a time");
        output.Should().Contain("Failed:     6, Passed:     4");
    }

    [Fact]
    public void A_sandbox_that_is_kept_ends_at_its_time_and_all_others_with_their_tests()
    {
        greedy.Output.Should().Contain("The test ran longer than its deadline of 1000 ms and was ended.");
        Regex.Matches(greedy.Output, @"nsfixture enter (\d+)").Select(m => m.Groups[1].Value).Distinct().Should().HaveCount(2, "the output of a test that passes stands nowhere here");
        SpinWait.SpinUntil(() => greedy.Residue.Processes().Count == 0, TimeSpan.FromSeconds(30)).Should().BeTrue(greedy.Residue.Describe());
        greedy.Residue.WaitUntilGone().Should().BeEmpty();
    }

    [Fact]
    public void A_killed_test_host_leaves_no_control_group_and_nothing_frozen()
    {
        using var run = new HostRun("Bounded");
        run.WaitForTests();
        SpinWait.SpinUntil(() => run.Signals.GetFiles("busy-1-*").Length > 0, TimeSpan.FromSeconds(60)).Should().BeTrue();
        run.Signals.GetFiles("busy-1-*").Single().Name.Should().EndWith(Root.MakesControlGroups ? "ControlGroup" : "Signals");
        run.Residue.RememberNamespaces();
        List<string> tree = Residue.TreesOf([run.Host]);
        VictimRun.Kill(run.Host);
        Residue.WaitUntilEnded(tree).Should().BeEmpty();
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }

    private static void Passes(string output, string test) => output.Should().NotContain($"Failed Victim.Greedy.{test} ");

    private static string Message(string output, string test, string @class = "Greedy")
    {
        string rest = output[output.IndexOf($"Failed Victim.{@class}.{test} ", StringComparison.Ordinal)..];
        int next = rest.IndexOf("Failed Victim.", 10, StringComparison.Ordinal);
        return next < 0 ? rest : rest[..next];
    }
}
