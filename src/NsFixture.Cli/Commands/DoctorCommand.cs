using System.CommandLine;
using NsFixture.Diagnostics;
using Spectre.Console;

namespace NsFixture.Cli.Commands;

internal static class DoctorCommand
{
    public static Command Create()
    {
        Option<bool> json = Options.Json();
        var command = new Command("doctor", "Says whether sandboxes can be made here, and if not, why and what to do.") { json };
        command.SetAction(parsed => Run(parsed.GetValue(json)));
        return command;
    }

    private static int Run(bool json)
    {
        DoctorReport report = Doctor.Examine();
        if (json)
            Console.Out.WriteLine(report.ToJson());
        else if (Console.IsOutputRedirected)
            Console.Out.Write(report.ToText());
        else
            Show(report);
        return report.CanIsolate ? ExitCodes.Done : ExitCodes.No;
    }

    private static void Show(DoctorReport report)
    {
        AnsiConsole.MarkupLine(report.CanIsolate ? "[bold green]Sandboxes can be made here.[/]" : "[bold red]Sandboxes cannot be made here.[/]");
        AnsiConsole.Write(Output.Table(["this machine", ""], [.. report.Facts.Select(f => (string[])[f.Key, f.Value])]));
        if (report.Findings.Count > 0)
            AnsiConsole.Write(Output.Table(["", "what", "proof", "remedy"], [.. report.Findings.Select(f => (string[])[$"{f.Check.Code} {f.Severity}", f.Cause, f.Proof, f.Remedy])]));
    }
}
