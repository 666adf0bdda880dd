using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>
/// The program that is process 1 of a sandbox which a test alone lives in: it reaps, tells of the test's end, and ends with its
/// connection, or when it is told to and is alone. A few hundred bytes of machine code, since a copy of the runtime that did no more would cost more than all the
/// rest of the sandbox: its pages are copied to it and taken from it.
/// </summary>
internal static unsafe class FirstProcess
{
    /// <summary>What it is called, to ps(1) and the like.</summary>
    public const string Name = "nsfixture-init";

    /// <summary>FirstProcess.S, assembled.</summary>
    internal const string Code =
        "b8b4010000bf04000000beffffffff31d20f05b89d000000bf01000000be090000000f05b89d000000bf0f000000488d35390100000f05b850000000488d3d3a" +
        "0100000f056800000100b80e00000031ff4889e631d241ba080000000f05b821010000bfffffffff4889e6ba0800000041ba000800000f054881eca0000000c7" +
        "04240300000089442408bbffffffffeb70c744240401000000c744240c01000000b8070000004889e7be0200000089da0f0585c00f84ab00000078d566837c24" +
        "0600742bb82d000000bf03000000488d742410ba8000000041ba400000004531c04531c90f0585c07e7bbbf401000031c08b7c2408488d742410ba800000000f" +
        "05b83d000000bfffffffff488db42498000000ba010000004531d20f0585c00f846cffffff7f0a83fbff7539e960ffffff83f80275cbc68424970000000bb82c" +
        "000000bf03000000488db42497000000ba0500000041ba004000004531c04531c90f05eb9cb8e700000031ff0f056e73666978747572652d696e6974002f00";

    private const uint MFD_EXEC = 16; // linux/memfd.h, as of Linux 6.3: some machines have older headers than kernels
    private const int FileHeader = 64, ProgramHeader = 56;
    private const ulong Address = 0x400000;

    /// <summary>A file of no file system that holds the program (memfd_create(2)).</summary>
    /// <exception cref="LinuxException">The kernel has none, or none that may be executed (vm.memfd_noexec).</exception>
    public static int Open()
    {
        int fd;
        fixed (byte* name = Utf8.Zero(Name))
        {
            fd = Libc.MemFdCreate(name, MemFd.MFD_CLOEXEC | MFD_EXEC);
            if (fd < 0 && Marshal.GetLastPInvokeError() == Err.EINVAL)
                fd = Libc.MemFdCreate(name, MemFd.MFD_CLOEXEC); // before Linux 6.3 all could be executed
        }
        LinuxException.Check(fd, "memfd_create", Name);
        FileSystem.WriteAll(fd, Image(), Name);
        return fd;
    }

    // The smallest executable there is (elf(5)): one header, one segment, all of the file.
    private static byte[] Image()
    {
        byte[] code = Convert.FromHexString(Code), image = new byte[FileHeader + ProgramHeader + code.Length];
        Span<byte> file = image, program = file[FileHeader..];
        file[0] = 0x7f;
        "ELF"u8.CopyTo(file[1..]);
        (file[4], file[5], file[6]) = (2, 1, 1); // 64 bits, little-endian, version
        Short(file[16..], 2); // ET_EXEC
        Short(file[18..], 62); // EM_X86_64
        Int(file[20..], 1);
        Long(file[24..], Address + FileHeader + ProgramHeader); // where it starts
        Long(file[32..], FileHeader);
        Short(file[52..], FileHeader);
        Short(file[54..], ProgramHeader);
        Short(file[56..], 1);
        Int(program, 1); // PT_LOAD
        Int(program[4..], 5); // to read and to execute
        Long(program[16..], Address);
        Long(program[24..], Address);
        Long(program[32..], (ulong)image.Length);
        Long(program[40..], (ulong)image.Length);
        Long(program[48..], 0x1000);
        code.CopyTo(program[ProgramHeader..]);
        return image;

        static void Short(Span<byte> at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(at, value);
        static void Int(Span<byte> at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(at, value);
        static void Long(Span<byte> at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(at, value);
    }
}
