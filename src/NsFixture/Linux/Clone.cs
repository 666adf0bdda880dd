using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>
/// Forks the calling process by the raw system call. libc's <c>fork</c> will not do for a CLR: glibc's would hand the stacks
/// of the lost threads to new ones while the garbage collector still walks them, and it runs handlers that wait for locks.
/// What glibc's would have repaired in the child is repaired here: the thread id that glibc caches in the thread's control
/// block (CLONE_CHILD_SETTID writes it there), and the robust futex list, which a fork drops (set_robust_list(2)).
/// </summary>
internal static unsafe class Clone
{
    private static nint cachedTid;

    /// <summary>
    /// Forks, into new namespaces where <paramref name="namespaces"/> has CLONE_NEW* flags. Returns 0 in the child, and the
    /// child's id in the parent with a descriptor of it (pidfd) in <paramref name="pidFd"/>.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused; nothing was created.</exception>
    public static int Fork(ulong namespaces, out int pidFd)
    {
        var (cachedTid, robustList, robustListSize) = PrepareThread();
        int fd = -1;
        ulong flags = namespaces | Sched.CLONE_PIDFD | Sched.CLONE_CHILD_SETTID | Sched.CLONE_CHILD_CLEARTID;
        var arguments = new CloneArgs
        {
            flags = flags,
            pidfd = (ulong)&fd,
            child_tid = (ulong)cachedTid,
            exit_signal = SignalNumbers.SIGCHLD,
        };
        long pid = Libc.Syscall(SyscallNumbers.Clone3, (nint)(&arguments), sizeof(CloneArgs), 0, 0, 0);
        // Older container engines answer ENOSYS to clone3, whose flags their seccomp filter cannot see; clone(2) takes the same.
        if (pid < 0 && Marshal.GetLastPInvokeError() == Err.ENOSYS)
            pid = ForkByClone(flags, &fd, cachedTid);
        if (pid < 0)
            throw LinuxException.Last("clone3", $"with flags {NamespaceFlags.Describe(namespaces)}");
        if (pid == 0)
            Libc.Syscall(SyscallNumbers.SetRobustList, robustList, robustListSize, 0, 0, 0);
        pidFd = fd;
        return (int)pid;
    }

    // The raw calls differ: x86-64 takes (flags, stack, parent_tid, child_tid, tls), arm64 swaps the last two.
    private static long ForkByClone(ulong flags, int* pidFd, nint cachedTid)
    {
        bool arm64 = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        return Libc.Syscall(SyscallNumbers.Clone, (nint)(flags | SignalNumbers.SIGCHLD), 0, (nint)pidFd,
            arm64 ? 0 : cachedTid, arm64 ? cachedTid : 0);
    }

    /// <summary>What a copy of this thread has to be repaired with: where glibc keeps its id, and its robust futex list.</summary>
    public static (nint CachedTid, nint RobustList, nint RobustListSize) PrepareThread()
    {
        int tid = Libc.GetTid();
        if (cachedTid == 0 || *(int*)cachedTid != tid)
            cachedTid = FindCachedTid(tid);
        nint head, size;
        if (Libc.Syscall(SyscallNumbers.GetRobustList, 0, (nint)(&head), (nint)(&size), 0, 0) != 0)
            throw LinuxException.Last("get_robust_list", "of this thread");
        return (cachedTid, head, size);
    }

    // glibc does not export where it keeps the id; on x86-64 it lies 720 bytes into the control block that pthread_self names.
    private static nint FindCachedTid(int tid)
    {
        int* block = (int*)Libc.PthreadSelf();
        for (int i = 0; i < 512; i++)
            if (block[i] == tid)
                return (nint)(block + i);
        throw new PlatformNotSupportedException(
            "The C library does not keep the thread's id in its control block, so the forked runtime could not be repaired. " +
            "NsFixture forks on glibc; use NSFIXTURE_LAUNCHER=exec elsewhere.");
    }
}
