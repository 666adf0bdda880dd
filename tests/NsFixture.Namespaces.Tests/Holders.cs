using System.Runtime.InteropServices;

namespace NsFixture.Namespaces.Tests;

/// <summary>A thread that has moved to a network namespace of its own.</summary>
internal sealed partial class ThreadElsewhere : IDisposable
{
    private const int CLONE_NEWNET = 0x40000000;
    private readonly ManualResetEventSlim ready = new(), done = new();
    private readonly Thread thread;

    public ThreadElsewhere()
    {
        thread = new Thread(() =>
        {
            if (Unshare(CLONE_NEWNET) == 0)
                (Id, Network) = (GetTid(), ulong.Parse(new FileInfo("/proc/thread-self/ns/net").LinkTarget![5..^1]));
            ready.Set();
            done.Wait();
        });
        thread.Start();
        ready.Wait();
    }

    public int Id { get; private set; }

    public ulong Network { get; private set; }

    public void Dispose()
    {
        done.Set();
        thread.Join();
    }

    [LibraryImport("libc", EntryPoint = "unshare")]
    private static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetTid();
}

/// <summary>A descriptor that was sent and has not arrived: no process has it, and it keeps what it is of.</summary>
internal sealed unsafe partial class DescriptorOnItsWay : IDisposable
{
    private readonly int[] ends = new int[2];

    public DescriptorOnItsWay()
    {
        fixed (int* fds = ends)
            Assert.Equal(0, SocketPair(1, 1, 0, fds)); // AF_UNIX, SOCK_STREAM
    }

    public void Send(int descriptor)
    {
        // struct cmsghdr { size_t length; int level, type; } and the descriptor; SOL_SOCKET, SCM_RIGHTS.
        byte* control = stackalloc byte[24];
        *(nuint*)control = 20;
        *(int*)(control + 8) = 1;
        *(int*)(control + 12) = 1;
        *(int*)(control + 16) = descriptor;
        byte content = 0;
        nint* vector = stackalloc nint[2] { (nint)(&content), 1 };
        nint* message = stackalloc nint[7] { 0, 0, (nint)vector, 1, (nint)control, 24, 0 };
        Assert.Equal(1, SendMsg(ends[0], message, 0));
    }

    public void Dispose()
    {
        foreach (int fd in ends)
            _ = Close(fd);
    }

    [LibraryImport("libc", EntryPoint = "socketpair")]
    private static partial int SocketPair(int domain, int type, int protocol, int* fds);

    [LibraryImport("libc", EntryPoint = "sendmsg")]
    private static partial nint SendMsg(int fd, void* message, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int fd);
}
