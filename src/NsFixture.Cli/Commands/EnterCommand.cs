using System.CommandLine;

namespace NsFixture.Cli.Commands;

internal static class EnterCommand
{
    public static Command Create()
    {
        Argument<int> id = Options.Sandbox();
        Argument<string?> host = Options.Host(required: false);
        var command = new Command("enter", "Starts a shell in a sandbox, on one of its hosts.") { id, host };
        command.SetAction(parsed => Entry.Run(parsed.GetValue(id), parsed.GetValue(host), [Environment.GetEnvironmentVariable("SHELL") is { Length: > 0 } shell ? shell : "/bin/sh"]));
        return command;
    }
}

internal static class ExecCommand
{
    public static Command Create(string[] program)
    {
        Argument<int> id = Options.Sandbox();
        Argument<string?> host = Options.Host(required: true);
        var command = new Command("exec", "Runs a command on a host of a sandbox, and ends as it does: nsfixture exec ID HOST -- COMMAND…") { id, host };
        command.SetAction(parsed => Entry.Run(parsed.GetValue(id), parsed.GetValue(host), Options.Required(program, "exec")));
        return command;
    }
}
