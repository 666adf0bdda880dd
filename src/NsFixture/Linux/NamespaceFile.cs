using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>What the kernel tells of a namespace by a descriptor of it (ioctl_ns(2)).</summary>
internal static unsafe class NamespaceFile
{
    // linux/nsfs.h, as of Linux 6.12: some machines have older headers than kernels. The struct is { u32 size, mounts; u64 id }.
    private const uint NS_MNT_GET_NEXT = 0x8010b70b, NS_MNT_GET_PREV = 0x8010b70c;

    /// <summary>The type, as a CLONE_NEW* flag; 0: no namespace.</summary>
    public static ulong Type(int fd) => (uint)Math.Max(0, Libc.IoCtl(fd, NamespaceRequests.NS_GET_NSTYPE, null));

    /// <summary>A descriptor of the user namespace that owns it; -1: it lies outside the caller's own.</summary>
    public static int Owner(int fd) => Related(fd, NamespaceRequests.NS_GET_USERNS, "NS_GET_USERNS");

    /// <summary>A descriptor of the pid or user namespace above it; -1: there is none, or it lies outside the caller's own.</summary>
    public static int Parent(int fd) => Related(fd, NamespaceRequests.NS_GET_PARENT, "NS_GET_PARENT");

    /// <summary>Who made a user namespace.</summary>
    public static uint OwnerUid(int fd)
    {
        uint uid;
        LinuxException.Check(Libc.IoCtl(fd, NamespaceRequests.NS_GET_OWNER_UID, &uid), "ioctl NS_GET_OWNER_UID", Descriptors.Target(fd));
        return uid;
    }

    /// <summary>
    /// Descriptors of all mount namespaces of the machine, whether or not /proc has anybody in them. The one given alone where the kernel has no such list (before
    /// Linux 6.12), or shows it to root of the machine only, and that is somebody else.
    /// </summary>
    /// <param name="fd">Any mount namespace.</param>
    /// <param name="use">Gets each, which is closed afterwards; false: that was enough.</param>
    public static void EachMountNamespace(int fd, Func<int, bool> use)
    {
        int current = First(fd);
        try
        {
            while (current >= 0 && use(current))
            {
                int next = Neighbour(current, NS_MNT_GET_NEXT);
                Descriptors.Close(current);
                current = next;
            }
        }
        finally
        {
            Descriptors.Close(current);
        }
    }

    private static int First(int fd)
    {
        // The list has no beginning that can be asked for: up to it, and from there on all.
        int first = Neighbour(fd, NS_MNT_GET_PREV);
        if (first < 0)
            return Libc.Fcntl(fd, Fcntl.F_DUPFD_CLOEXEC, 0);
        for (int before; (before = Neighbour(first, NS_MNT_GET_PREV)) >= 0; first = before)
            Descriptors.Close(first);
        return first;
    }

    private static int Neighbour(int fd, uint request)
    {
        ulong* information = stackalloc ulong[2];
        information[0] = 2 * sizeof(ulong);
        return Libc.IoCtl(fd, request, information);
    }

    private static int Related(int fd, uint request, string name)
    {
        int related = Libc.IoCtl(fd, request, null);
        if (related < 0 && Marshal.GetLastPInvokeError() is not (Err.EPERM or Err.EINVAL))
            throw LinuxException.Last($"ioctl {name}", Descriptors.Target(fd));
        return related;
    }
}
