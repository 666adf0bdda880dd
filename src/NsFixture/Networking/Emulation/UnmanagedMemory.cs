using NsFixture.Linux;

namespace NsFixture.Networking;

/// <summary>Memory that the garbage collector knows nothing of, and that takes up none before it is written to.</summary>
internal static unsafe class UnmanagedMemory
{
    /// <summary>Zeroed.</summary>
    public static T* Reserve<T>(long count) where T : unmanaged
    {
        nint address = Libc.MMap(0, (nuint)(count * sizeof(T)), Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_NORESERVE, -1, 0);
        return address == -1 ? throw LinuxException.Last("mmap", $"{count * sizeof(T)} bytes for packets") : (T*)address;
    }

    public static void Free<T>(T* memory, long count) where T : unmanaged
    {
        if (memory != null)
            _ = Libc.MUnmap((nint)memory, (nuint)(count * sizeof(T)));
    }
}
