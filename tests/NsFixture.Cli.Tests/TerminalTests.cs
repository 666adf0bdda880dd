using FluentAssertions;

namespace NsFixture.Cli.Tests;

/// <summary>As somebody sits before it.</summary>
public class TerminalTests
{
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
        string file = Path.GetTempFileName();
        File.WriteAllText(file, """{ "networks": [ { "name": "lan" } ], "hosts": [ { "name": "web" } ] }""");
        using var terminal = new Terminal();
        try
        {
            // To their middle, and then Ctrl-C.
            foreach (var (line, sign) in new[]
            {
                ("nsfixture run -- sh -c 'echo he''re; exec sleep 600'", "here"),
                ("nsfixture run --limit memory=100M -- sh -c 'echo he''re; exec sleep 600'", "here"),
                ("nsfixture run --hosts web -- sh -c 'echo he''re; sleep 600'", "here"),
            })
            {
                terminal.Enter(line + "; echo code $''?");
                terminal.Await(sign);
                EndBy(terminal, wait: true);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void EndBy(Terminal terminal, bool wait)
    {
        IReadOnlyList<int> all = Processes.Descendants(terminal.ShellId);
        if (wait)
            all.Count.Should().BeGreaterThanOrEqualTo(2);
        terminal.Press("C-c");
        Assert.True(SpinWait.SpinUntil(() =>
        {
            Thread.Sleep(50);
            return Processes.Descendants(terminal.ShellId).Count == 0;
        }, 60_000), $"Something goes on: {terminal.Screen}");
        Processes.AwaitEnd(all); // also what is no longer the shell's
    }
}
