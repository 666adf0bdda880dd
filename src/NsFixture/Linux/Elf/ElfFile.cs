using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace NsFixture.Linux.Elf;

/// <summary>
/// What the headers of an ELF file (elf(5)) say about how it is to be loaded. Little-endian files of 32 and 64 bits are read, whatever
/// machine they are for: whether one fits, <see cref="IsCompatibleWith"/> says.
/// </summary>
internal sealed class ElfFile
{
    // Far above what any real file has; a broken one must not make us allocate gigabytes.
    private const int MaxProgramHeaders = 4096, MaxDynamicSize = 1 << 20, MaxStringLength = 4096;

    private readonly SafeFileHandle file;
    private readonly bool wide;
    private readonly List<(ulong Offset, ulong Address, ulong Size)> loaded = [];

    private ElfFile(string path, SafeFileHandle file, ReadOnlySpan<byte> header)
    {
        (Path, this.file) = (path, file);
        wide = header[4] == ElfConstants.ELFCLASS64;
        Type = BinaryPrimitives.ReadUInt16LittleEndian(header[16..]);
        Machine = BinaryPrimitives.ReadUInt16LittleEndian(header[18..]);
        ReadProgramHeaders(header);
    }

    /// <summary>Where it was read from.</summary>
    public string Path { get; }

    public int Type { get; }

    public int Machine { get; }

    /// <summary>The program that loads it (PT_INTERP); null for a library or a static program.</summary>
    public string? Interpreter { get; private set; }

    /// <summary>Whether it has anything to be linked when it is loaded.</summary>
    public bool IsDynamic { get; private set; }

    /// <summary>The name that other files know it by (DT_SONAME).</summary>
    public string? Name { get; private set; }

    /// <summary>The libraries it needs (DT_NEEDED), in order.</summary>
    public IReadOnlyList<string> Needed { get; private set; } = [];

    /// <summary>Where its own libraries, and those that these need, are looked for; null where there is a <see cref="RunPath"/>, as the loader has it.</summary>
    public string? RPath { get; private set; }

    /// <summary>Where its own libraries are looked for (DT_RUNPATH).</summary>
    public string? RunPath { get; private set; }

    /// <summary>Its libraries are not looked for in the default places (DF_1_NODEFLIB).</summary>
    public bool IgnoresDefaults { get; private set; }

    /// <summary>Reads a file; null if it is not an ELF file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static ElfFile? TryRead(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        Span<byte> header = stackalloc byte[64];
        int n = RandomAccess.Read(file, header, 0);
        if (n < 52 || !header.StartsWith((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F']) || header[5] != ElfConstants.ELFDATA2LSB)
            return null;
        if (header[4] is not (ElfConstants.ELFCLASS32 or ElfConstants.ELFCLASS64) || (header[4] == ElfConstants.ELFCLASS64 && n < 64))
            return null;
        return new ElfFile(path, file, header);
    }

    /// <summary>Whether a process of the other's kind can load it.</summary>
    public bool IsCompatibleWith(ElfFile other) => wide == other.wide && Machine == other.Machine;

    private void ReadProgramHeaders(ReadOnlySpan<byte> header)
    {
        ulong table = Number(header, wide ? 32 : 28);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(header[(wide ? 54 : 42)..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(header[(wide ? 56 : 44)..]);
        if (count > MaxProgramHeaders || size < (wide ? 56 : 32))
            return;
        byte[] headers = Read(table, (ulong)(size * count));
        (ulong Offset, ulong Size) dynamic = default;
        for (int i = 0; (i + 1) * size <= headers.Length; i++)
        {
            ReadOnlySpan<byte> entry = headers.AsSpan(i * size, size);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(entry);
            ulong offset = Number(entry, wide ? 8 : 4), address = Number(entry, wide ? 16 : 8), length = Number(entry, wide ? 32 : 16);
            if (type == ElfConstants.PT_LOAD)
                loaded.Add((offset, address, length));
            else if (type == ElfConstants.PT_INTERP)
                Interpreter = Text(Read(offset, Math.Min(length, MaxStringLength)));
            else if (type == ElfConstants.PT_DYNAMIC)
                dynamic = (offset, length);
        }
        if (dynamic.Size > 0)
            ReadDynamic(Read(dynamic.Offset, Math.Min(dynamic.Size, MaxDynamicSize)));
    }

    private void ReadDynamic(byte[] entries)
    {
        IsDynamic = true;
        int word = wide ? 8 : 4;
        var needed = new List<ulong>();
        ulong strings = 0, stringsSize = 0;
        ulong? name = null, rpath = null, runpath = null;
        for (int i = 0; i + (2 * word) <= entries.Length; i += 2 * word)
        {
            ulong tag = Number(entries, i), value = Number(entries, i + word);
            switch ((long)tag)
            {
                case ElfConstants.DT_NULL: i = entries.Length; break;
                case ElfConstants.DT_NEEDED: needed.Add(value); break;
                case ElfConstants.DT_STRTAB: strings = value; break;
                case ElfConstants.DT_STRSZ: stringsSize = value; break;
                case ElfConstants.DT_SONAME: name = value; break;
                case ElfConstants.DT_RPATH: rpath = value; break;
                case ElfConstants.DT_RUNPATH: runpath = value; break;
                case ElfConstants.DT_FLAGS_1: IgnoresDefaults = (value & ElfConstants.DF_1_NODEFLIB) != 0; break;
            }
        }
        var segment = loaded.Find(l => strings >= l.Address && strings - l.Address < l.Size);
        if (segment.Size == 0)
            return;
        ulong start = strings - segment.Address + segment.Offset;
        string String(ulong offset) => Text(Read(start + offset, Math.Min(stringsSize - Math.Min(offset, stringsSize), MaxStringLength)));
        Needed = [.. needed.Select(String)];
        Name = name is { } n ? String(n) : null;
        RunPath = runpath is { } r ? String(r) : null;
        RPath = rpath is { } p && runpath == null ? String(p) : null;
    }

    private ulong Number(ReadOnlySpan<byte> bytes, int offset) =>
        wide ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private byte[] Read(ulong offset, ulong length)
    {
        if (offset > long.MaxValue || length > MaxDynamicSize)
            return [];
        var bytes = new byte[length];
        int n = RandomAccess.Read(file, bytes, (long)offset);
        return n == bytes.Length ? bytes : bytes[..n];
    }

    private static string Text(byte[] bytes)
    {
        int end = Array.IndexOf(bytes, (byte)0);
        return Encoding.UTF8.GetString(bytes, 0, end < 0 ? bytes.Length : end);
    }
}
