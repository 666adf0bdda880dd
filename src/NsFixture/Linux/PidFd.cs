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

    /// <summary>
    /// The same for all of the group that it leads; one that has ended is no error. By its number, since pidfd_send_signal(2) knows groups from Linux 6.9 on only: it keeps that for as long as anyone is in the group.
    /// </summary>
    public static void SignalGroup(int pidFd, int signal)
    {
        if (ProcessId(pidFd) is > 1 and var leader)
            _ = Libc.Kill(-leader, signal);
    }

    /// <summary>The id of the process as this process's /proc has it; 0 or less once it has ended (proc_pid_fdinfo(5)).</summary>
    public static int ProcessId(int pidFd)
    {
        const string name = "Pid:";
        string line = FileSystem.ReadText($"/proc/self/fdinfo/{pidFd}").Split('\n').First(l => l.StartsWith(name, StringComparison.Ordinal));
        return int.Parse(line.AsSpan(name.Length), System.Globalization.CultureInfo.InvariantCulture);
    }
}
