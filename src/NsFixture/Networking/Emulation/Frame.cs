using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace NsFixture.Networking;

/// <summary>
/// What the emulator has to know about a frame. In memory the kernel's note on it comes first (PACKET_VNET_HDR, virtio_net.h): whether
/// its checksum is yet to be finished, and where; then the Ethernet header.
/// </summary>
internal static unsafe class Frame
{
    /// <summary>The bytes of the kernel's note, and of the Ethernet header.</summary>
    public const int Note = 10, EthernetHeader = 14;

    private const byte NeedsChecksum = 1; // VIRTIO_NET_HDR_F_NEEDS_CSUM
    private const ushort IPv4 = 0x0800, IPv6 = 0x86DD, Arp = 0x0806; // RFC 7042
    private const byte Igmp = 2, Icmp6 = 58, HopByHop = 0;

    /// <summary>
    /// Whether it is what the kernel sends of its own: ARP, IGMP, and of ICMPv6 neighbour and router discovery and multicast listener
    /// reports (RFC 826, 3376, 4861, 2710, 3810).
    /// </summary>
    /// <param name="ethernet">The Ethernet header.</param>
    /// <param name="length">The bytes from there on.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool IsHousekeeping(byte* ethernet, int length)
    {
        byte* ip = ethernet + EthernetHeader;
        switch (Type(ethernet))
        {
            case Arp:
                return true;
            case IPv4:
                return length >= EthernetHeader + 20 && ip[9] == Igmp;
            case IPv6 when length >= EthernetHeader + 48:
                int type = ip[6] == Icmp6 ? ip[40] : ip[6] == HopByHop && ip[40] == Icmp6 && ip[41] == 0 ? ip[48] : 0;
                return type is (>= 130 and <= 137) or 143;
            default:
                return false;
        }
    }

    /// <summary>An IP packet's addresses, IPv4 ones as IPv6 has them (RFC 4291, 2.5.5.2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryGetAddresses(byte* ethernet, int length, out (ulong High, ulong Low) source, out (ulong High, ulong Low) destination)
    {
        byte* ip = ethernet + EthernetHeader;
        switch (Type(ethernet))
        {
            case IPv4 when length >= EthernetHeader + 20:
                (source, destination) = (Mapped(ip + 12), Mapped(ip + 16));
                return true;
            case IPv6 when length >= EthernetHeader + 40:
                (source, destination) = (Address(ip + 8), Address(ip + 24));
                return true;
            default:
                (source, destination) = (default, default);
                return false;
        }
    }

    /// <summary>An address as <see cref="TryGetAddresses"/> has it.</summary>
    public static (ulong High, ulong Low) Key(System.Net.IPAddress address)
    {
        byte[] bytes = address.MapToIPv6().GetAddressBytes();
        fixed (byte* p = bytes)
            return Address(p);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Destination(byte* ethernet) => HardwareAddress(ethernet);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Source(byte* ethernet) => HardwareAddress(ethernet + 6);

    /// <summary>Whether a frame is for several: broadcast or multicast.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsGroup(byte* ethernet) => (*ethernet & 1) != 0;

    /// <summary>
    /// Flips a bit behind the Ethernet header. The checksum is finished before that if it is not yet: it is to tell that something was
    /// changed on the way.
    /// </summary>
    public static void Corrupt(byte* note, int length, int bit)
    {
        byte* ethernet = note + Note;
        if ((note[0] & NeedsChecksum) != 0)
        {
            int start = *(ushort*)(note + 6), at = start + *(ushort*)(note + 8);
            if (at + 2 <= length)
            {
                // The field holds the pseudo header's sum already. UDP has 0 for "none" (RFC 768).
                ushort sum = (ushort)~Sum(ethernet + start, length - start);
                BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(ethernet + at, 2), sum == 0 ? (ushort)0xFFFF : sum);
            }
        }
        new Span<byte>(note, Note).Clear();
        int place = EthernetHeader + (bit / 8);
        if (place < length)
            ethernet[place] ^= (byte)(1 << (bit % 8));
    }

    /// <summary>The Internet checksum's sum (RFC 1071).</summary>
    private static ushort Sum(byte* bytes, int length)
    {
        ulong sum = 0;
        for (; length > 1; length -= 2, bytes += 2)
            sum += (ulong)((bytes[0] << 8) | bytes[1]);
        if (length > 0)
            sum += (ulong)(bytes[0] << 8);
        while (sum >> 16 != 0)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Type(byte* ethernet) => (ushort)((ethernet[12] << 8) | ethernet[13]);

    private static (ulong High, ulong Low) Address(byte* bytes) => (*(ulong*)bytes, *(ulong*)(bytes + 8));

    private static (ulong High, ulong Low) Mapped(byte* bytes) => (0, 0xFFFF0000 | ((ulong)*(uint*)bytes << 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong HardwareAddress(byte* bytes) => *(uint*)bytes | ((ulong)*(ushort*)(bytes + 4) << 32);
}
