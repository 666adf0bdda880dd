using System.Buffers.Binary;
using System.Text;

namespace NsFixture.Linux.Elf;

/// <summary>
/// What <c>/etc/ld.so.cache</c> says: where libraries are, by name. ldconfig(8) has written two formats: the old one of libc5 and early
/// glibc, which may have the new one behind it, and the new one alone. Both are read (glibc's dl-cache.h).
/// </summary>
internal sealed class LinkerCache
{
    private const string OldMagic = "ld.so-1.7.0", NewMagic = "glibc-ld.so.cache1.1";
    private const int OldHeader = 16, OldEntry = 12, NewHeader = 48, NewEntry = 24;

    // The bit that makes of an entry's hardware capabilities the index of a name, such as x86-64-v3, in an extension's list.
    private const ulong NamedCapability = 1UL << 62;
    private const uint ExtensionMagic = 0xEAA42174, CapabilityNames = 1;

    private readonly Dictionary<string, List<Entry>> byName = [];

    private LinkerCache()
    {
    }

    private sealed record Entry(string Path, int Flags, string? Capability);

    /// <summary>How many names it knows.</summary>
    public int Count => byName.Count;

    /// <summary>The names that it knows.</summary>
    public IEnumerable<string> Names => byName.Keys;

    /// <summary>The cache of the tree at <paramref name="path"/>; an empty one where there is none, or it is of another format.</summary>
    public static LinkerCache Read(string path) => File.Exists(path) ? Parse(File.ReadAllBytes(path)) : new LinkerCache();

    public static LinkerCache Parse(ReadOnlySpan<byte> bytes)
    {
        var cache = new LinkerCache();
        try
        {
            if (StartsWith(bytes, NewMagic))
                cache.ReadNew(bytes, bytes);
            else if (StartsWith(bytes, OldMagic))
                cache.ReadOld(bytes);
        }
        catch (ArgumentOutOfRangeException)
        {
            // Cut off. The loader ignores such a cache and looks into the directories.
            cache.byName.Clear();
        }
        return cache;
    }

    /// <summary>Where the loader would look for a library, the best first.</summary>
    /// <param name="name">As in DT_NEEDED.</param>
    /// <param name="machine">The machine of the program.</param>
    /// <param name="capabilities">Names of sets of processor capabilities, the best first.</param>
    public IEnumerable<string> Find(string name, int machine, IReadOnlyList<string> capabilities) => !byName.TryGetValue(name, out List<Entry>? entries) ? []
        : entries.Where(e => Fits(e.Flags, machine) && (e.Capability == null || capabilities.Contains(e.Capability)))
            .OrderBy(e => e.Capability == null ? int.MaxValue : capabilities.ToList().IndexOf(e.Capability)).Select(e => e.Path);

    // FLAG_ELF_LIBC6 with the machine's own: FLAG_X8664_LIB64, FLAG_AARCH64_LIB64, none for i386 (glibc's ldconfig.h).
    private static bool Fits(int flags, int machine) => (flags & 0xff) is 1 or 3 && (flags & 0xff00) == machine switch
    {
        ElfConstants.EM_X86_64 => 0x0300,
        ElfConstants.EM_AARCH64 => 0x0a00,
        _ => 0,
    };

    private static bool StartsWith(ReadOnlySpan<byte> bytes, string magic) => bytes.StartsWith(Encoding.ASCII.GetBytes(magic));

    private void ReadOld(ReadOnlySpan<byte> bytes)
    {
        int count = Int32(bytes, 12), strings = OldHeader + (count * OldEntry);
        // The new format begins at the next multiple of eight behind the entries; its strings are counted from its own start.
        int behind = (strings + 7) & ~7;
        if (behind < bytes.Length && StartsWith(bytes[behind..], NewMagic))
        {
            ReadNew(bytes[behind..], bytes);
            return;
        }
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = bytes.Slice(OldHeader + (i * OldEntry), OldEntry);
            Add(String(bytes, strings + Int32(entry, 4)), new Entry(String(bytes, strings + Int32(entry, 8)), Int32(entry, 0), null));
        }
    }

    private void ReadNew(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> file)
    {
        int count = Int32(bytes, 20);
        string[] names = ReadCapabilityNames(file, Int32(bytes, 32));
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = bytes.Slice(NewHeader + (i * NewEntry), NewEntry);
            ulong capability = BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]);
            bool named = (capability & NamedCapability) != 0;
            // Other capabilities are bits of glibc before 2.33; no loader of today takes such entries.
            if (capability != 0 && !named)
                continue;
            Add(String(bytes, Int32(entry, 4)), new Entry(String(bytes, Int32(entry, 8)), Int32(entry, 0), named ? names.ElementAtOrDefault((int)capability) ?? "?" : null));
        }
    }

    // Offsets of the extensions count from the start of the file. There are none before glibc 2.33.
    private static string[] ReadCapabilityNames(ReadOnlySpan<byte> bytes, int offset)
    {
        if (offset == 0 || (uint)Int32(bytes, offset) != ExtensionMagic)
            return [];
        int sections = Int32(bytes, offset + 4);
        for (int i = 0; i < sections; i++)
        {
            ReadOnlySpan<byte> section = bytes.Slice(offset + 8 + (i * 16), 16);
            if ((uint)Int32(section, 0) != CapabilityNames)
                continue;
            var names = new string[Int32(section, 12) / 4];
            for (int n = 0; n < names.Length; n++)
                names[n] = String(bytes, Int32(bytes, Int32(section, 8) + (n * 4)));
            return names;
        }
        return [];
    }

    private void Add(string name, Entry entry)
    {
        if (!byName.TryGetValue(name, out List<Entry>? entries))
            byName.Add(name, entries = []);
        entries.Add(entry);
    }

    private static int Int32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(offset, 4));

    private static string String(ReadOnlySpan<byte> bytes, int offset)
    {
        ReadOnlySpan<byte> rest = bytes[offset..];
        int end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }
}
