using System.Globalization;
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// A CLR may be forked only while none of its threads does anything that the child would wait for. That is exact, not a
/// matter of luck: the process holds its main thread, the runtime's <c>.NET SynchManag</c> and <c>.NET Finalizer</c>, and no other.
/// </summary>
internal static class Quiescence
{
    /// <summary>
    /// What the fork server's runtime is started with. No tiered compilation worker (with one alive most forks hung), no
    /// diagnostics threads, pool threads that leave, a garbage collector that works on the thread that needs it, and no
    /// second, shared mapping of compiled code, through which a child would corrupt its parent.
    /// </summary>
    public static readonly IReadOnlyList<(string Name, string Value)> RuntimeSettings =
    [
        ("DOTNET_TC_CallCounting", "0"), ("DOTNET_TC_CallCountingDelayMs", "0"), ("DOTNET_TieredPGO", "0"),
        ("DOTNET_ThreadPool_ThreadTimeoutMs", "100"), ("DOTNET_EnableWriteXorExecute", "0"), ("DOTNET_EnableDiagnostics", "0"),
        ("DOTNET_gcServer", "0"), ("DOTNET_gcConcurrent", "0"),
    ];

    /// <summary>Waits until the process is quiescent, and throws, naming the threads that will not go, after the time given.</summary>
    public static void Wait(TimeSpan limit)
    {
        long deadline = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (OtherThreads() is { Count: > 0 } others)
        {
            if (Environment.TickCount64 > deadline)
                throw new SandboxException($"the runtime still has threads that would be lost in a fork: {string.Join(", ", others)}");
            Thread.Sleep(5);
        }
    }

    /// <summary>Spins until the main thread is asleep in <c>read</c> of <paramref name="fd"/>, outside managed code.</summary>
    public static void WaitForMainThreadIn(int mainThread, int fd)
    {
        int number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 63 : 0; // __NR_read
        string asleep = $"{number} 0x{fd:x} ";
        while (!FileSystem.ReadText($"/proc/self/task/{mainThread}/syscall").StartsWith(asleep, StringComparison.Ordinal))
            _ = Libc.SchedYield();
    }

    /// <summary>
    /// Sees to it that a fork has all of the process's memory: memory-mapped files of .NET's ask for the contrary, by
    /// MADV_DONTFORK (VmFlags "dc", proc_pid_smaps(5)), and a child that used such a mapping through a cache would crash. In Microsoft's coverage files children
    /// make their marks as well; others are refused.
    /// </summary>
    public static void RequireCopiedMemory()
    {
        string area = "";
        foreach (string line in FileSystem.ReadText("/proc/self/smaps").Split('\n'))
        {
            if (line.Length > 0 && char.IsAsciiHexDigitLower(line[0]))
                area = line;
            else if (line.StartsWith("VmFlags:", StringComparison.Ordinal) && line.Contains(" dc", StringComparison.Ordinal) && !TryCopy(area))
                throw new SandboxException($"the runtime has memory that would be lost in a fork: {area}");
        }
    }

    private static bool TryCopy(string area)
    {
        if (!area.Contains("/CodeCoverage.", StringComparison.Ordinal))
            return false;
        string[] range = area[..area.IndexOf(' ')].Split('-');
        nint begin = nint.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), end = nint.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return Libc.MAdvise(begin, (nuint)(end - begin), Mman.MADV_DOFORK) == 0;
    }

    private static List<string> OtherThreads()
    {
        string main = Libc.GetPid().ToString();
        var others = new List<string>();
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            if (Path.GetFileName(task) == main || !File.Exists(task + "/comm"))
                continue;
            string name = FileSystem.ReadText(task + "/comm").Trim();
            if (name is not (".NET SynchManag" or ".NET Finalizer"))
                others.Add(name);
        }
        return others;
    }
}
