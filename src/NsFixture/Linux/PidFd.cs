namespace NsFixture.Linux;

/// <summary>A process named by a descriptor: it cannot come to mean another one (pidfd_open(2)).</summary>
internal static class PidFd
{
    /// <summary>Sends a signal; a process that has ended already is no error.</summary>
    public static void Signal(int pidFd, int signal)
    {
        if (Libc.Syscall(SyscallNumbers.PidFdSendSignal, pidFd, signal, 0, 0, 0) != 0 &&
            System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Err.ESRCH)
            throw LinuxException.Last("pidfd_send_signal", SignalNames.Describe(signal));
    }

    /// <summary>The id of the process as this process's /proc has it; 0 or less once it has ended (proc_pid_fdinfo(5)).</summary>
    public static int ProcessId(int pidFd)
    {
        const string name = "Pid:";
        string line = FileSystem.ReadText($"/proc/self/fdinfo/{pidFd}").Split('\n').First(l => l.StartsWith(name, StringComparison.Ordinal));
        return int.Parse(line.AsSpan(name.Length), System.Globalization.CultureInfo.InvariantCulture);
    }
}
