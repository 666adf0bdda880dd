using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Programs on hosts.</summary>
public abstract class CommandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    private static HostCommand Shell(string host, string script) => Network[host].Command("sh").WithArguments("-c", script);

    [Fact]
    public async Task A_program_runs_to_its_end_and_its_outputs_and_exit_code_come_back() =>
        (await Shell("server", "echo out; echo err >&2; exit 3").RunAsync().WaitAsync(Patience)).Should().Be(new CommandResult(3, "out\n", "err\n"));

    [Theory, InlineData("server"), InlineData("test")]
    public async Task It_is_on_its_host_by_name_and_network(string host)
    {
        CommandResult result = await Shell(host, "hostname; cat /etc/hostname /proc/net/fib_trie; grep -c . /etc/hosts").RunAsync().WaitAsync(Patience);
        result.StandardOutput.Should().StartWith($"{host}\n{host}\n").And.Contain(Network[host].Address.ToString());
        result.StandardOutput.Should().NotContain(Network["client"].Address.ToString());
    }

    [Fact]
    public async Task The_tests_own_host_is_as_it_was_after_programs_ran_elsewhere()
    {
        await Shell("server", "echo changed > /etc/hostname").RunAsync().WaitAsync(Patience);
        File.ReadAllText("/etc/hostname").Should().Be("test\n");
        Environment.MachineName.Should().Be("test");
        File.ReadLines("/proc/self/mountinfo").Should().NotContain(l => l.Contains("/etc/hosts"));
        Directory.GetFileSystemEntries("/run").Should().NotContain(f => f.Contains("nsfixture"));
    }

    [Fact]
    public async Task Files_are_the_sandboxs()
    {
        File.WriteAllText("/tmp/shared", "from the test");
        (await Shell("server", "cat /tmp/shared; echo back > /tmp/answer").RunAsync().WaitAsync(Patience)).StandardOutput.Should().Be("from the test");
        File.ReadAllText("/tmp/answer").Should().Be("back\n");
    }

    [Fact]
    public async Task Arguments_arrive_as_they_are()
    {
        string[] arguments = ["a b", "", "'\"$HOME\\", "ü\n", "*"];
        string script = "for a; do printf '[%s]' \"$a\"; done";
        CommandResult result = await Network["server"].Command("sh").WithArguments(["-c", script, "sh", .. arguments]).RunAsync().WaitAsync(Patience);
        result.StandardOutput.Should().Be(string.Concat(arguments.Select(a => $"[{a}]")));
    }

    [Fact]
    public async Task Environment_directory_and_standard_input_are_as_asked()
    {
        CommandResult result = await Shell("server", "echo $COLOUR; echo ${PWD}; cat; test -z \"$HOME\" && echo homeless")
            .WithEnvironmentVariable("COLOUR", "blue").WithEnvironmentVariable("HOME", null)
            .WithWorkingDirectory("/usr").WithStandardInput("typed\n").RunAsync().WaitAsync(Patience);
        result.StandardOutput.Should().Be("blue\n/usr\ntyped\nhomeless\n");
    }

    [Fact]
    public async Task A_megabyte_goes_in_and_comes_out()
    {
        string text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i} of many, each of about fifty characters.\n"));
        (await Network["server"].Command("cat").WithStandardInput(text).RunAsync().WaitAsync(Patience)).StandardOutput.Should().Be(text);
    }

    [Fact]
    public async Task A_signal_counts_as_shells_count_it() =>
        (await Shell("server", "kill -9 $$").RunAsync().WaitAsync(Patience)).ExitCode.Should().Be(128 + 9);

    [Fact]
    public async Task A_started_program_is_awaited_by_the_line_that_it_prints_and_tells_its_host()
    {
        var lines = new List<string>();
        await using HostProcess process = await Shell("server", "echo starting; sleep 0.2; echo now serving; exec sleep 1000")
            .WithReadyLine("serving").WithOutput(lines.Add).StartAsync().WaitAsync(Patience);
        lines.Should().Equal("server| starting", "server| now serving");
        process.Exited.IsCompleted.Should().BeFalse();
        process.Kill();
        (await process.Exited.WaitAsync(Patience)).Should().Be(128 + 9);
    }

    [Fact]
    public async Task A_program_that_ends_before_it_is_ready_says_what_it_printed()
    {
        var starting = () => Shell("server", "echo cannot bind; exit 4").WithReadyLine("ready").StartAsync().WaitAsync(Patience);
        (await starting.Should().ThrowAsync<HostCommandException>()).WithMessage("*server*exited with code 4*cannot bind*");
    }

    [Fact]
    public async Task A_program_that_is_not_ready_in_time_is_ended()
    {
        var starting = () => Shell("server", "exec sleep 1000").WithReadyPort(80).WithReadyLimit(TimeSpan.FromMilliseconds(300)).StartAsync().WaitAsync(Patience);
        (await starting.Should().ThrowAsync<HostCommandException>()).WithMessage("*did not listen on port 80 after 300 ms*");
        (await Shell("test", "cat /proc/[0-9]*/comm").RunAsync().WaitAsync(Patience)).StandardOutput.Should().NotContain("sleep");
    }

    [Fact]
    public async Task A_program_is_written_to_while_it_runs()
    {
        await using HostProcess process = await Shell("server", "echo who; while read name; do echo \"hello $name\"; done; echo bye").WithOpenInput().WithStandardInput("first\n").WithReadyLine("hello first").StartAsync().WaitAsync(Patience);
        await process.WriteAsync("second\nthi");
        await process.WriteAsync("rd\n");
        await process.WaitForLineAsync("hello third").WaitAsync(Patience);
        process.Exited.IsCompleted.Should().BeFalse();
        await process.CloseInputAsync();
        (await process.Exited.WaitAsync(Patience)).Should().Be(0);
        process.StandardOutput.Should().Be("who\nhello first\nhello second\nhello third\nbye\n");
        var writing = () => process.WriteAsync("too late");
        await writing.Should().ThrowAsync<IOException>().WithMessage("*server*reads no more*");
    }

    [Fact]
    public async Task A_program_whose_input_is_closed_is_not_written_to()
    {
        await using HostProcess process = await Shell("server", "cat; echo end").WithReadyLine("end").StartAsync().WaitAsync(Patience);
        var writing = () => process.WriteAsync("text");
        await writing.Should().ThrowAsync<InvalidOperationException>().WithMessage("*WithOpenInput*");
    }

    [Fact]
    public async Task A_web_server_is_awaited_by_the_answer_that_it_gives()
    {
        string script = "mkdir -p /tmp/www; cd /tmp/www; python3 -m http.server 8000 & sleep 0.5; touch there; wait";
        await using HostProcess process = await Shell("server", script).WithReadyHttp(8000, "/there").StartAsync().WaitAsync(Patience);
        process.StandardError.Should().Contain("GET /there").And.MatchRegex("GET /there[^\n]*200");
    }

    [Fact]
    public async Task A_program_is_awaited_by_a_check_of_the_tests_own()
    {
        int checks = 0;
        await using HostProcess process = await Shell("server", "sleep 0.3; touch /tmp/made; exec sleep 1000")
            .WithReadyCheck(async (started, cancellation) =>
            {
                checks++;
                await Task.Yield();
                return File.Exists("/tmp/made") && started.Id > 1 && !cancellation.IsCancellationRequested;
            }).StartAsync().WaitAsync(Patience);
        checks.Should().BeGreaterThan(1);
        var failing = () => Shell("server", "exec sleep 1000").WithReadyCheck((_, _) => throw new NotSupportedException("mine")).StartAsync().WaitAsync(Patience);
        await failing.Should().ThrowAsync<NotSupportedException>();
        var never = () => Shell("server", "exec sleep 1000").WithReadyCheck((_, _) => Task.FromResult(false)).WithReadyLimit(TimeSpan.FromMilliseconds(200)).StartAsync().WaitAsync(Patience);
        await never.Should().ThrowAsync<HostCommandException>().WithMessage("*was not ready by its check after 200 ms*");
    }

    [Fact]
    public async Task Several_environment_variables_are_set_and_unset_at_once() =>
        (await Shell("server", "echo $A ${B-none} $C").WithEnvironmentVariable("B", "b").WithEnvironmentVariables(new Dictionary<string, string?> { ["A"] = "1", ["B"] = null, ["C"] = "3" }).RunAsync().WaitAsync(Patience))
            .StandardOutput.Should().Be("1 none 3\n");

    [Theory, InlineData("no-such-program"), InlineData("/no/such/program"), InlineData("/etc/passwd")]
    public async Task A_program_that_cannot_be_started_is_named_with_the_reason(string program)
    {
        var running = () => Network["server"].Command(program).RunAsync().WaitAsync(Patience);
        (await running.Should().ThrowAsync<HostCommandException>()).WithMessage($"*{program}*server*execve*");
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_named()
    {
        var running = () => Shell("server", "true").WithWorkingDirectory("/no/such/directory").RunAsync().WaitAsync(Patience);
        (await running.Should().ThrowAsync<HostCommandException>()).WithMessage("*/no/such/directory*");
    }

    [Fact]
    public async Task Disposing_of_a_program_that_ignores_SIGTERM_ends_it_all_the_same()
    {
        HostProcess process = await Shell("server", "trap '' TERM; echo deaf; while :; do sleep 1; done").WithReadyLine("deaf").StartAsync().WaitAsync(Patience);
        await process.DisposeAsync().AsTask().WaitAsync(Patience);
        (await process.Exited).Should().Be(128 + 9);
    }

    [Fact]
    public async Task A_daemon_that_keeps_the_output_open_does_not_keep_the_program_from_ending() =>
        (await Shell("server", "sleep 1000 & echo done").RunAsync().WaitAsync(Patience)).StandardOutput.Should().Be("done\n");

    [Fact]
    public async Task A_program_reaches_another_host_by_name_and_inherits_no_descriptor()
    {
        using var listener = Network["client"].Listen(7000);
        string script = "exec 3<>/dev/tcp/client/7000; ls /proc/self/fd | wc -l";
        CommandResult result = await Network["server"].Command("bash").WithArguments("-c", script).RunAsync().WaitAsync(Patience);
        result.StandardError.Should().BeEmpty();
        using var accepted = await listener.AcceptAsync().WaitAsync(Patience);
        int.Parse(result.StandardOutput).Should().Be(5, "there are 0, 1, 2, the connection, and ls's own");
    }
}

/// <summary>By a fork of the warm runtime.</summary>
[IsolatedNetwork(Hosts = ["client", "server"], Launcher = LauncherKind.Fork)]
public class ForkedCommandTests : CommandTests;

/// <summary>By a fresh runtime.</summary>
[IsolatedNetwork(Hosts = ["client", "server"], Launcher = LauncherKind.Exec)]
public class ExecutedCommandTests : CommandTests;
