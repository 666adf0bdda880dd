using System.Buffers.Binary;

namespace NsFixture.Launching;

/// <summary>Cuts a byte stream into frames: a little-endian 32-bit length, then as many bytes.</summary>
internal sealed class FrameReader
{
    private byte[] buffer = new byte[64 * 1024];
    private int start, end;

    /// <summary>Where the next bytes go; tell <see cref="Advance"/> how many came.</summary>
    public Span<byte> Free
    {
        get
        {
            int need = PendingFrame;
            if (start == end)
                start = end = 0;
            if (end == buffer.Length || start + need > buffer.Length)
            {
                int used = end - start;
                byte[] target = need > buffer.Length ? new byte[need] : buffer;
                Buffer.BlockCopy(buffer, start, target, 0, used);
                (buffer, start, end) = (target, 0, used);
            }
            return buffer.AsSpan(end);
        }
    }

    public void Advance(int count) => end += count;

    /// <summary>The next whole frame, valid until <see cref="Free"/> is asked for.</summary>
    public bool TryRead(out ReadOnlySpan<byte> frame)
    {
        frame = default;
        int length = PendingFrame;
        if (end - start < length)
            return false;
        frame = buffer.AsSpan(start + 4, length - 4);
        start += length;
        return true;
    }

    // The size of the frame that starts the buffer, its length included; that of a length alone until it is there.
    private int PendingFrame =>
        end - start < 4 ? 4 : checked(4 + BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(start)));
}
