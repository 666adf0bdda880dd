using System.Buffers.Binary;
using System.Net;
using static NsFixture.Networking.InternetChecksum;

namespace NsFixture.Networking;

/// <summary>
/// Translates packets between IPv6 and IPv4 (RFC 7915), remote addresses by the well-known prefix 64:ff9b::/96 (RFC 6052), and each inside
/// address to an IPv4 address of <see cref="Pool"/>, which it keeps. What RFC 6146 adds, ports for many on one address,
/// the router's IPv4 NAT does.
/// </summary>
internal sealed class Nat64Translator
{
    /// <summary>Of the addresses for benchmarks (RFC 2544), which no network has.</summary>
    public static readonly IPNetwork Pool = new(IPAddress.Parse("198.19.0.0"), 16);

    public static readonly IPNetwork Prefix = new(IPAddress.Parse("64:ff9b::"), 96);

    private const int Header6 = 40, Header4 = 20, FragmentHeader = 8, IcmpHeader = 8;
    private const byte Icmp = 1, Tcp = 6, Udp = 17, Fragment = 44, Icmp6 = 58;

    private readonly Dictionary<UInt128, ushort> numbers = [];
    private readonly List<UInt128> insides = [];
    private ushort identification;

    /// <summary>The translated packet's length; 0: the packet has no counterpart, and is dropped.</summary>
    /// <param name="packet">An IP packet, whole.</param>
    /// <param name="translated">Gets the other one; <see cref="Growth"/> bytes longer will do.</param>
    public int Translate(ReadOnlySpan<byte> packet, Span<byte> translated) => packet.IsEmpty ? 0 : (packet[0] >> 4) switch
    {
        6 => To4(packet, translated),
        4 => To6(packet, translated),
        _ => 0,
    };

    /// <summary>How much longer than a packet its translation may be: by the headers of the packet, and of one inside an ICMP error.</summary>
    public const int Growth = (2 * (Header6 - Header4)) + FragmentHeader;

    /// <summary>The address that an IPv6 host reaches an IPv4 address by.</summary>
    public static IPAddress Mapped(IPAddress address) => new([.. Prefix.BaseAddress.GetAddressBytes()[..12], .. address.GetAddressBytes()]);

    private int To4(ReadOnlySpan<byte> packet, Span<byte> to)
    {
        if (packet.Length < Header6 || !IsMapped(packet[24..40]))
            return 0;
        int end = Header6 + BinaryPrimitives.ReadUInt16BigEndian(packet[4..]), at = Header6;
        byte protocol = packet[6];
        int fragment = -1;
        ushort id = ++identification;
        if (end > packet.Length || (protocol == Fragment && end < Header6 + FragmentHeader))
            return 0;
        if (protocol == Fragment)
        {
            protocol = packet[at];
            ushort offset = BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 2)..]);
            fragment = (offset >> 3) | ((offset & 1) << 13); // IPv4 has the flag "more fragments" above the offset
            id = BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 6)..]);
            at += FragmentHeader;
        }
        ReadOnlySpan<byte> body = packet[at..end];
        Span<byte> payload = to[Header4..];
        int length = protocol == Icmp6 ? fragment >= 0 ? 0 : ErrorOrEchoTo4(body, payload) : Copy(body, payload);
        if (length == 0 || protocol is 0 or 43 or 60) // options and routing headers: none are sent
            return 0;
        WriteHeader4(to, packet, protocol == Icmp6 ? Icmp : protocol, Header4 + length, id, fragment, PoolAddress(packet[8..24]));
        Correct(protocol, payload[..length], fragment, packet[8..40], to[12..20]);
        return Header4 + length;
    }

    private int To6(ReadOnlySpan<byte> packet, Span<byte> to)
    {
        if (packet.Length < Header4)
            return 0;
        int header = (packet[0] & 15) * 4, end = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        if (header < Header4 || end > packet.Length || end < header || !TryInside(packet[16..20], to[24..40]))
            return 0;
        byte protocol = packet[9];
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(packet[6..]);
        int fragment = (flags & 0x3fff) == 0 ? -1 : flags & 0x3fff, extra = fragment < 0 ? 0 : FragmentHeader;
        ReadOnlySpan<byte> body = packet[header..end];
        Span<byte> payload = to[(Header6 + extra)..];
        int length = protocol == Icmp ? fragment >= 0 ? 0 : ErrorOrEchoTo6(body, payload) : Copy(body, payload);
        if (length == 0)
            return 0;
        byte next = protocol == Icmp ? Icmp6 : protocol;
        if (fragment >= 0)
        {
            to.Slice(Header6, FragmentHeader).Clear();
            to[Header6] = next;
            BinaryPrimitives.WriteUInt16BigEndian(to[(Header6 + 2)..], (ushort)(((fragment & 0x1fff) << 3) | (fragment >> 13)));
            packet[4..6].CopyTo(to[(Header6 + 6)..]);
        }
        WriteHeader6(to, packet, fragment >= 0 ? Fragment : next, extra + length);
        Correct(next, payload[..length], fragment, packet[12..20], to[8..40]);
        return Header6 + extra + length;
    }

    // RFC 7915, 5.2.
    private int ErrorOrEchoTo4(ReadOnlySpan<byte> from, Span<byte> to)
    {
        if (from.Length < IcmpHeader)
            return 0;
        from[..IcmpHeader].CopyTo(to);
        int mtu = 0;
        (to[0], to[1]) = (from[0], from[1]) switch
        {
            (128, _) => ((byte)8, (byte)0),
            (129, _) => ((byte)0, (byte)0),
            (1, 1) => ((byte)3, (byte)10),
            (1, 4) => ((byte)3, (byte)3),
            (1, _) => ((byte)3, (byte)1),
            (2, _) => ((byte)3, (byte)4),
            (3, var code) => ((byte)11, code),
            (4, 1) => ((byte)3, (byte)2),
            _ => ((byte)255, (byte)0),
        };
        if (to[0] == 255)
            return 0;
        if (to[0] is 8 or 0)
            return Copy(from, to, IcmpHeader);
        if (from[0] == 2)
            mtu = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(from[4..]) - (Header6 - Header4), ushort.MaxValue);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], (uint)mtu);
        // The packet that the error is about: sent from outside to an inside address, in part.
        ReadOnlySpan<byte> inner = from[IcmpHeader..];
        if (inner.Length < Header6 || !IsMapped(inner[8..24]) || inner[6] == Fragment)
            return 0;
        Span<byte> header = to[IcmpHeader..];
        WriteHeader4(header, inner, inner[6] == Icmp6 ? Icmp : inner[6], Header4 + BinaryPrimitives.ReadUInt16BigEndian(inner[4..]), 0, -1, BinaryPrimitives.ReadUInt32BigEndian(inner[20..]));
        BinaryPrimitives.WriteUInt32BigEndian(header[16..], PoolAddress(inner[24..40]));
        Checksum4(header);
        return IcmpHeader + Header4 + Quoted(inner[Header6..], header[Header4..], inner[6], inner[8..40], header[12..20]);
    }

    // RFC 7915, 4.2.
    private int ErrorOrEchoTo6(ReadOnlySpan<byte> from, Span<byte> to)
    {
        if (from.Length < IcmpHeader)
            return 0;
        from[..IcmpHeader].CopyTo(to);
        uint word = 0;
        (to[0], to[1]) = (from[0], from[1]) switch
        {
            (8, _) => ((byte)128, (byte)0),
            (0, _) => ((byte)129, (byte)0),
            (3, 2) => ((byte)4, (byte)1),
            (3, 3) => ((byte)1, (byte)4),
            (3, 4) => ((byte)2, (byte)0),
            (3, 9 or 10 or 13 or 15) => ((byte)1, (byte)1),
            (3, _) => ((byte)1, (byte)0),
            (11, var code) => ((byte)3, code),
            _ => ((byte)255, (byte)0),
        };
        if (to[0] == 255)
            return 0;
        if (to[0] is 128 or 129)
            return Copy(from, to, IcmpHeader);
        if (to[0] == 2)
            word = (uint)(BinaryPrimitives.ReadUInt16BigEndian(from[6..]) + Header6 - Header4);
        else if (to[0] == 4)
            word = 6; // the place of the next header's number
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], word);
        // The packet that the error is about: sent from an inside address to the outside, in part.
        ReadOnlySpan<byte> inner = from[IcmpHeader..];
        int innerHeader = inner.IsEmpty ? 0 : (inner[0] & 15) * 4;
        Span<byte> header = to[IcmpHeader..];
        if (innerHeader < Header4 || inner.Length < innerHeader || !TryInside(inner[12..16], header[8..24]))
            return 0;
        byte next = inner[9] == Icmp ? Icmp6 : inner[9];
        header[..4].Clear();
        header[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)Math.Max(0, BinaryPrimitives.ReadUInt16BigEndian(inner[2..]) - innerHeader));
        (header[6], header[7]) = (next, inner[8]);
        WriteMapped(header[24..], inner[16..20]);
        return IcmpHeader + Header6 + Quoted(inner[innerHeader..], header[Header6..], next, inner[12..20], header[8..40]);
    }

    /// <summary>The beginning of a packet in an ICMP error: ports stay, an echo's type changes, and the checksum as far as it is there.</summary>
    private static int Quoted(ReadOnlySpan<byte> from, Span<byte> to, byte protocol, ReadOnlySpan<byte> oldAddresses, ReadOnlySpan<byte> newAddresses)
    {
        from.CopyTo(to);
        if (protocol == Icmp6 && from.Length > 0)
            to[0] = from[0] switch { 8 => 128, 0 => 129, 128 => 8, 129 => 0, var other => other };
        else
            Adjust(protocol, to[..from.Length], oldAddresses, newAddresses);
        return from.Length;
    }

    private static void WriteHeader4(Span<byte> to, ReadOnlySpan<byte> from6, byte protocol, int length, ushort id, int fragment, uint source)
    {
        to[0] = 0x45;
        to[1] = (byte)((from6[0] << 4) | (from6[1] >> 4));
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)length);
        BinaryPrimitives.WriteUInt16BigEndian(to[4..], id);
        BinaryPrimitives.WriteUInt16BigEndian(to[6..], (ushort)(fragment >= 0 ? fragment : length > 1260 ? 0x4000 : 0)); // "don't fragment": RFC 7915, 5.1
        to[8] = from6[7];
        to[9] = protocol;
        BinaryPrimitives.WriteUInt32BigEndian(to[12..], source);
        from6[36..40].CopyTo(to[16..]);
        Checksum4(to);
    }

    private static void Checksum4(Span<byte> header)
    {
        header[10..12].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], Folded(Sum(header[..Header4])));
    }

    private static void WriteHeader6(Span<byte> to, ReadOnlySpan<byte> from4, byte next, int length)
    {
        to[0] = (byte)(0x60 | (from4[1] >> 4));
        to[1] = (byte)(from4[1] << 4);
        to[2..4].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(to[4..], (ushort)length);
        (to[6], to[7]) = (next, from4[8]);
        WriteMapped(to[8..], from4[12..16]);
    }

    /// <summary>
    /// The checksum of TCP, UDP and ICMP. A packet of this very machine comes without one, as its device would have added it; so it is
    /// made anew. A fragment has one, in the first, over parts that are not here; so it is adjusted.
    /// </summary>
    private static void Correct(byte protocol, Span<byte> payload, int fragment, ReadOnlySpan<byte> oldAddresses, ReadOnlySpan<byte> newAddresses)
    {
        if (fragment >= 0)
        {
            if ((fragment & 0x1fff) == 0)
                Adjust(protocol, payload, oldAddresses, newAddresses);
            return;
        }
        int at = protocol == Icmp6 ? 2 : ChecksumOffset(protocol);
        if (at < 0 || payload.Length < at + 2)
            return;
        payload.Slice(at, 2).Clear();
        bool icmp4 = protocol == Icmp6 && newAddresses.Length == 8; // without a pseudo header
        ushort sum = Folded(Sum(payload) + (icmp4 ? 0 : Sum(newAddresses) + (uint)payload.Length + protocol));
        BinaryPrimitives.WriteUInt16BigEndian(payload[at..], sum == 0 && protocol == Udp ? ushort.MaxValue : sum);
    }

    private static void Adjust(byte protocol, Span<byte> payload, ReadOnlySpan<byte> oldAddresses, ReadOnlySpan<byte> newAddresses)
    {
        int at = ChecksumOffset(protocol);
        if (at < 0 || payload.Length < at + 2)
            return;
        uint sum = (ushort)~BinaryPrimitives.ReadUInt16BigEndian(payload[at..]);
        sum += (uint)(ushort)~Unfolded(Sum(oldAddresses)) + Unfolded(Sum(newAddresses));
        BinaryPrimitives.WriteUInt16BigEndian(payload[at..], Folded(sum));
    }

    private static int ChecksumOffset(byte protocol) => protocol switch { Tcp => 16, Udp => 6, _ => -1 };

    private static int Copy(ReadOnlySpan<byte> from, Span<byte> to, int first = 0)
    {
        from[first..].CopyTo(to[first..]);
        return from.Length;
    }

    private static bool IsMapped(ReadOnlySpan<byte> address) => BinaryPrimitives.ReadUInt64BigEndian(address) == 0x0064_ff9b_0000_0000 && BinaryPrimitives.ReadUInt32BigEndian(address[8..]) == 0;

    private static void WriteMapped(Span<byte> to, ReadOnlySpan<byte> address4)
    {
        BinaryPrimitives.WriteUInt64BigEndian(to, 0x0064_ff9b_0000_0000);
        to[8..12].Clear();
        address4.CopyTo(to[12..]);
    }

    private uint PoolAddress(ReadOnlySpan<byte> inside)
    {
        UInt128 key = BinaryPrimitives.ReadUInt128BigEndian(inside);
        if (!numbers.TryGetValue(key, out ushort number))
        {
            insides.Add(key);
            number = (ushort)insides.Count; // the first is 198.19.0.1
            numbers.Add(key, number);
        }
        return 0xc613_0000 | number;
    }

    private bool TryInside(ReadOnlySpan<byte> address4, Span<byte> to)
    {
        uint address = BinaryPrimitives.ReadUInt32BigEndian(address4);
        int number = (int)(address & 0xffff) - 1;
        if (address >> 16 != 0xc613 || number < 0 || number >= insides.Count)
            return false;
        BinaryPrimitives.WriteUInt128BigEndian(to, insides[number]);
        return true;
    }
}
