using FluentAssertions;

namespace NsFixture.Teardown.Tests;

/// <summary>The machine is as it was, however a run ended.</summary>
public class TeardownTests
{
    [Theory, InlineData("fork"), InlineData("exec")]
    public void A_run_that_passes_leaves_nothing(string launcher)
    {
        using var run = new VictimRun("Untidy", launcher, ("NSFIXTURE_LEAKS", "warn"));
        run.WaitForEnd().Should().Contain("Passed!").And.Contain("Passed:     5");
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }

    [Fact]
    public void Nothing_is_compiled_for_a_test_that_does_nothing()
    {
        string log = Path.GetTempFileName();
        using var run = new VictimRun("Idle", environment: ("NSFIXTURE_TEARDOWN_LOG", log));
        run.WaitForEnd().Should().Contain("Passed:     4");
        string[] lines = File.ReadAllLines(log);
        File.Delete(log);
        lines.Should().HaveCount(4);
        lines.Where(l => l.Contains("Does_nothing", StringComparison.Ordinal)).Should().HaveCount(3).And.AllSatisfy(l => l.Should().NotContain("compiled", "of the milliseconds of a test, one method takes one"));
        lines.Should().ContainSingle(l => l.Contains("Has_a_method_compiled", StringComparison.Ordinal)).Which.Should().MatchRegex(@"\d+ methods had been compiled \(\d+\.\d ms\)");
    }

    [Theory, InlineData("fork"), InlineData("exec")]
    public void A_killed_test_host_leaves_nothing(string launcher)
    {
        using var run = new VictimRun("Busy", launcher);
        run.WaitUntilBusy();
        run.Residue.RememberNamespaces().Should().BeGreaterThanOrEqualTo(4, "each test has a pid namespace of its own");
        int[] vstest = [.. run.Residue.Processes("vstest.console"), .. run.Residue.Processes("dotnet\0test")];
        VictimRun.Kill(run.TestHost);
        foreach (int pid in vstest)
            VictimRun.Kill(pid);
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }

    [Fact]
    public void A_killed_fork_server_fails_its_tests_and_leaves_nothing()
    {
        using var run = new VictimRun("Busy");
        run.WaitUntilBusy();
        run.Residue.RememberNamespaces();
        VictimRun.Kill(run.Residue.ForkServer());
        run.WaitForEnd().Should().Contain("Failed:     4").And.Contain("fork server");
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }

    [Fact]
    public void A_lost_fork_server_is_started_again_once_and_no_test_is_run_twice()
    {
        using var run = new VictimRun("Stepwise");
        run.WaitForStep(1);
        VictimRun.Kill(run.Residue.ForkServer());
        run.WaitForStep(2);
        run.EndStep(2);
        run.WaitForStep(3);
        run.Residue.RememberNamespaces();
        VictimRun.Kill(run.Residue.ForkServer());
        string output = run.WaitForEnd();
        output.Should().Contain("Failed:     3, Passed:     1");
        output.Should().Contain("Infrastructure failure, not the test's own: the fork server, which isolated tests are forked from, was lost: it was killed by signal 9 (SIGKILL).")
            .And.Contain("It is started once more, for the tests that follow. The test had started; it is not run again.");
        output.Should().Contain("was lost for the second time in this run: it was killed by signal 9 (SIGKILL). It is not started again, and the isolated tests that follow fail. The test had started")
            .And.Contain("the isolated tests that follow fail. The test had not started; it is not run again.");
        run.Steps.Should().Be(3, "the first was not run again, and the last not at all");
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }

    [Fact]
    public void A_fork_server_that_is_killed_before_it_is_ready_is_started_again()
    {
        using var run = new HostRun("Endless");
        run.WaitForServer();
        run.Servers.ForEach(VictimRun.TryKill);
        run.WaitForTests();
        VictimRun.TryKill(run.Host);
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }

    [Fact]
    public void A_cancelled_run_leaves_nothing()
    {
        const int interrupt = 2;
        using var run = new VictimRun("Busy");
        run.WaitUntilBusy();
        run.Residue.RememberNamespaces();
        // What a terminal does at Ctrl-C: everyone in the foreground process group is told, which the fork server is not in.
        foreach (int pid in (int[])[.. run.Residue.Processes("vstest.console"), .. run.Residue.Processes("dotnet\0test"), run.TestHost])
            VictimRun.Kill(pid, interrupt);
        run.WaitForEnd();
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }
}
