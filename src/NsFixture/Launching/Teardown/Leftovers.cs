using System.Globalization;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// The leak oracle: what of a test is still in its sandbox when its process has ended. All of it ends with the sandbox, by the kernel's own rules; but a test that
/// leaves it would leave it on a machine, too, so it is named. It runs in init, which sees everything in the sandbox, or at the end of the test's
/// process (<see cref="TestEnd"/>); no test waits for it.
/// <para>
/// What a test may leave: files, since everything that is written is private to begin with; and programs on hosts, which NsFixture started and ends itself.
/// </para>
/// </summary>
internal static class Leftovers
{
    private const int SigTermBit = SignalNumbers.SIGTERM - 1, MostOfAKind = 20, LongestCommand = 120;
    private static readonly (string File, string What)[] SystemVFiles = [("shm", "System V shared memory"), ("sem", "System V semaphores"), ("msg", "System V message queue")];

    /// <summary>Has its code compiled, by use.</summary>
    public static void Rehearse() => _ = new EndReport(Find(0, [], MountSnapshot.Empty), StillOpen.Find(), [new EndStep("", 0)]).Write();

    /// <summary>One line for each.</summary>
    /// <param name="test">The test's process, which may still be about to end.</param>
    /// <param name="sessions">Those of the programs on hosts.</param>
    /// <param name="mountsBefore">The mounts that there were before the test.</param>
    public static List<string> Find(int test, IReadOnlyCollection<int> sessions, MountSnapshot mountsBefore)
    {
        var left = new List<string>();
        if (ProcessTable.HasOthers())
            AddProcesses(left, test, sessions);
        MountSnapshot mounts = MountSnapshot.Take();
        if (!mounts.IsSameAs(mountsBefore))
            left.AddRange(mounts.Since(mountsBefore).Take(MostOfAKind).Select(mount => "mount " + mount));
        if (sessions.Count > 0)
            return left; // of programs that end with the sandbox, which have no other way to clean up
        if (SystemV.Any())
            AddSystemV(left);
        AddPosix(left, "shared memory", "/dev/shm");
        AddPosix(left, "message queue", "/dev/mqueue");
        return left;
    }

    private static void AddSystemV(List<string> left)
    {
        foreach (var (file, what) in SystemVFiles)
            foreach (string[] fields in Lines("/proc/sysvipc/" + file).Skip(1).Take(MostOfAKind).Select(Words))
                left.Add($"{what} (key {fields[0]}, id {fields[1]})");
    }

    private static void AddPosix(List<string> left, string what, string directory)
    {
        int shown = 0;
        foreach (string name in DirectoryNames.Of(directory))
            if (shown++ < MostOfAKind)
                left.Add($"POSIX {what} {directory}/{name}");
    }

    private static void AddProcesses(List<string> left, int test, IReadOnlyCollection<int> sessions)
    {
        List<ProcessTable.Process>? others = null;
        foreach (ProcessTable.Process process in ProcessTable.All())
            if (process.Id != 1 && process.Id != test && !process.HasEnded)
                (others ??= []).Add(process);
        if (others == null)
            return;
        string own = FileSystem.ReadTextIfThere("/proc/self/cmdline");
        foreach (ProcessTable.Process process in others.Take(MostOfAKind))
        {
            // Init's helpers are forks of it, with its command line: the emulator, the name server.
            string[] stat = FileSystem.ReadTextIfThere($"/proc/{process.Entry}/stat") is { Length: > 0 } text ? Words(text[(text.LastIndexOf(')') + 1)..]) : [];
            string command = FileSystem.ReadTextIfThere($"/proc/{process.Entry}/cmdline");
            if (stat.Length < 4 || command == own)
                continue;
            int session = int.Parse(stat[3], CultureInfo.InvariantCulture);
            if (sessions.Contains(session))
                continue;
            var notes = new List<string>();
            if (process.Parent == 1)
                notes.Add("the one that started it has ended");
            if (session == process.Entry)
                notes.Add("in a session of its own");
            if (IgnoresTermination(process.Entry))
                notes.Add("ignores SIGTERM");
            command = command.Replace('\0', ' ').Trim();
            if (command.Length == 0)
                command = FileSystem.ReadTextIfThere($"/proc/{process.Entry}/comm").Trim();
            if (command.Length > LongestCommand)
                command = command[..LongestCommand] + "…";
            left.Add($"process {process.Id}, '{command}'{(notes.Count == 0 ? "" : $" ({string.Join(", ", notes)})")}");
        }
    }

    // A mask in hexadecimal (proc_pid_status(5)).
    private static bool IgnoresTermination(int entry) =>
        Lines($"/proc/{entry}/status").FirstOrDefault(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
        && (ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> SigTermBit & 1) != 0;

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Lines(string path) => FileSystem.ReadTextIfThere(path).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
