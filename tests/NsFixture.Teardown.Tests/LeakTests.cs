using FluentAssertions;

namespace NsFixture.Teardown.Tests;

/// <summary>What tests leave in their sandboxes is found and named, and gone afterwards; what hangs is shown.</summary>
public class LeakTests
{
    [Fact]
    public void Whatever_a_test_leaves_is_named_fails_it_where_that_is_asked_for_and_is_gone_afterwards()
    {
        using var run = new VictimRun("Leaky", environment: ("NSFIXTURE_LEAKS", "fail"));
        string output = run.WaitForEnd();
        foreach (var (test, leak) in new[]
        {
            ("Leaves_a_child", "'/bin/sleep 1001'"),
            ("Leaves_a_daemon", "(the one that started it has ended, in a session of its own, ignores SIGTERM)"),
            ("Leaves_a_mount", "mount /tmp (tmpfs)"),
            ("Leaves_shared_memory", "System V shared memory (key 4242, id "),
            ("Leaves_semaphores", "System V semaphores (key 4243, id "),
            ("Leaves_a_message_queue", "System V message queue (key 4244, id "),
            ("Leaves_POSIX_shared_memory", "POSIX shared memory /dev/shm/posix-left"),
        })
        {
            string message = output[output.IndexOf($"Failed Victim.Leaky.{test} ", StringComparison.Ordinal)..];
            message[..message.IndexOf("The end of the sandbox:", StringComparison.Ordinal)].Should().Contain("NsFixture.TestLeakException").And.Contain("The test left behind: ").And.Contain(leak);
        }
        output.Should().Contain("Failed:     7, Passed:     2");
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }

    [Fact]
    public void By_default_it_is_said_on_standard_error_and_the_tests_pass_and_the_teardown_can_be_logged()
    {
        string log = Path.GetTempFileName();
        using var run = new VictimRun("Leaky", environment: ("NSFIXTURE_TEARDOWN_LOG", log));
        run.WaitForEnd().Should().Contain("Passed:     9");
        string[] lines = File.ReadAllLines(log);
        File.Delete(log);
        lines.Should().HaveCount(9).And.AllSatisfy(l => l.Should().MatchRegex(@"^Victim\.Leaky\.\w+: looked for leaks \(\d+\.\d ms\), all of it, until init was reaped \(\d+\.\d ms\)$"));
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }

    [Theory, InlineData("fork"), InlineData("exec")]
    public void A_test_that_passes_its_deadline_shows_what_hung(string launcher)
    {
        using var run = new VictimRun("Hanging", launcher);
        string output = run.WaitForEnd();
        output.Should().Contain("The test ran longer than its deadline of 3000 ms and was ended.").And.Contain("the last words");
        output.Should().Contain(": /bin/sleep 1002").And.MatchRegex(@"thread \d+ '(in vain|dotnet)': sleeps in \w+, system call recvmsg of descriptor \d+ \(socket:");
        output.Should().MatchRegex(@"tcp6? .*127\.0\.0\.1\]?:5434 to .*ESTABLISHED, 0 bytes to send, 77 to receive").And.MatchRegex(@"127\.0\.0\.1\]?:5434 to .*LISTEN");
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }
}
