using System.Globalization;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>A process that a test has left in its sandbox, and how to tell which: what it is, and how it got away.</summary>
/// <param name="Process">The process.</param>
/// <param name="Session">The session that it is in.</param>
/// <param name="Command">Its command line, as /proc has it; empty where it has none.</param>
internal sealed record Leftover(ProcessTable.Process Process, int Session, string Command)
{
    private const int SigTermBit = SignalNumbers.SIGTERM - 1, LongestCommand = 120;
    private static readonly string[] NamespaceKinds = ["net", "mnt", "pid", "ipc", "uts", "user", "cgroup", "time"];

    /// <summary>
    /// Whether it is one of NsFixture's own: init's helpers, which are forks of it and have its command line (the emulator, the name server), and the fork server of a test that makes networks in its
    /// sandbox, which ends with the test's process.
    /// </summary>
    public bool IsNsFixtures => Command.Contains("\0fork-server\0", StringComparison.Ordinal);

    /// <summary>Null: it has ended.</summary>
    public static Leftover? Of(ProcessTable.Process process)
    {
        // State, parent, group, session: what follows the name, which may hold anything (proc_pid_stat(5)).
        string stat = FileSystem.ReadTextIfThere($"/proc/{process.Entry}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 4 ? null
            : new Leftover(process, int.Parse(fields[3], CultureInfo.InvariantCulture), FileSystem.ReadTextIfThere($"/proc/{process.Entry}/cmdline"));
    }

    /// <summary><c>process 12, 'sleep 1000' (in a session of its own)</c>.</summary>
    /// <param name="test">The test's process, whose namespaces it may have left.</param>
    public string Describe(int test)
    {
        string directory = $"/proc/{Process.Entry}";
        string command = Command.Replace('\0', ' ').Trim();
        if (command.Length == 0)
            command = FileSystem.ReadTextIfThere(directory + "/comm").Trim();
        if (command.Length > LongestCommand)
            command = command[..LongestCommand] + "…";
        List<string> notes =
        [
            .. Process.Parent == 1 ? ["the one that started it has ended"] : Array.Empty<string>(),
            .. Session == Process.Entry ? ["in a session of its own"] : Array.Empty<string>(),
            .. IgnoresTermination(directory) ? ["ignores SIGTERM"] : Array.Empty<string>(),
            .. NamespaceKinds.Select(kind => (Own: FileSystem.LinkTargetIfThere($"{directory}/ns/{kind}"), Test: FileSystem.LinkTargetIfThere($"/proc/{test}/ns/{kind}")))
                .Where(ns => ns.Own != null && ns.Test != null && ns.Own != ns.Test).Select(ns => $"keeps {ns.Own}"),
            .. DirectoryNames.Of(directory + "/fd").Select(fd => FileSystem.LinkTargetIfThere($"{directory}/fd/{fd}"))
                .Where(target => target != null && NamespaceKinds.Any(kind => target.StartsWith(kind + ":[", StringComparison.Ordinal))).Distinct().Select(target => $"holds {target} open"),
        ];
        return $"process {Process.Id}, '{command}'{(notes.Count == 0 ? "" : $" ({string.Join(", ", notes)})")}";
    }

    // A mask in hexadecimal (proc_pid_status(5)).
    private static bool IgnoresTermination(string directory) =>
        FileSystem.ReadTextIfThere(directory + "/status").Split('\n').FirstOrDefault(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
        && (ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> SigTermBit & 1) != 0;
}
