using System.CommandLine;

namespace NsFixture.Cli.Commands;

internal static class CompletionCommand
{
    // The words after the tool's own name are completed by the tool, as [suggest:POSITION] asks it to.
    private const string Bash = """
        _nsfixture() {
            local line=${COMP_LINE#* } IFS=$'\n'
            local point=$((COMP_POINT - ${#COMP_LINE} + ${#line}))
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$point]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _nsfixture nsfixture
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash." };
        shell.AcceptOnlyFromAmong("bash");
        var command = new Command("completion", "Prints a script by which a shell completes this tool's commands: source <(nsfixture completion bash)") { shell };
        command.SetAction(_ =>
        {
            Console.Out.WriteLine(Bash);
            return ExitCodes.Done;
        });
        return command;
    }
}
