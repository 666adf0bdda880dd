using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>Executable files of machine code that lie in memory, in no file system (memfd_create(2), elf(5)). For x86-64.</summary>
internal static unsafe class MachineCodeFile
{
    private const uint MFD_EXEC = 16; // linux/memfd.h, as of Linux 6.3: some machines have older headers than kernels
    private const int FileHeader = 64, ProgramHeader = 56, Page = 0x1000;
    private const uint Readable = 4, Writable = 2, Executable = 1;
    private const ulong CodeAddress = 0x400000;

    /// <summary>Where the program finds its data.</summary>
    public const ulong DataAddress = 0x600000;

    /// <summary>Makes one, to be closed on exec.</summary>
    /// <param name="name">What /proc calls it.</param>
    /// <param name="code">What it executes, from its first byte on.</param>
    /// <param name="data">What it may also write to; empty: nothing.</param>
    /// <exception cref="LinuxException">The kernel has none, or none that may be executed (vm.memfd_noexec).</exception>
    public static int Open(string name, byte[] code, byte[] data)
    {
        int fd;
        fixed (byte* text = Utf8.Zero(name))
        {
            fd = Libc.MemFdCreate(text, MemFd.MFD_CLOEXEC | MFD_EXEC);
            if (fd < 0 && Marshal.GetLastPInvokeError() == Err.EINVAL)
                fd = Libc.MemFdCreate(text, MemFd.MFD_CLOEXEC); // before Linux 6.3 all could be executed
        }
        LinuxException.Check(fd, "memfd_create", name);
        FileSystem.WriteAll(fd, Image(code, data), name);
        return fd;
    }

    // One segment for the code, headers and all, and one for the data, if there is any, on a page of its own.
    private static byte[] Image(byte[] code, byte[] data)
    {
        int segments = data.Length > 0 ? 2 : 1, start = FileHeader + (segments * ProgramHeader), end = start + code.Length;
        int dataStart = (end + Page - 1) / Page * Page;
        byte[] image = new byte[data.Length > 0 ? dataStart + data.Length : end];
        Span<byte> file = image;
        file[0] = 0x7f;
        "ELF"u8.CopyTo(file[1..]);
        (file[4], file[5], file[6]) = (2, 1, 1); // 64 bits, little-endian, version
        Short(file[16..], 2); // ET_EXEC
        Short(file[18..], 62); // EM_X86_64
        Int(file[20..], 1);
        Long(file[24..], CodeAddress + (ulong)start); // where it starts
        Long(file[32..], FileHeader);
        Short(file[52..], FileHeader);
        Short(file[54..], ProgramHeader);
        Short(file[56..], (ushort)segments);
        Segment(file[FileHeader..], Readable | Executable, 0, CodeAddress, end);
        code.CopyTo(file[start..]);
        if (data.Length > 0)
        {
            Segment(file[(FileHeader + ProgramHeader)..], Readable | Writable, dataStart, DataAddress, data.Length);
            data.CopyTo(file[dataStart..]);
        }
        return image;

        static void Segment(Span<byte> at, uint access, int offset, ulong address, int length)
        {
            Int(at, 1); // PT_LOAD
            Int(at[4..], access);
            Long(at[8..], (ulong)offset);
            Long(at[16..], address);
            Long(at[24..], address);
            Long(at[32..], (ulong)length);
            Long(at[40..], (ulong)length);
            Long(at[48..], Page);
        }

        static void Short(Span<byte> at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(at, value);
        static void Int(Span<byte> at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(at, value);
        static void Long(Span<byte> at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(at, value);
    }
}
