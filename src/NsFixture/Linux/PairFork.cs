using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>
/// Forks two processes into new namespaces: the first becomes <see cref="FirstProcess"/>, the second is a copy of the caller, as
/// <see cref="Clone.Fork"/> makes it.
/// <para>
/// The first one must be there before the second, and is only to execute a program: it borrows the caller's memory until then,
/// while the caller stands still (CLONE_VM and CLONE_VFORK, clone(2)), so that nothing is copied for it. It forks the second.
/// Managed code cannot run on borrowed memory, whose stack the caller returns to; what the first one does is machine code, which
/// touches no stack.
/// </para>
/// </summary>
internal sealed unsafe class PairFork
{
    /// <summary>PairFork.S, assembled.</summary>
    internal const string Code =
        "4989f8498b38be58000000b8b30100000f054885c07556498b7808be58000000b8b30100000f054885c0744149894010782f498b7818be0300000031d2b82401" +
        "00000f05498b7820498b7028498b50304d8b503841b800100000b8420100000f05b8e7000000bf7f0000000f05c3";

    private readonly delegate* unmanaged<Arguments*, long> code;
    private readonly Arguments* arguments;

    [StructLayout(LayoutKind.Sequential)]
    private struct Arguments
    {
        public CloneArgs* Outer;
        public CloneArgs* Inner;
        public long SecondProcess; // its id to the first, or a negative error number
        public long Connection;
        public long Program;
        public byte* EmptyPath;
        public byte** Argv;
        public byte** Envp;
    }

    /// <exception cref="LinuxException">The kernel gives no executable memory.</exception>
    public PairFork()
    {
        byte[] bytes = Convert.FromHexString(Code);
        nint page = Libc.MMap(0, (nuint)bytes.Length, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS, -1, 0);
        if (page == -1)
            throw LinuxException.Last("mmap", "to fork with");
        bytes.CopyTo(new Span<byte>((void*)page, bytes.Length));
        LinuxException.Check(Libc.MProtect(page, (nuint)bytes.Length, Mman.PROT_READ | Mman.PROT_EXEC), "mprotect", "to fork with");
        code = (delegate* unmanaged<Arguments*, long>)page;
        arguments = (Arguments*)NativeMemory.AllocZeroed((nuint)sizeof(Arguments));
        *arguments = new Arguments
        {
            Outer = Block(),
            Inner = Block(),
            Program = FirstProcess.Open(),
            EmptyPath = (byte*)NativeMemory.AllocZeroed(1),
            Argv = Utf8.NewArray([FirstProcess.Name]),
            Envp = Utf8.NewArray([]),
        };
    }

    /// <summary>Whether there is code for this processor.</summary>
    public static bool IsSupported => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>
    /// Returns 0 in the second process. In the caller, the id of the first, with a descriptor of it (pidfd) in <paramref name="pidFd"/>.
    /// </summary>
    /// <param name="namespaces">CLONE_NEW* flags, a pid namespace among them.</param>
    /// <param name="connection">A socket of whole messages: gets <see cref="FirstProcess"/>' message, and its end ends both processes.</param>
    /// <param name="pidFd">A descriptor of the first process.</param>
    /// <exception cref="LinuxException">The kernel refused; nothing was created.</exception>
    public int Fork(ulong namespaces, int connection, out int pidFd)
    {
        var (cachedTid, robustList, robustListSize) = Clone.PrepareThread();
        int fd = -1;
        *arguments->Outer = new CloneArgs
        {
            flags = namespaces | Sched.CLONE_VM | Sched.CLONE_VFORK | Sched.CLONE_PIDFD,
            pidfd = (ulong)&fd,
            exit_signal = SignalNumbers.SIGCHLD,
        };
        *arguments->Inner = new CloneArgs
        {
            flags = Sched.CLONE_CHILD_SETTID | Sched.CLONE_CHILD_CLEARTID,
            child_tid = (ulong)cachedTid,
            exit_signal = SignalNumbers.SIGCHLD,
        };
        arguments->Connection = connection;
        long pid = code(arguments);
        if (pid == 0)
            Libc.Syscall(SyscallNumbers.SetRobustList, robustList, robustListSize, 0, 0, 0);
        else if (pid < 0)
            throw new LinuxException("clone3", $"with flags {NamespaceFlags.Describe(namespaces)}", (int)-pid);
        else if (arguments->SecondProcess < 0)
            throw Abandoned((int)pid, fd);
        pidFd = fd;
        return (int)pid;
    }

    private LinuxException Abandoned(int first, int fd)
    {
        int status;
        _ = Libc.WaitPid(first, &status, 0); // it has ended by itself
        Descriptors.Close(fd);
        return new LinuxException("clone3", "of the test's process", (int)-arguments->SecondProcess);
    }

    private static CloneArgs* Block() => (CloneArgs*)NativeMemory.AllocZeroed((nuint)sizeof(CloneArgs));
}
