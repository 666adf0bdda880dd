using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Roots.Archives;

/// <summary>
/// Reads what zstd has compressed, by the system's own libzstd, which package managers themselves need; .NET has none before version 11.
/// </summary>
internal sealed unsafe class ZstdStream : ForwardStream
{
    private readonly Stream compressed;
    private readonly byte[] input = new byte[256 * 1024];
    private void* context;
    private int inputStart, inputEnd;
    private bool betweenFrames = true;

    /// <exception cref="RootTreeException">The library is not there.</exception>
    public ZstdStream(Stream compressed)
    {
        this.compressed = compressed;
        try
        {
            context = LibZstd.CreateDStream();
        }
        catch (DllNotFoundException e)
        {
            throw new RootTreeException("The archive is compressed with zstd, and libzstd.so.1 is not installed: install it (Debian: libzstd1; Fedora: libzstd), or compress with gzip.", e);
        }
    }

    public override int Read(Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            if (inputStart == inputEnd)
            {
                inputStart = 0;
                inputEnd = compressed.Read(input);
                if (inputEnd == 0)
                    return betweenFrames ? 0 : throw new EndOfStreamException("The zstd data ends in the middle of a frame.");
            }
            fixed (byte* source = input, target = buffer)
            {
                var from = new ZstdBuffer { Start = source, Size = (nuint)inputEnd, Position = (nuint)inputStart };
                var to = new ZstdBuffer { Start = target, Size = (nuint)buffer.Length };
                nuint hint = LibZstd.DecompressStream(context, &to, &from);
                if (LibZstd.IsError(hint) != 0)
                    throw new InvalidDataException($"The zstd data is corrupt: {Marshal.PtrToStringUTF8((nint)LibZstd.GetErrorName(hint))}.");
                betweenFrames = hint == 0;
                inputStart = (int)from.Position;
                if (to.Position > 0)
                    return (int)to.Position;
            }
        }
        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (context != null)
            _ = LibZstd.FreeDStream(context);
        context = null;
        base.Dispose(disposing);
    }
}
