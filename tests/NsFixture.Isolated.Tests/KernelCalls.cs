using System.Runtime.InteropServices;

namespace NsFixture.Isolated.Tests;

/// <summary>System calls by which tests try to get out of where they are.</summary>
internal static unsafe class KernelCalls
{
    public const int EPERM = 1, ENOENT = 2, EXDEV = 18, ENODEV = 19, EROFS = 30, ENOSYS = 38;
    public const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0x40, O_TRUNC = 0x200, O_PATH = 0x200000;
    public const ulong MS_REMOUNT = 32, MS_BIND = 4096, MS_SHARED = 1 << 20;
    public const int MNT_DETACH = 2;

    // The same on all machines: calls newer than the numbers' unification.
    public const int OpenTree = 428, MoveMount = 429, FsPick = 433, MountSetAttr = 442;

    public static int Errno => Marshal.GetLastPInvokeError();

    /// <summary>The device and inode of a directory.</summary>
    public static string Identity(string path) => IdentityOrNull(path) ?? throw new InvalidOperationException($"statx {path}: errno {Errno}");

    /// <summary>The same; null where a path leads nowhere. It is the kernel that walks the path: .NET's own methods take <c>..</c> out of it first.</summary>
    public static string? IdentityOrNull(string path)
    {
        byte* status = stackalloc byte[256];
        return statx(-100, path, 0, 0x7FF, status) != 0 ? null : $"{*(uint*)(status + 136)}:{*(uint*)(status + 140)} {*(ulong*)(status + 32)}";
    }

    /// <summary>Throws where a call has failed.</summary>
    public static void Check(int result)
    {
        if (result < 0)
            throw new InvalidOperationException($"errno {Errno}");
    }

    /// <summary>Runs code on a thread whose root and working directory are its own.</summary>
    public static T OnOwnThread<T>(Func<T> code)
    {
        T found = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Check(unshare(0x200 /* CLONE_FS */));
                found = code();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure == null ? found : throw new InvalidOperationException(failure.Message, failure);
    }

#pragma warning disable SYSLIB1054, CA2101 // a test's few calls
    [DllImport("libc", SetLastError = true)]
    private static extern int statx(int directory, string path, int flags, uint mask, byte* status);

    [DllImport("libc", SetLastError = true)]
    private static extern int unshare(int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int chroot(string path);

    [DllImport("libc", SetLastError = true)]
    public static extern int chdir(string path);

    [DllImport("libc", SetLastError = true)]
    public static extern int fchdir(int fd);

    [DllImport("libc", SetLastError = true, EntryPoint = "syscall")]
    public static extern nint pivot_root(nint number, string newRoot, string putOld);

    [DllImport("libc", SetLastError = true)]
    public static extern nint syscall(nint number, nint a, nint b, nint c, nint d, nint e);

    [DllImport("libc", SetLastError = true, EntryPoint = "syscall")]
    public static extern nint path_syscall(nint number, nint directory, string path, nint flags, nint argument, nint size);

    [DllImport("libc", SetLastError = true)]
    public static extern int open(string path, int flags, int mode = 0x1B6);

    [DllImport("libc", SetLastError = true)]
    public static extern int close(int fd);

    [DllImport("libc", SetLastError = true)]
    public static extern int mknod(string path, uint mode, ulong device);

    [DllImport("libc", SetLastError = true)]
    public static extern int mkdir(string path, uint mode);

    [DllImport("libc", SetLastError = true)]
    public static extern int link(string from, string to);

    [DllImport("libc", SetLastError = true)]
    public static extern int rename(string from, string to);

    [DllImport("libc", SetLastError = true)]
    public static extern int unlink(string path);

    [DllImport("libc", SetLastError = true)]
    public static extern int truncate(string path, long length);

    [DllImport("libc", SetLastError = true)]
    public static extern int chmod(string path, uint mode);

    [DllImport("libc", SetLastError = true)]
    public static extern nint mmap(nint address, nint length, int protection, int flags, int fd, nint offset);

    [DllImport("libc", SetLastError = true)]
    public static extern int mount(string source, string target, string? type, ulong flags, string? data);

    [DllImport("libc", SetLastError = true)]
    public static extern int umount2(string target, int flags);
#pragma warning restore SYSLIB1054, CA2101
}
