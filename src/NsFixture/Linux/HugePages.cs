using System.Globalization;

namespace NsFixture.Linux;

/// <summary>
/// Has the code and the metadata of the runtime lie on huge pages, where this process uses much of it. A fork begins without the pages of
/// mapped files and has a fault for each 64 KiB that it comes by, some two hundred in the life of a test; a huge page is one entry, and is
/// copied with the others. Where a machine has no transparent huge pages everything stays as it is
/// (Documentation/admin-guide/mm/transhuge.rst).
/// </summary>
internal static unsafe class HugePages
{
    private const string Settings = "/sys/kernel/mm/transparent_hugepage/";
    private const int SmallPage = 4096, FewestUsed = 32;
    private const ulong IsPresent = 1UL << 63; // of an entry of /proc/PID/pagemap (proc_pid_pagemap(5))

    public static void Take()
    {
        // The addresses of x86-64 and most arm64 kernels; others have huge pages too huge for this.
        if (Environment.SystemPageSize != SmallPage || !nint.TryParse(FileSystem.ReadTextIfThere(Settings + "hpage_pmd_size"), CultureInfo.InvariantCulture, out nint size) || size > 2 << 20)
            return;
        foreach (var (from, to, protection) in CodeAndMetadata())
            for (nint page = (from + size - 1) / size * size; page + size <= to; page += size)
                if (Used(page, size) >= FewestUsed && !Replace(page, size, protection))
                    return;
    }

    private static IEnumerable<(nint From, nint To, int Protection)> CodeAndMetadata()
    {
        foreach (string line in FileSystem.ReadTextIfThere("/proc/self/maps").Split('\n'))
        {
            string[] fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (fields is not [var range, ['r', '-', var execute, _], _, _, _, var path] || !(path.EndsWith(".dll", StringComparison.Ordinal) || path.EndsWith(".so", StringComparison.Ordinal)))
                continue;
            int dash = range.IndexOf('-', StringComparison.Ordinal);
            yield return (Address(range[..dash]), Address(range[(dash + 1)..]), Mman.PROT_READ | (execute == 'x' ? Mman.PROT_EXEC : 0));
        }

        static nint Address(string text) => nint.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    // How many small pages of a huge one this process has mapped.
    private static int Used(nint page, nint size)
    {
        byte[] entries = new byte[size / SmallPage * sizeof(ulong)];
        int fd = FileSystem.OpenDescriptor("/proc/self/pagemap", Fcntl.O_RDONLY), used = 0;
        fixed (byte* first = entries)
        {
            nint n = Libc.PRead(fd, first, (nuint)entries.Length, page / SmallPage * sizeof(ulong));
            for (nint i = 0; i < n / sizeof(ulong); i++)
                used += (((ulong*)first)[i] & IsPresent) != 0 ? 1 : 0;
        }
        Descriptors.Close(fd);
        return used;
    }

    /// <summary>Puts a copy in the place of what is mapped there, at one stroke (mremap(2)): others may be executing it.</summary>
    private static bool Replace(nint page, nint size, int protection)
    {
        nint room = Libc.MMap(0, (nuint)(2 * size), Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_NORESERVE, -1, 0);
        if (room == -1)
            return false;
        nint copy = (room + size - 1) / size * size;
        int before = Taken();
        bool done = Libc.MAdvise(copy, (nuint)size, Mman.MADV_HUGEPAGE) == 0;
        if (done)
        {
            new ReadOnlySpan<byte>((void*)page, (int)size).CopyTo(new Span<byte>((void*)copy, (int)size));
            done = Taken() > before // else it is a copy on small pages, which is worse than the file
                && Libc.MProtect(copy, (nuint)size, protection) == 0
                && Libc.MRemap(copy, (nuint)size, (nuint)size, Mman.MREMAP_MAYMOVE | Mman.MREMAP_FIXED, page) == page;
        }
        _ = Libc.MUnmap(room, (nuint)(copy - room));
        _ = Libc.MUnmap(copy + size, (nuint)(room + size - copy));
        if (!done)
            _ = Libc.MUnmap(copy, (nuint)size);
        return done;
    }

    // Kilobytes of this process' memory that are on huge pages.
    private static int Taken()
    {
        const string key = "AnonHugePages:";
        foreach (string line in FileSystem.ReadTextIfThere("/proc/self/smaps_rollup").Split('\n'))
            if (line.StartsWith(key, StringComparison.Ordinal))
                return int.Parse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        return 0;
    }
}
