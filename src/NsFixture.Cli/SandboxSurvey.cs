using System.Globalization;
using NsFixture.Launching;
using NsFixture.Linux;

namespace NsFixture.Cli;

/// <summary>A sandbox on this machine, of a test, of the tool or of any program that has a network.</summary>
/// <param name="Id">Its process 1, by which commands call it.</param>
/// <param name="Owner">The process that it is for; 0: it has gone.</param>
/// <param name="OwnerCommand">How that was started.</param>
/// <param name="Processes">The processes inside.</param>
/// <param name="Networks">How many network namespaces there are: one a host.</param>
/// <param name="Hosts">Its hosts, where its owner tells them.</param>
/// <param name="Limits">What limits it has, and how much of them it uses.</param>
internal sealed record SandboxRow(int Id, int Owner, string OwnerCommand, IReadOnlyList<int> Processes, int Networks, IReadOnlyList<DoorHost>? Hosts, string? Limits);

/// <summary>
/// Finds sandboxes by what /proc says: process 1 of a pid namespace, made by a fork server or by <see cref="FreshSandbox"/>. No list is kept anywhere, so that nothing has to be taken off it.
/// </summary>
internal sealed class SandboxSurvey
{
    private const string Init = "nsfixture-init", Enter = "nsfixture-enter", ForkServer = "\0fork-server\0";

    private readonly Dictionary<int, Row> processes = [];

    private sealed record Row(int Id, int Parent, string Name, string CommandLine, bool IsFirst, string? PidNamespace, string? Network)
    {
        public bool IsOfForkServer => Name == Init || CommandLine.Contains(ForkServer, StringComparison.Ordinal);
    }

    public SandboxSurvey()
    {
        foreach (string directory in Directory.GetDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && Read(id) is { } row)
                processes[id] = row;
    }

    public IEnumerable<SandboxRow> Find() => processes.Values.Where(IsSandbox).OrderBy(r => r.Id).Select(Describe);

    /// <summary>Sandboxes whose makers have gone, which should have ended them: process 1 and why it is one.</summary>
    public IEnumerable<(int Id, string Proof)> FindLeft() =>
        from row in processes.Values
        where row.IsFirst && row.IsOfForkServer && row.Name != KeptSandbox.ProcessName && !processes.Values.Any(p => p.Id == row.Parent && p.IsOfForkServer)
        select (row.Id, $"process {row.Id} ({row.Name}) is process 1 of {row.PidNamespace}, its command line is a fork server's, and its parent is {row.Parent} ({processes.GetValueOrDefault(row.Parent)?.Name ?? "?"}): the fork server that made it has gone");

    /// <summary>A sandbox that was kept, which ends by itself at its time: why it is known to be one; null: it is none.</summary>
    public string? FindKept(int id) => processes.GetValueOrDefault(id) is { IsFirst: true, IsOfForkServer: true, Name: KeptSandbox.ProcessName } row
        ? $"process {row.Id} ({row.Name}) is process 1 of {row.PidNamespace}, its command line is a fork server's, and it was kept for a while" : null;

    private bool IsSandbox(Row row) => row.IsFirst && (row.IsOfForkServer || processes.GetValueOrDefault(row.Parent)?.Name == Enter);

    private SandboxRow Describe(Row first)
    {
        Row[] inside = [.. processes.Values.Where(p => p.PidNamespace != null && p.PidNamespace == first.PidNamespace).OrderBy(p => p.Id)];
        Row? owner = processes.GetValueOrDefault(first.Parent);
        while (owner is { IsOfForkServer: true })
            owner = processes.GetValueOrDefault(owner.Parent);
        string command = first.Name == KeptSandbox.ProcessName ? "(kept)" : owner == null ? "" : owner.CommandLine.Replace('\0', ' ').Trim() is { Length: > 0 } line ? line : owner.Name;
        return new SandboxRow(first.Id, owner?.Id ?? 0, owner?.Name == Enter ? "nsfixture run " + (inside.Length > 1 ? inside[1] : first).CommandLine.Replace('\0', ' ').Trim() : command, [.. inside.Select(p => p.Id)],
            inside.Select(p => p.Network).OfType<string>().Distinct().Count(), Door.Describe(first.Id)?.Hosts ?? Kept(first), null);
    }

    private static DoorHost[]? Kept(Row first) => first.Name != KeptSandbox.ProcessName || KeptSandbox.Read(first.Id) is not { } hosts ? null : [.. hosts.Select(h => new DoorHost(h.Name, h.Addresses))];

    private static Row? Read(int id)
    {
        try
        {
            string name = "", parent = "0", ids = "";
            foreach (string line in File.ReadLines($"/proc/{id}/status"))
            {
                if (line.StartsWith("Name:\t", StringComparison.Ordinal))
                    name = line[6..];
                else if (line.StartsWith("PPid:\t", StringComparison.Ordinal))
                    parent = line[6..];
                else if (line.StartsWith("NSpid:\t", StringComparison.Ordinal))
                    ids = line[7..];
            }
            string[] levels = ids.Split('\t');
            return new Row(id, int.Parse(parent, CultureInfo.InvariantCulture), name, File.ReadAllText($"/proc/{id}/cmdline"), levels.Length > 1 && levels[^1] == "1", Link(id, "pid"), Link(id, "net"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has ended meanwhile
        }
    }

    // Null: another user's, which does not tell.
    private static string? Link(int id, string type) => FileSystem.LinkTargetIfThere($"/proc/{id}/ns/{type}");
}
