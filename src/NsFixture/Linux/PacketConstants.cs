// What packet(7) sockets need of the kernel's numbers and structs, under their C names; checked like those of Constants.cs.
using System.Runtime.InteropServices;

namespace NsFixture.Linux;

[CHeader("linux/if_packet.h")]
internal static class PacketNumbers
{
    public const int PACKET_OUTGOING = 4;
    public const int PACKET_RX_RING = 5;
    public const int PACKET_STATISTICS = 6;
    public const int PACKET_VERSION = 10;
    public const int PACKET_VNET_HDR = 15;
    public const int PACKET_IGNORE_OUTGOING = 23;
    public const int TPACKET_V2 = 1;
    public const uint TP_STATUS_KERNEL = 0;
    public const uint TP_STATUS_USER = 1;
    public const uint TPACKET_ALIGNMENT = 16;
}

[CHeader("linux/if_ether.h")]
internal static class EtherTypes
{
    public const ushort ETH_P_ALL = 3;
    public const ushort ETH_P_IP = 0x0800;
    public const ushort ETH_P_ARP = 0x0806;
    public const ushort ETH_P_IPV6 = 0x86DD;
}

[CHeader("sys/mman.h")]
internal static class Mman
{
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int PROT_EXEC = 4;
    public const int MAP_SHARED = 1;
    public const int MAP_PRIVATE = 2;
    public const int MAP_ANONYMOUS = 0x20;
    public const int MAP_NORESERVE = 0x4000;
    public const int MADV_HUGEPAGE = 14;
    public const int MREMAP_MAYMOVE = 1;
    public const int MREMAP_FIXED = 2;
    public const int MADV_DOFORK = 11;
}

[CHeader("linux/memfd.h")]
internal static class MemFd
{
    public const uint MFD_CLOEXEC = 1;
}

[CHeader("time.h")]
internal static class ClockIds
{
    public const int CLOCK_REALTIME = 0;
    public const int CLOCK_MONOTONIC = 1;
}

[CHeader("linux/if_packet.h", CName = "struct sockaddr_ll")]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SockAddrLl
{
    public ushort sll_family;
    public ushort sll_protocol;
    public int sll_ifindex;
    public ushort sll_hatype;
    public byte sll_pkttype;
    public byte sll_halen;
    public fixed byte sll_addr[8];
}

[CHeader("linux/if_packet.h", CName = "struct tpacket_req")]
[StructLayout(LayoutKind.Sequential)]
internal struct TPacketReq
{
    public uint tp_block_size;
    public uint tp_block_nr;
    public uint tp_frame_size;
    public uint tp_frame_nr;
}

[CHeader("linux/if_packet.h", CName = "struct tpacket2_hdr")]
[StructLayout(LayoutKind.Sequential)]
internal struct TPacket2Hdr
{
    public uint tp_status;
    public uint tp_len;
    public uint tp_snaplen;
    public ushort tp_mac;
    public ushort tp_net;
    public uint tp_sec;
    public uint tp_nsec;
    public ushort tp_vlan_tci;
    public ushort tp_vlan_tpid;
    public uint tp_padding;
}

[CHeader("linux/if_packet.h", CName = "struct tpacket_stats")]
[StructLayout(LayoutKind.Sequential)]
internal struct TPacketStats
{
    public uint tp_packets;
    public uint tp_drops;
}

[CHeader("sys/socket.h", CName = "struct mmsghdr")]
[StructLayout(LayoutKind.Sequential)]
internal struct MMsgHdr
{
    public MsgHdr msg_hdr;
    public uint msg_len;
}
