using System.Security.Cryptography;

namespace NsFixture.Roots.Archives;

/// <summary>Passes on what it reads, and hashes it on the way with SHA-256, which is what image digests are of.</summary>
internal sealed class HashingStream(Stream inner) : ForwardStream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    // The end of an archive is told by blocks of zeros; it is gone when the last block read is not one.
    private readonly byte[] last = new byte[512];

    /// <summary>Whether the last 512 bytes read were zeros.</summary>
    public bool EndsInZeros => !last.AsSpan().ContainsAnyExcept((byte)0);

    /// <summary>Reads what is left, and returns the digest of all as <c>sha256:…</c>.</summary>
    public string Finish()
    {
        byte[] rest = new byte[64 * 1024];
        while (Read(rest) > 0)
        {
        }
        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public override int Read(Span<byte> buffer)
    {
        int n = inner.Read(buffer);
        ReadOnlySpan<byte> read = buffer[..n];
        hash.AppendData(read);
        if (n >= last.Length)
        {
            read[^last.Length..].CopyTo(last);
        }
        else if (n > 0)
        {
            last.AsSpan(n).CopyTo(last);
            read.CopyTo(last.AsSpan(last.Length - n));
        }
        return n;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            hash.Dispose();
        base.Dispose(disposing);
    }
}
