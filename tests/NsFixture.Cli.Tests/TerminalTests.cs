using FluentAssertions;

namespace NsFixture.Cli.Tests;

/// <summary>As somebody sits before it.</summary>
public sealed class TerminalTests : IDisposable
{
    private readonly string file = Path.Combine(Path.GetTempPath(), $"nsfixture-{Guid.NewGuid():N}.yaml");

    public TerminalTests() => File.WriteAllText(file, "networks:\n- name: lan\nhosts:\n- name: web\n- name: db\n");

    public void Dispose() => File.Delete(file);

    [Fact]
    public void Commands_and_options_are_completed()
    {
        using var terminal = new Terminal();
        terminal.Enter("source <(nsfixture completion bash); echo re''ady");
        terminal.Await("ready");
        terminal.Type("nsfixture lsn");
        terminal.Press("Tab");
        terminal.Await("nsfixture lsns");
        terminal.Type("--ty");
        terminal.Press("Tab");
        terminal.Await("nsfixture lsns --type");
    }

    [Fact]
    public void Ctrl_C_leaves_nothing_behind_of_a_command_in_a_sandbox()
    {
        using var terminal = new Terminal();
        // To their middle, and then Ctrl-C.
        foreach (string options in (string[])["-- sh -c 'echo he''re; exec sleep 600'", "--limit memory=100M -- sh -c 'echo he''re; exec sleep 600'", "--hosts web -- sh -c 'echo he''re; sleep 600'"])
        {
            terminal.Enter($"nsfixture run {options}; echo code $''?");
            terminal.Await("here");
            EndByCtrlC(terminal);
        }
    }

    [Fact]
    public void Ctrl_C_ends_every_command_wherever_it_is_and_leaves_nothing_behind()
    {
        using Cli up = Cli.Start("up", file, "--json");
        string id = up.ReadUntil("\"id\"").Trim().TrimEnd(',').Split(' ')[^1];
        using var terminal = new Terminal();
        // Early, while the runtime starts, and in the middle.
        foreach (string command in (string[])["doctor", "ls", "lsns", $"graph {id}", "clean --dry-run", $"up {file}", "completion bash"])
        {
            foreach (int wait in (int[])[30, 300])
            {
                terminal.Enter($"nsfixture {command}");
                // It may have ended by itself before that is seen.
                SpinWait.SpinUntil(() => Processes.Descendants(terminal.ShellId).Count > 0, 1000);
                Thread.Sleep(wait);
                EndByCtrlC(terminal, atLeast: 0);
            }
        }
        int inside = Processes.Descendants(up.Id).Count;
        terminal.Enter($"nsfixture exec {id} web -- sh -c 'echo he''re; exec sleep 600'");
        terminal.Await("here");
        Processes.Descendants(up.Id).Count.Should().BeGreaterThan(inside);
        EndByCtrlC(terminal, atLeast: 1);
        Assert.True(SpinWait.SpinUntil(() => Processes.Descendants(up.Id).Count <= inside, 60_000), "what exec has started goes on");
        up.Interrupt();
        up.End().ExitCode.Should().Be(0);
    }

    [Fact]
    public void A_shell_that_was_entered_has_Ctrl_C_and_job_control_and_hosts_are_completed()
    {
        using Cli up = Cli.Start("up", file, "--json");
        string id = up.ReadUntil("\"id\"").Trim().TrimEnd(',').Split(' ')[^1];
        using var terminal = new Terminal();
        terminal.Enter("source <(nsfixture completion bash); export SHELL=/bin/sh; echo re''ady");
        terminal.Await("ready");
        terminal.Type($"nsfixture enter {id} w");
        terminal.Press("Tab");
        terminal.Await($"nsfixture enter {id} web");
        terminal.Press("Enter");
        InShellOf("web");
        terminal.Enter($"nsfixture up {file}");
        terminal.Await("nsfixture>");
        terminal.Type("shell db");
        terminal.Press("Enter");
        InShellOf("db");
        Assert.True(SpinWait.SpinUntil(() => terminal.Screen.TrimEnd().EndsWith("nsfixture>", StringComparison.Ordinal), 60_000), terminal.Screen);
        EndByCtrlC(terminal, atLeast: 2);

        void InShellOf(string host)
        {
            Assert.True(SpinWait.SpinUntil(() => terminal.Screen.TrimEnd().EndsWith("\n$", StringComparison.Ordinal), 60_000), terminal.Screen);
            terminal.Type("sleep 600");
            terminal.Press("Enter");
            Assert.True(SpinWait.SpinUntil(() => Processes.Named("sleep", up.Id, terminal.ShellId), 60_000), terminal.Screen);
            terminal.Press("C-z");
            terminal.Type($"echo {host} has $(stty size); fg");
            terminal.Press("Enter");
            terminal.Await($"{host} has 50 160");
            Assert.True(SpinWait.SpinUntil(() => terminal.Screen.TrimEnd().EndsWith("\nsleep 600", StringComparison.Ordinal), 60_000), terminal.Screen);
            terminal.Press("C-c");
            terminal.Type("echo st''ill $(hostname)");
            terminal.Press("Enter");
            terminal.Await($"still {host}");
            terminal.Type("exit");
            terminal.Press("Enter");
        }
    }

    private static void EndByCtrlC(Terminal terminal, int atLeast = 2)
    {
        IReadOnlyList<int> all = Processes.Descendants(terminal.ShellId);
        all.Count.Should().BeGreaterThanOrEqualTo(atLeast);
        terminal.Press("C-c");
        Assert.True(SpinWait.SpinUntil(() =>
        {
            Thread.Sleep(50);
            return Processes.Descendants(terminal.ShellId).Count == 0;
        }, 60_000), $"Something goes on: {terminal.Screen}");
        Processes.AwaitEnd(all); // also what is no longer the shell's
    }
}
