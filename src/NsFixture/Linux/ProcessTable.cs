using System.Globalization;
using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>
/// The processes that the caller's /proc shows, by their ids in the caller's own pid namespace. Those differ where /proc is another
/// namespace's (a container engine may leave no other); then each process says what it is called further in (proc_pid_status(5), NSpid).
/// </summary>
internal static class ProcessTable
{
    /// <summary>A process. An id is used again, but never with the same start.</summary>
    /// <param name="Id">As the caller's pid namespace numbers it.</param>
    /// <param name="Entry">Its directory in /proc.</param>
    /// <param name="Parent">The parent's entry.</param>
    /// <param name="State">proc_pid_stat(5): R, S, D, T, t, Z, X.</param>
    /// <param name="Started">In clock ticks since boot.</param>
    public readonly record struct Process(int Id, int Entry, int Parent, char State, ulong Started)
    {
        /// <summary>Ended, and only not reaped yet.</summary>
        public bool HasEnded => State is 'Z' or 'X';

        public bool IsStopped => State is 'T' or 't';
    }

    /// <summary>
    /// Whether there is any in the caller's pid namespace but the caller and process 1, ended ones included. One call, where <see cref="All"/> reads a file for each: a signal to all (kill(2))
    /// is about everyone but these two, and signal 0 is none.
    /// </summary>
    public static bool HasOthers() => Libc.Kill(-1, 0) == 0 || Marshal.GetLastPInvokeError() != Err.ESRCH;

    /// <summary>All of them, in no order.</summary>
    public static List<Process> All()
    {
        var all = new List<Process>();
        bool isOwn = Fields(FileSystem.ReadTextIfThere("/proc/self/stat")) is [var self, ..] && self == Libc.GetPid().ToString(CultureInfo.InvariantCulture);
        int depth = isOwn ? 0 : Names("self").Length - 1;
        foreach (string path in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(path), out int entry) || Fields(FileSystem.ReadTextIfThere(path + "/stat")) is not { Length: > 20 } fields)
                continue;
            int id = entry;
            if (!isOwn && (Names(Path.GetFileName(path)) is not { } names || names.Length <= depth || !int.TryParse(names[depth], out id)))
                continue;
            all.Add(new Process(id, entry, int.Parse(fields[2], CultureInfo.InvariantCulture), fields[1][0], ulong.Parse(fields[20], CultureInfo.InvariantCulture)));
        }
        return all;
    }

    /// <summary>Those in a network namespace, wherever they were started, and all their descendants; without the caller.</summary>
    /// <param name="network">The namespace.</param>
    public static List<Process> In(int network)
    {
        string wanted = Descriptors.Target(network);
        List<Process> all = All();
        ILookup<int, Process> children = all.ToLookup(p => p.Parent);
        int own = Libc.GetPid();
        var found = new List<Process>();
        var seen = new HashSet<int>();
        var queue = new Queue<Process>(all.Where(p => p.Id != own && !p.HasEnded && NetworkOf(p) == wanted));
        while (queue.TryDequeue(out Process process))
        {
            if (process.Id == own || !seen.Add(process.Entry))
                continue;
            found.Add(process);
            foreach (Process child in children[process.Entry])
                queue.Enqueue(child);
        }
        return found;
    }

    private static string? NetworkOf(Process process)
    {
        try
        {
            return new FileInfo($"/proc/{process.Entry}/ns/net").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has ended
        }
    }

    // Id, state, and what follows the name, which may hold anything (proc_pid_stat(5)).
    private static string[] Fields(string stat)
    {
        int open = stat.IndexOf('(', StringComparison.Ordinal), close = stat.LastIndexOf(')');
        return open < 0 || close < open ? [] : [stat[..open].Trim(), .. stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static string[] Names(string entry)
    {
        const string key = "NSpid:";
        string? line = FileSystem.ReadTextIfThere($"/proc/{entry}/status").Split('\n').FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
        return line?[key.Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries) ?? [];
    }
}
