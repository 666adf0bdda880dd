using System.CommandLine;

namespace NsFixture.Cli.Commands;

/// <summary>A namespace as JSON has it, by the names of lsns(8) where that has one.</summary>
internal sealed record NamespaceRow(ulong Ns, string Type, int Nprocs, int? Pid, string? User, string? Command, ulong? Pns, ulong? Ons, IReadOnlyList<string> Holders);

internal static class LsnsCommand
{
    private static readonly string[] Types = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

    public static Command Create()
    {
        Option<bool> json = Options.Json();
        var type = new Option<string?>("--type", "-t") { Description = "Only those of a type: " + string.Join(", ", Types) + "." };
        type.AcceptOnlyFromAmong(Types);
        var command = new Command("lsns", "Lists the machine's namespaces as lsns does, and those that no process is in.") { json, type };
        command.SetAction(parsed => Run(parsed.GetValue(type), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string? type, bool json)
    {
        NamespaceRow[] rows = [.. LinuxNamespace.List().Select(Row).Where(r => type == null || r.Type == type)];
        if (json)
            Output.WriteJson(rows);
        else
            Output.WriteTable(["NS", "TYPE", "NPROCS", "PID", "USER", "COMMAND"],
                [.. rows.Select(r => (string[])[$"{r.Ns}", r.Type, $"{r.Nprocs}", r.Pid == null ? "" : $"{r.Pid}", r.User ?? "", r.Command ?? string.Join(", ", r.Holders.Take(2))])]);
        return ExitCodes.Done;
    }

    private static NamespaceRow Row(NamespaceEntry entry) => new(entry.Inode, entry.ToString().Split(':')[0], entry.ProcessIds.Count, entry.ProcessIds.Count > 0 ? entry.ProcessIds[0] : null,
        entry.UserName, entry.Command, entry.Parent, entry.Owner, entry.ProcessIds.Count > 0 ? [] : [.. entry.Holders.Select(h => h.ToString())]);
}
