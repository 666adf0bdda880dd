using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>The part of libzstd that decompresses streams (zstd.h; stable since version 1.0).</summary>
internal static unsafe partial class LibZstd
{
    private const string Lib = "libzstd.so.1";

    [LibraryImport(Lib, EntryPoint = "ZSTD_createDStream")]
    public static partial void* CreateDStream();

    [LibraryImport(Lib, EntryPoint = "ZSTD_freeDStream")]
    public static partial nuint FreeDStream(void* stream);

    /// <summary>An error; or 0 at the end of a frame; or a hint of how much to read next.</summary>
    [LibraryImport(Lib, EntryPoint = "ZSTD_decompressStream")]
    public static partial nuint DecompressStream(void* stream, ZstdBuffer* output, ZstdBuffer* input);

    [LibraryImport(Lib, EntryPoint = "ZSTD_isError")]
    public static partial uint IsError(nuint code);

    [LibraryImport(Lib, EntryPoint = "ZSTD_getErrorName")]
    public static partial byte* GetErrorName(nuint code);
}

/// <summary>ZSTD_inBuffer and ZSTD_outBuffer, which are alike.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ZstdBuffer
{
    public byte* Start;
    public nuint Size;
    public nuint Position;
}
