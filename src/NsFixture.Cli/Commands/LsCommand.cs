using System.CommandLine;

namespace NsFixture.Cli.Commands;

internal static class LsCommand
{
    public static Command Create()
    {
        Option<bool> json = Options.Json();
        var command = new Command("ls", "Lists the sandboxes on this machine: of tests, of this tool, of any program.") { json };
        command.SetAction(parsed =>
        {
            SandboxRow[] rows = [.. new SandboxSurvey().Find()];
            if (parsed.GetValue(json))
                Output.WriteJson(rows);
            else
                Output.WriteTable(["ID", "HOSTS", "PROCESSES", "OWNER", "COMMAND"],
                    [.. rows.Select(r => (string[])[$"{r.Id}", r.Hosts == null ? $"{r.Networks}" : string.Join(' ', r.Hosts.Select(h => h.Name)), $"{r.Processes.Count}", r.Owner == 0 ? "gone" : $"{r.Owner}", Short(r.OwnerCommand)])]);
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Short(string text) => text.Length <= 60 ? text : text[..59] + "…";
}
