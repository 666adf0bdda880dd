using System.Buffers.Binary;

namespace NsFixture.Networking;

/// <summary>The checksum of IP, TCP, UDP and ICMP (RFC 1071).</summary>
internal static class InternetChecksum
{
    /// <summary>The sum of 16-bit words; sums may be added.</summary>
    public static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (; bytes.Length >= 2; bytes = bytes[2..])
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return bytes.IsEmpty ? sum : sum + ((uint)bytes[0] << 8);
    }

    /// <summary>A sum in 16 bits, the carries added.</summary>
    public static ushort Unfolded(uint sum)
    {
        while (sum > ushort.MaxValue)
            sum = (sum >> 16) + (sum & ushort.MaxValue);
        return (ushort)sum;
    }

    /// <summary>What goes into a header.</summary>
    public static ushort Folded(uint sum) => (ushort)~Unfolded(sum);
}
