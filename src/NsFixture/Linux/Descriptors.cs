namespace NsFixture.Linux;

/// <summary>Descriptors of this process.</summary>
internal static unsafe class Descriptors
{
    public static void Close(int fd)
    {
        if (fd >= 0)
            _ = Libc.Close(fd);
    }

    /// <summary>Those that are open now, by <c>/proc/self/fd</c>; the one used for reading it is not among them.</summary>
    public static int[] Open()
    {
        var open = new List<int>();
        foreach (string entry in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
            open.Add(int.Parse(Path.GetFileName(entry)));
        return [.. open.Where(fd => Libc.Fcntl(fd, Fcntl.F_GETFD, 0) >= 0)];
    }

    /// <summary>What a descriptor is of, as the kernel names it: a path, or <c>socket:[…]</c> and the like.</summary>
    public static string Target(int fd) => new FileInfo($"/proc/self/fd/{fd}").LinkTarget ?? "";

    /// <summary>Closes all above 2 but <paramref name="keep"/>, which it puts in order (close_range(2), Linux 5.9).</summary>
    public static void CloseAllBut(params int[] keep)
    {
        Array.Sort(keep);
        int first = 3;
        foreach (int fd in keep)
        {
            if (fd > first)
                CloseRange(first, fd - 1);
            first = Math.Max(first, fd + 1);
        }
        CloseRange(first, int.MaxValue);
    }

    private static void CloseRange(int first, int last)
    {
        if (Libc.Syscall(SyscallNumbers.CloseRange, first, last, 0, 0, 0) != 0)
            throw LinuxException.Last("close_range", $"{first}…{last}");
    }

    /// <summary>Makes <paramref name="to"/> a copy of <paramref name="from"/> that children inherit.</summary>
    public static void Duplicate(int from, int to) => LinuxException.Check(Libc.Dup3(from, to, 0), "dup3", $"{from} to {to}");

    /// <summary>Lets go of standard input, output and error, in whose place there is nothing: else whoever reads what others write to them waits for the end of this process, too.</summary>
    /// <param name="nothing">Where /dev/null is.</param>
    public static void LetGoOfStandard(string nothing)
    {
        int fd = FileSystem.OpenDescriptor(nothing, Fcntl.O_RDWR);
        for (int i = 0; i < 3; i++)
            Duplicate(fd, i);
        Close(fd);
    }

    /// <summary>A copy with a number of at least <paramref name="lowest"/>, closed on exec.</summary>
    public static int DuplicateAbove(int fd, int lowest) =>
        LinuxException.Check(Libc.Fcntl(fd, Fcntl.F_DUPFD_CLOEXEC, lowest), "fcntl F_DUPFD_CLOEXEC", fd.ToString());

    /// <summary>A pipe, both ends closed on exec; the reading end does not block.</summary>
    public static (int Read, int Write) Pipe()
    {
        int* fds = stackalloc int[2];
        LinuxException.Check(Libc.Pipe2(fds, Fcntl.O_CLOEXEC), "pipe2", "");
        _ = Libc.Fcntl(fds[0], Fcntl.F_SETFL, Fcntl.O_NONBLOCK);
        return (fds[0], fds[1]);
    }
}
