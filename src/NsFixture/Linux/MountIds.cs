using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>
/// The mounts that the caller's root shows, by numbers that are never used again (listmount(2), statmount(2), Linux 6.8). Two calls and a microsecond or two, where the kernel takes a tenth of a
/// millisecond to write /proc/self/mountinfo.
/// </summary>
internal static unsafe class MountIds
{
    // asm-generic/unistd.h and linux/mount.h of Linux 6.8: some machines have older headers than kernels. The same on all processors.
    private const int ListMount = 458, StatMount = 457;
    private const ulong Root = ulong.MaxValue; // LSMT_ROOT
    private const ulong Basic = 2; // STATMOUNT_MNT_BASIC
    private const int StatusSize = 512, NumberOffset = 56; // struct statmount, its mnt_id_old
    private const int AtOnce = 256;

    /// <summary>All of them, in the order in which they were made; null where the kernel, or a filter of system calls, has no such list.</summary>
    public static ulong[]? All()
    {
        ulong[] all = [];
        ulong* ids = stackalloc ulong[AtOnce];
        var request = new Request { Size = sizeof(Request), Mount = Root };
        while (true)
        {
            long n = Libc.Syscall(ListMount, (nint)(&request), (nint)ids, AtOnce, 0, 0);
            if (n < 0)
                return null;
            Array.Resize(ref all, all.Length + (int)n);
            new ReadOnlySpan<ulong>(ids, (int)n).CopyTo(all.AsSpan(all.Length - (int)n));
            if (n < AtOnce)
                return all;
            request.Parameter = ids[n - 1]; // those after it
        }
    }

    /// <summary>What /proc/self/mountinfo calls a mount; null: it is not there any more.</summary>
    public static uint? Number(ulong id)
    {
        byte* status = stackalloc byte[StatusSize];
        var request = new Request { Size = sizeof(Request), Mount = id, Parameter = Basic };
        return Libc.Syscall(StatMount, (nint)(&request), (nint)status, StatusSize, 0, 0) == 0 ? *(uint*)(status + NumberOffset) : null;
    }

    // struct mnt_id_req
    [StructLayout(LayoutKind.Sequential)]
    private struct Request
    {
        public int Size;
        public uint Spare;
        public ulong Mount, Parameter;
    }
}
