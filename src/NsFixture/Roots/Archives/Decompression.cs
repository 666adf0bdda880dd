using System.IO.Compression;

namespace NsFixture.Roots.Archives;

/// <summary>What tarballs and layers are compressed with, told by their first bytes, whatever they are called.</summary>
internal static class Decompression
{
    private const int BufferSize = 256 * 1024;

    /// <summary>The content of a stream that may be compressed with gzip or zstd. The caller disposes of both.</summary>
    /// <param name="archive">Seekable, at its start; looked at and left there.</param>
    /// <param name="through">What is read: the archive, or what passes it on.</param>
    /// <param name="what">What messages call it.</param>
    /// <exception cref="RootTreeException">It is compressed in another way.</exception>
    public static Stream Open(Stream archive, Stream through, string what)
    {
        Span<byte> magic = stackalloc byte[6];
        long start = archive.Position;
        magic = magic[..archive.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false)];
        archive.Position = start;
        if (magic.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
            return new GZipStream(new BufferedStream(through, BufferSize), CompressionMode.Decompress, leaveOpen: true); // reads 8 KB at a time
        if (magic.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]))
            return new ZstdStream(through);
        string? other = magic.StartsWith("BZh"u8) ? "bzip2" : magic.StartsWith((ReadOnlySpan<byte>)[0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z']) ? "xz" : null;
        return other == null ? through
            : throw new RootTreeException($"{what} is compressed with {other}, which is not read here: compress it with gzip or zstd, or not at all.");
    }
}
