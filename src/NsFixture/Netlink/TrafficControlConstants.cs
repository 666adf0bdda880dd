// The numbers and structs of traffic control and link statistics (tc(8), rtnetlink(7)), under their C names; checked like the others.
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Netlink;

[CHeader("linux/rtnetlink.h")]
internal static class Tca
{
    public const ushort RTM_GETLINK = 18;
    public const ushort RTM_NEWQDISC = 36;
    public const ushort RTM_DELQDISC = 37;
    public const ushort RTM_GETQDISC = 38;
    public const ushort TCA_KIND = 1;
    public const ushort TCA_OPTIONS = 2;
    public const ushort TCA_STATS = 3;
}

[CHeader("linux/pkt_sched.h")]
internal static class PacketScheduler
{
    public const uint TC_H_ROOT = 0xFFFFFFFF;
    public const ushort TCA_TBF_PARMS = 1;
    public const ushort TCA_TBF_RATE64 = 4;
    public const ushort TCA_TBF_BURST = 6;
    public const byte TC_LINKLAYER_ETHERNET = 1;
}

[CHeader("linux/rtnetlink.h", CName = "struct tcmsg")]
[StructLayout(LayoutKind.Sequential)]
internal struct TcMsg
{
    public byte tcm_family;
    public int tcm_ifindex;
    public uint tcm_handle;
    public uint tcm_parent;
    public uint tcm_info;
}

[CHeader("linux/pkt_sched.h", CName = "struct tc_ratespec")]
[StructLayout(LayoutKind.Sequential)]
internal struct TcRateSpec
{
    public byte cell_log;
    public byte linklayer;
    public ushort overhead;
    public short cell_align;
    public ushort mpu;
    public uint rate;
}

[CHeader("linux/pkt_sched.h", CName = "struct tc_tbf_qopt")]
[StructLayout(LayoutKind.Sequential)]
internal struct TcTbfQopt
{
    public TcRateSpec rate;
    public TcRateSpec peakrate;
    public uint limit;
    public uint buffer;
    public uint mtu;
}

[CHeader("linux/pkt_sched.h", CName = "struct tc_stats")]
[StructLayout(LayoutKind.Sequential)]
internal struct TcStats
{
    public ulong bytes;
    public uint packets;
    public uint drops;
    public uint overlimits;
    public uint bps;
    public uint pps;
    public uint qlen;
    public uint backlog;
}

// Only what is read of it; its end grows.
[CHeader("linux/if_link.h", CName = "struct rtnl_link_stats64")]
[StructLayout(LayoutKind.Sequential, Size = 200)]
internal struct RtnlLinkStats64
{
    public ulong rx_packets;
    public ulong tx_packets;
    public ulong rx_bytes;
    public ulong tx_bytes;
    public ulong rx_errors;
    public ulong tx_errors;
    public ulong rx_dropped;
    public ulong tx_dropped;
}
