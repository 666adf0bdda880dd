using System.Diagnostics;
using FluentAssertions;

namespace NsFixture.Teardown.Tests;

/// <summary>What tests leave in their sandboxes is found and named, and gone afterwards; what hangs is shown.</summary>
public class LeakTests
{
    [Fact]
    public void Whatever_a_test_leaves_is_named_and_fails_it_and_is_gone_afterwards()
    {
        string log = Path.GetTempFileName();
        using var run = new VictimRun("Leaky", environment: ("NSFIXTURE_TEARDOWN_LOG", log));
        string output = run.WaitForEnd();
        foreach (var (test, leak) in new[]
        {
            ("Leaves_a_process_that_has_forked_twice", "'sleep 1006' (the one that started it has ended)"),
            ("Leaves_a_process_in_a_network_of_its_own", "'/bin/sleep 1003' (keeps net:["),
            ("Leaves_a_network_that_a_descriptor_holds", "'sleep 1004' (holds net:["),
            ("Leaves_a_network_that_is_mounted", "mount /run/netns/left (keeps net:["),
            ("Leaves_a_control_group", "mount /tmp/groups (cgroup"),
            ("Leaves_a_POSIX_message_queue", "POSIX message queue /dev/mqueue/left"),
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
        // The one thing that would stay, on a machine that lets its maker make it.
        if (Root.IsTheMachines)
            output.Should().Contain("'/bin/sleep 1007'; mount /tmp/groups (cgroup").And.Contain("; control group /tmp/groups/nsfixture-victim/inner; control group /tmp/groups/nsfixture-victim. It is gone");
        output.Should().Contain("Failed:    13, Passed:     3");
        run.Residue.WaitUntilGone().Should().BeEmpty();

        // The teardown of each can be logged, and with it the files that were private.
        string[] lines = File.ReadAllLines(log);
        File.Delete(log);
        lines.Should().HaveCount(16).And.AllSatisfy(l => l.Should().MatchRegex(@"^Victim\.Leaky\.\w+: looked for leaks \(\d+\.\d ms\)(, \d+ methods had been compiled \(\d+\.\d ms\))?, all of it, until init was reaped \(\d+\.\d ms\)"));
        lines.Should().ContainSingle(l => l.StartsWith("Victim.Leaky.Leaves_files_", StringComparison.Ordinal) && l.Contains("; private files, gone with it: /tmp/", StringComparison.Ordinal) && l.EndsWith("/left-over.txt", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_it_is_only_to_be_said_it_is_said_on_standard_error_and_the_tests_pass()
    {
        DirectoryInfo temporary = Directory.CreateDirectory(Path.Combine(VictimRun.Build, "tmp-" + Guid.NewGuid().ToString("N"))); // the machine's: an assembly's directory is written through
        using var run = new HostRun("Leaky", ("NSFIXTURE_LEAKS", "warn"), ("TMPDIR", temporary.FullName));
        run.WaitForEnd(TimeSpan.FromMinutes(1));
        string errors = await run.Errors;
        foreach (string leak in (string[])["'/bin/sleep 1001'", "mount /tmp (tmpfs)", "System V semaphores (key 4243, id ", "POSIX message queue /dev/mqueue/left"])
            errors.Should().Contain(leak);
        errors.Should().MatchRegex("NsFixture: warning: \"Victim.Leaky.Leaves_a_socket_and_a_thread\" did not end, close or remove: a TCP socket at .*:5433 that listens; the thread 'left alone'\\.");
        errors.Should().MatchRegex("\"Victim.Leaky.Leaves_files_and_ends_what_it_starts\" did not end, close or remove: the file .*/left-over.txt in the machine's temporary directory");
        temporary.Delete(recursive: true);
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }

    [Fact]
    public void A_group_that_somebody_else_makes_at_the_time_is_nobodys_leak_and_stays()
    {
        if (!Root.IsTheMachines || !Root.MakesControlGroups)
            return; // nobody but the machine's root makes any here
        const string One = "/sys/fs/cgroup/pids", All = "/sys/fs/cgroup";
        string top = Directory.Exists(One) ? One : All, own = top + File.ReadLines("/proc/self/cgroup").Select(l => l.Split(':', 3)).Single(f => f[1] == (top == One ? "pids" : ""))[2];
        if (Directory.Exists(own))
            top = own.TrimEnd('/');
        // A sandbox's, which nobody is in yet, and one that is not NsFixture's, which somebody is in.
        string[] others = [$"{top}/nsfixture-4026531836-{Environment.ProcessId}-999", $"{top}/others-{Environment.ProcessId}"];
        using var run = new VictimRun("MakesGroups");
        using Process sleeper = Process.Start("sleep", "1000");
        try
        {
            run.WaitForStep(1);
            foreach (string other in others)
                Directory.CreateDirectory(other);
            File.WriteAllText(others[1] + "/cgroup.procs", $"{sleeper.Id}");
            run.EndStep(1);
            string output = run.WaitForEnd();
            output.Should().Contain("; control group /tmp/groups/victims-own. It is gone").And.Contain("Failed:     1").And.NotContain("others-").And.NotContain("-999");
            others.Should().OnlyContain(o => Directory.Exists(o));
            File.ReadAllText(others[1] + "/cgroup.procs").Trim().Should().Be($"{sleeper.Id}");
        }
        finally
        {
            sleeper.Kill();
            sleeper.WaitForExit();
            foreach (string other in others.Where(Directory.Exists))
                Directory.Delete(other); // rmdir(2), all that it takes
        }
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
