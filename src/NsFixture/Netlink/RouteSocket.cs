using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using NsFixture.Linux;

namespace NsFixture.Netlink;

/// <summary>
/// An rtnetlink socket. It stays in the network namespace it was opened in, whatever its owner's thread enters later
/// (network_namespaces(7)), so that holding one is holding the control of that namespace.
/// </summary>
internal sealed unsafe partial class RouteSocket : IDisposable
{
    private readonly int fd;
    private uint sequence;

    /// <summary>Opens a socket in the calling thread's network namespace.</summary>
    public RouteSocket()
    {
        fd = LinuxException.Check(
            Libc.Socket(SocketConstants.AF_NETLINK, SocketConstants.SOCK_RAW | SocketConstants.SOCK_CLOEXEC, Nl.NETLINK_ROUTE),
            "socket", "NETLINK_ROUTE");
        int on = 1;
        // Since Linux 4.12: errors come with the kernel's own words. Without it they are numbers only.
        _ = Libc.SetSockOpt(fd, Nl.SOL_NETLINK, Nl.NETLINK_EXT_ACK, &on, sizeof(int));
    }

    /// <summary>
    /// Creates a veth pair (veth(4)): one end here, the other in the namespace of <paramref name="peerNamespace"/>. Index and
    /// hardware addresses are given, so that every run is the same; the peer's index may be the kernel's choice, by 0.
    /// </summary>
    public void CreateVeth(int index, string name, byte[] mac, int mtu, string peerName, byte[] peerMac, int peerNamespace, int peerIndex = 0) => CreateLink("veth",
        message => OneQueue(message.Fixed(new IfInfoMsg { ifi_index = index }))
            .Attribute(IfLink.IFLA_IFNAME, name)
            .Attribute(IfLink.IFLA_ADDRESS, mac)
            .Attribute(IfLink.IFLA_MTU, mtu),
        peer => OneQueue(peer.Fixed(new IfInfoMsg { ifi_index = peerIndex }))
            .Attribute(IfLink.IFLA_IFNAME, peerName)
            .Attribute(IfLink.IFLA_ADDRESS, peerMac)
            .Attribute(IfLink.IFLA_MTU, mtu)
            .Attribute(IfLink.IFLA_NET_NS_FD, peerNamespace),
        $"create veth {name} with peer {peerName}");

    // Else a veth has one for each processor, of which it uses one: to give up the others it waits for a grace period of RCU (veth_init_queues).
    private static NetlinkMessage OneQueue(NetlinkMessage message) => message.Attribute(IfLink.IFLA_NUM_TX_QUEUES, 1).Attribute(IfLink.IFLA_NUM_RX_QUEUES, 1);

    /// <summary>Creates a veth pair as ip-link(8) does: down, index and addresses of the kernel's choice.</summary>
    public void CreateVeth(string name, string peerName, int peerNamespace) => CreateLink("veth",
        message => message.Fixed(new IfInfoMsg()).Attribute(IfLink.IFLA_IFNAME, name),
        peer => peer.Fixed(new IfInfoMsg()).Attribute(IfLink.IFLA_IFNAME, peerName).Attribute(IfLink.IFLA_NET_NS_FD, peerNamespace), $"create veth {name} with peer {peerName}");

    /// <summary>Creates a bridge (ip-link(8)), which is down.</summary>
    public void CreateBridge(int index, string name, byte[] mac, int mtu) => CreateLink("bridge",
        message => message.Fixed(new IfInfoMsg { ifi_index = index })
            .Attribute(IfLink.IFLA_IFNAME, name)
            .Attribute(IfLink.IFLA_ADDRESS, mac)
            .Attribute(IfLink.IFLA_MTU, mtu), peer: null, $"create bridge {name}");

    /// <summary>Creates a bridge as ip-link(8) does: down, index and address of the kernel's choice.</summary>
    public void CreateBridge(string name) => CreateLink("bridge",
        message => message.Fixed(new IfInfoMsg()).Attribute(IfLink.IFLA_IFNAME, name), peer: null, $"create bridge {name}");

    private void CreateLink(string kind, Func<NetlinkMessage, NetlinkMessage> describe, Func<NetlinkMessage, NetlinkMessage>? peer, string what) => Request(
        describe(new NetlinkMessage(Rtm.RTM_NEWLINK, Nl.NLM_F_CREATE | Nl.NLM_F_EXCL)).Nested(IfLink.IFLA_LINKINFO, info =>
        {
            info.Attribute(IfLink.IFLA_INFO_KIND, kind);
            if (peer != null)
                info.Nested(IfLink.IFLA_INFO_DATA, data => data.Nested(Veth.VETH_INFO_PEER, p => peer(p)));
        }), what);

    /// <summary>Brings a link up.</summary>
    public void SetUp(string name) => SetState(name, up: true);

    /// <summary>Brings a link up or down.</summary>
    public void SetState(string name, bool up) => Request(Link(name, up), $"set {name} {(up ? "up" : "down")}");

    /// <summary>Makes a link a port of a bridge, and brings it up.</summary>
    public void SetMaster(string name, int bridgeIndex) =>
        Request(Link(name, up: true).Attribute(IfLink.IFLA_MASTER, bridgeIndex), $"make {name} a port of link {bridgeIndex}");

    private static NetlinkMessage Link(string name, bool up) => new NetlinkMessage(Rtm.RTM_NEWLINK, 0)
        .Fixed(new IfInfoMsg { ifi_flags = up ? IfFlags.IFF_UP : 0, ifi_change = IfFlags.IFF_UP })
        .Attribute(IfLink.IFLA_IFNAME, name);

    /// <summary>Adds a route through a gateway; link 0: the one that the gateway is reached by.</summary>
    public void AddRoute(IPNetwork destination, IPAddress gateway, int linkIndex) =>
        Request(Route(Rtm.RTM_NEWROUTE, Nl.NLM_F_CREATE | Nl.NLM_F_EXCL, destination, gateway, linkIndex), $"add route to {destination} via {gateway}");

    private static NetlinkMessage Route(ushort type, ushort flags, IPNetwork destination, IPAddress gateway, int linkIndex)
    {
        byte[] via = gateway.GetAddressBytes();
        var message = new NetlinkMessage(type, flags)
            .Fixed(new RtMsg
            {
                rtm_family = (byte)(via.Length == 16 ? SocketConstants.AF_INET6 : SocketConstants.AF_INET),
                rtm_dst_len = (byte)destination.PrefixLength,
                rtm_table = Rtm.RT_TABLE_MAIN,
                rtm_protocol = Rtm.RTPROT_STATIC,
                rtm_scope = Rtm.RT_SCOPE_UNIVERSE,
                rtm_type = Rtm.RTN_UNICAST,
            })
            .Attribute(Rtm.RTA_GATEWAY, via);
        if (linkIndex != 0)
            message.Attribute(Rtm.RTA_OIF, linkIndex);
        if (destination.PrefixLength > 0)
            message.Attribute(Rtm.RTA_DST, destination.BaseAddress.GetAddressBytes());
        return message;
    }

    /// <summary>
    /// Brings a link up that has nobody to be found by an address on its other end, but takes whatever is sent. No packet is left to it
    /// to be cut into segments.
    /// </summary>
    public void SetUpWithoutNeighbours(string name)
    {
        const uint flags = IfFlags.IFF_UP | IfFlags.IFF_NOARP;
        Request(new NetlinkMessage(Rtm.RTM_NEWLINK, 0).Fixed(new IfInfoMsg { ifi_flags = flags, ifi_change = flags })
            .Attribute(IfLink.IFLA_IFNAME, name).Attribute(IfLink.IFLA_GSO_MAX_SEGS, 1), $"set {name} up");
    }

    /// <summary>Adds a route to a link, with no gateway, and a largest packet of its own.</summary>
    public void AddDeviceRoute(IPNetwork destination, int linkIndex, int mtu) => Request(
        new NetlinkMessage(Rtm.RTM_NEWROUTE, Nl.NLM_F_CREATE | Nl.NLM_F_EXCL)
            .Fixed(new RtMsg
            {
                rtm_family = (byte)(destination.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? SocketConstants.AF_INET6 : SocketConstants.AF_INET),
                rtm_dst_len = (byte)destination.PrefixLength,
                rtm_table = Rtm.RT_TABLE_MAIN,
                rtm_protocol = Rtm.RTPROT_STATIC,
                rtm_scope = Rtm.RT_SCOPE_LINK,
                rtm_type = Rtm.RTN_UNICAST,
            })
            .Attribute(Rtm.RTA_OIF, linkIndex)
            .Attribute(Rtm.RTA_DST, destination.BaseAddress.GetAddressBytes())
            .Nested(Rtm.RTA_METRICS, metrics => metrics.Attribute(Rtm.RTAX_LOCK, 1 << Rtm.RTAX_MTU).Attribute(Rtm.RTAX_MTU, mtu)),
        $"add route to {destination} by link {linkIndex}");

    /// <summary>Adds an address. IPv6 skips duplicate address detection, which takes more than a second (RFC 4862).</summary>
    public void AddAddress(int linkIndex, IPAddress address, int prefixLength) =>
        Request(Address(Rtm.RTM_NEWADDR, Nl.NLM_F_CREATE | Nl.NLM_F_EXCL, linkIndex, address, prefixLength), $"add address {address}/{prefixLength} to link {linkIndex}");

    private static NetlinkMessage Address(ushort type, ushort flags, int linkIndex, IPAddress address, int prefixLength)
    {
        byte[] bytes = address.GetAddressBytes();
        bool v6 = bytes.Length == 16;
        return new NetlinkMessage(type, flags)
            .Fixed(new IfAddrMsg
            {
                ifa_family = (byte)(v6 ? SocketConstants.AF_INET6 : SocketConstants.AF_INET),
                ifa_prefixlen = (byte)prefixLength,
                ifa_flags = v6 ? (byte)IfAddr.IFA_F_NODAD : (byte)0,
                ifa_scope = Rtm.RT_SCOPE_UNIVERSE,
                ifa_index = (uint)linkIndex,
            })
            .Attribute(IfAddr.IFA_LOCAL, bytes)
            .Attribute(IfAddr.IFA_ADDRESS, bytes);
    }

    public void Dispose() => Descriptors.Close(fd);

    private void Request(NetlinkMessage message, string what)
    {
        Send(message, what);
        byte* answer = stackalloc byte[4096];
        ThrowUnlessAcknowledged(answer, Receive(answer, 4096, what), what);
    }

    private void Send(NetlinkMessage message, string what)
    {
        sequence++;
        ReadOnlySpan<byte> bytes = message.Finish(sequence);
        fixed (byte* p = bytes)
            if (Libc.Send(fd, p, bytes.Length, 0) < 0)
                throw LinuxException.Last("netlink", what);
    }

    private int Receive(byte* answer, int size, string what)
    {
        nint n;
        while ((n = Libc.Recv(fd, answer, size, 0)) < 0)
            if (Marshal.GetLastPInvokeError() != Err.EINTR)
                throw LinuxException.Last("netlink", what);
        return (int)n;
    }

    private void ThrowUnlessAcknowledged(byte* answer, int length, string what)
    {
        var header = *(NlMsgHdr*)answer;
        int error = -*(int*)(answer + sizeof(NlMsgHdr));
        if (header.nlmsg_type != Nl.NLMSG_ERROR || header.nlmsg_seq != sequence)
            throw new IOException($"netlink: {what}: unexpected answer of type {header.nlmsg_type}");
        if (error != 0)
            throw new LinuxException("netlink", what + KernelsWords(answer, length), error);
    }

    // An extended acknowledgement: struct nlmsgerr, the request unless it was cut off (NLM_F_CAPPED), then attributes.
    internal static string KernelsWords(byte* answer, int length)
    {
        var header = *(NlMsgHdr*)answer;
        if ((header.nlmsg_flags & Nl.NLM_F_ACK_TLVS) == 0)
            return "";
        var request = (NlMsgHdr*)(answer + sizeof(NlMsgHdr) + sizeof(int));
        int requestLength = (header.nlmsg_flags & Nl.NLM_F_CAPPED) != 0 ? sizeof(NlMsgHdr) : ((int)request->nlmsg_len + 3) & ~3;
        for (int at = sizeof(NlMsgHdr) + sizeof(int) + requestLength; at + 4 <= length;)
        {
            int size = *(ushort*)(answer + at), type = *(ushort*)(answer + at + 2);
            if (size < 4 || at + size > length)
                break;
            if (type == Nl.NLMSGERR_ATTR_MSG)
                return $" ({Encoding.ASCII.GetString(answer + at + 4, size - 4).TrimEnd('\0')})";
            at += (size + 3) & ~3;
        }
        return "";
    }
}
