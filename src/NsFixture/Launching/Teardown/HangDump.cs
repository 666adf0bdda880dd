using System.Globalization;
using System.Net;
using System.Text;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// What a sandbox is doing: its processes as a tree, for each thread its state, where in the kernel it waits and in which system call, and the sockets of its networks with
/// their queues. Read from outside, from /proc, which works whatever the processes are doing. Taken of a test that has passed its deadline, before it is ended.
/// <para>
/// Managed stacks are not among it: a forked runtime has no diagnostics port, and an executed one has its in the sandbox, for a tool that is started there.
/// </para>
/// </summary>
internal static class HangDump
{
    private const int MostText = 12_000, MostThreads = 48, MostSockets = 32, LongestCommand = 100;

    // enum in the kernel's include/net/tcp_states.h, from 1.
    private static readonly string[] TcpStates =
        ["", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV"];

    /// <param name="init">The sandbox's init, as it is seen from here.</param>
    /// <returns>Lines, at most some thousand characters.</returns>
    public static string Of(int init)
    {
        var text = new StringBuilder();
        ILookup<int, ProcessTable.Process> children = ProcessTable.All().ToLookup(p => p.Parent);
        var all = new List<(ProcessTable.Process Process, int Depth)>();
        Collect(children, init, 0, all);
        text.AppendLine("What hung, by the ids that the machine gives them:");
        int threads = 0;
        foreach (var (process, depth) in all)
            AppendProcess(text, process, depth, ref threads);
        AppendSockets(text, all);
        text.Append("Managed stacks: none from outside a sandbox; with NSFIXTURE_WAIT_FOR_DEBUGGER=1 a debugger shows them.");
        return text.Length <= MostText ? text.ToString() : $"{text.ToString(0, MostText)}… ({text.Length - MostText} characters more)";
    }

    private static void Collect(ILookup<int, ProcessTable.Process> children, int parent, int depth, List<(ProcessTable.Process, int)> all)
    {
        foreach (ProcessTable.Process child in children[parent].OrderBy(c => c.Entry))
        {
            all.Add((child, depth));
            Collect(children, child.Entry, depth + 1, all);
        }
    }

    private static void AppendProcess(StringBuilder text, ProcessTable.Process process, int depth, ref int threads)
    {
        string indent = new(' ', 2 * (depth + 1));
        string command = FileSystem.ReadTextIfThere($"/proc/{process.Entry}/cmdline").Replace('\0', ' ').Trim();
        if (command.Contains(" fork-server ", StringComparison.Ordinal))
            command = "the test's runtime, or a helper of NsFixture's"; // forks have their ancestor's command line
        else if (command.Length == 0)
            command = FileSystem.ReadTextIfThere($"/proc/{process.Entry}/comm").Trim();
        text.AppendLine(CultureInfo.InvariantCulture, $"{indent}process {process.Entry}: {(command.Length > LongestCommand ? command[..LongestCommand] + "…" : command)}{(process.HasEnded ? " (has ended)" : "")}");
        foreach (string task in Entries($"/proc/{process.Entry}/task"))
        {
            if (++threads > MostThreads)
            {
                if (threads == MostThreads + 1)
                    text.Append(indent).AppendLine("  … and more threads");
                return;
            }
            string stat = FileSystem.ReadTextIfThere(task + "/stat"), state = stat.Length == 0 ? "" : stat[(stat.LastIndexOf(')') + 2)..][..1];
            if (state.Length > 0)
                text.AppendLine(CultureInfo.InvariantCulture, $"{indent}  thread {Path.GetFileName(task)} '{FileSystem.ReadTextIfThere(task + "/comm").Trim()}': {State(state)}{Waiting(task, process.Entry)}");
        }
    }

    private static string State(string state) => state switch
    {
        "R" => "runs",
        "S" => "sleeps",
        "D" => "sleeps, and cannot be interrupted",
        "T" or "t" => "is stopped",
        "Z" or "X" => "has ended",
        _ => state,
    };

    // wchan is a function of the kernel's, or 0; syscall is "running", or a number and the arguments in hexadecimal (proc_pid_syscall(5)).
    private static string Waiting(string task, int process)
    {
        string where = FileSystem.ReadTextIfThere(task + "/wchan").Trim(), text = where is "" or "0" ? "" : $" in {where}";
        string[] call = FileSystem.ReadTextIfThere(task + "/syscall").Split(' ');
        if (call.Length < 2 || !int.TryParse(call[0], CultureInfo.InvariantCulture, out int number) || number < 0)
            return text;
        string? name = WaitingCalls.Name(number);
        text += $", system call {name ?? call[0]}";
        return WaitingCalls.TakesDescriptor(name) && int.TryParse(call[1].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int fd) && FileSystem.LinkTargetIfThere($"/proc/{process}/fd/{fd}") is { } target
            ? $"{text} of descriptor {fd} ({target})" : text;
    }

    private static void AppendSockets(StringBuilder text, List<(ProcessTable.Process Process, int Depth)> all)
    {
        var seen = new HashSet<string>();
        int shown = 0;
        foreach (string task in all.SelectMany(p => Entries($"/proc/{p.Process.Entry}/task")))
        {
            if (FileSystem.LinkTargetIfThere(task + "/ns/net") is not { } network || !seen.Add(network))
                continue;
            foreach (string protocol in (string[])["tcp", "tcp6", "udp", "udp6"])
                foreach (string[] fields in FileSystem.ReadTextIfThere($"{task}/net/{protocol}").Split('\n').Skip(1).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(f => f.Length > 4))
                {
                    if (shown++ == MostSockets)
                    {
                        text.AppendLine("  … and more sockets");
                        return;
                    }
                    string[] queues = fields[4].Split(':');
                    int state = int.Parse(fields[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                    string named = protocol.StartsWith('t') && state < TcpStates.Length ? " " + TcpStates[state] : "";
                    text.AppendLine(CultureInfo.InvariantCulture, $"  {protocol} {Address(fields[1])} to {Address(fields[2])}{named}, {Count(queues[0])} bytes to send, {Count(queues[1])} to receive");
                }
        }
    }

    private static int Count(string hexadecimal) => int.Parse(hexadecimal, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // Words of 32 bits in the machine's own order, then the port (proc_net(5)).
    private static string Address(string field)
    {
        string[] parts = field.Split(':');
        byte[] bytes = Convert.FromHexString(parts[0]);
        if (BitConverter.IsLittleEndian)
            for (int i = 0; i < bytes.Length; i += 4)
                Array.Reverse(bytes, i, 4);
        return new IPEndPoint(new IPAddress(bytes), Count(parts[1])).ToString();
    }

    private static string[] Entries(string directory)
    {
        try
        {
            return Directory.GetFileSystemEntries(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it has ended
        }
    }
}
