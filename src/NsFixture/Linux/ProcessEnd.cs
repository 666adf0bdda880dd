using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>How a process ended, from the status that waitpid(2) returns.</summary>
internal readonly record struct ProcessEnd(int Status)
{
    /// <summary>Waits for a child to end, and reaps it.</summary>
    /// <exception cref="LinuxException">It is no child of this process, or has been reaped.</exception>
    public static unsafe ProcessEnd Await(int pid)
    {
        int status;
        while (Libc.WaitPid(pid, &status, 0) < 0)
            if (Marshal.GetLastPInvokeError() != Err.EINTR)
                throw LinuxException.Last("waitpid", $"for process {pid}");
        return new ProcessEnd(status);
    }

    public bool Exited => (Status & 0x7F) == 0;

    public int ExitCode => (Status >> 8) & 0xFF;

    public int Signal => Status & 0x7F;

    public bool Success => Status == 0;

    /// <summary><c>exited with code 3</c> or <c>was killed by signal 9 (SIGKILL)</c>.</summary>
    public override string ToString() => Exited ? $"exited with code {ExitCode}" : $"was killed by {SignalNames.Describe(Signal)}";
}

/// <summary>Signals by name (signal(7)).</summary>
internal static class SignalNames
{
    private static readonly string?[] Names =
    [
        null, "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV",
        "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU",
        "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary><c>signal 9 (SIGKILL)</c>.</summary>
    public static string Describe(int signal) =>
        signal > 0 && signal < Names.Length ? $"signal {signal} ({Names[signal]})" : $"signal {signal}";
}
