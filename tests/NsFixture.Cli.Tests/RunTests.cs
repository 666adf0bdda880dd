using FluentAssertions;

namespace NsFixture.Cli.Tests;

public class RunTests
{
    [Fact]
    public void A_command_runs_in_a_fresh_sandbox_and_its_end_is_the_tools()
    {
        Cli.Outcome outcome = Cli.Run("run", "--", "sh", "-c", "echo $$ $(id -u); hostname inner; cat /proc/1/comm; ls /proc | grep -c '^[0-9]'; cat /proc/net/dev | tail -n +3 | wc -l; grep -c . /proc/net/if_inet6; exit 7");
        (outcome.ExitCode, outcome.Error).Should().Be((7, ""));
        string[] lines = outcome.Output.Split('\n');
        lines[0].Should().Be("2 0");
        lines[1].Should().Be("nsfixture-enter", "process 1 waits for it, so that Ctrl-C reaches it");
        int.Parse(lines[2]).Should().BeLessThan(6, "it sees its own processes only");
        lines[3].Should().Be("1", "there is no other interface");
        lines[4].Should().Be("1", "the loopback interface is up, and has ::1");
    }

    [Fact]
    public void Hosts_and_a_root_tree_come_with_it()
    {
        Cli.Outcome outcome = Cli.Run("run", "--hosts", "web,db", "--root", "readonly", "--", "sh", "-c", "getent hosts web db; touch /etc/x 2>/dev/null || echo read-only; exit 3");
        outcome.ExitCode.Should().Be(3, outcome.Error);
        outcome.Output.Should().Contain("web").And.Contain("db").And.Contain("read-only");
    }

    [Fact]
    public void Limits_are_set_and_what_they_ended_is_told()
    {
        Cli.Outcome outcome = Cli.Run("run", "--limit", "memory=64M", "--limit", "files=40", "--", "sh", "-c", "ulimit -n; head -c 300000000 /dev/zero | tail -c 299999999 | wc -c; exit 6");
        outcome.ExitCode.Should().Be(6, outcome.Error);
        outcome.Output.Should().StartWith("40\n").And.NotContain("299999999");
        if (Root.MakesControlGroups)
            outcome.Error.Should().Contain("for want of memory: the limit is 67108864 bytes, the peak was 6");
    }

    [Fact]
    public void A_program_that_is_not_there_is_named_with_the_remedy()
    {
        Cli.Outcome outcome = Cli.Run("run", "--", "no-such-program");
        outcome.ExitCode.Should().Be(127);
        outcome.Error.Should().MatchRegex("^NsFixture: \"no-such-program\" cannot be executed: install it where it is to run, or give its path: errno (2|13)\n$", "a directory of PATH may be closed to this user");
    }

    [Fact]
    public void What_it_started_ends_with_it_however_it_ends()
    {
        using Cli cli = Cli.Start("run", "--", "sh", "-c", "echo up; cat; sleep 600");
        cli.ReadUntil("up");
        int inside = Processes.Descendants(cli.Id).Should().ContainSingle(p => Processes.IsFirst(p)).Subject;
        cli.Signal(9);
        Processes.AwaitEnd(inside);
    }
}
