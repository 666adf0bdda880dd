using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using NsFixture.Linux;

namespace NsFixture.Netlink;

/// <summary>What links are asked for and told while they run: numbers, rates, bridges.</summary>
internal sealed unsafe partial class RouteSocket
{
    private const int LargestAnswer = 32 * 1024; // the kernel's own limit on a part of a dump

    /// <summary>A link's index and what the kernel has counted on it.</summary>
    public (int Index, RtnlLinkStats64 Statistics) GetLink(string name)
    {
        foreach (byte[] answer in Query(new NetlinkMessage(Tca.RTM_GETLINK, 0).Fixed(new IfInfoMsg()).Attribute(IfLink.IFLA_IFNAME, name), $"look at {name}"))
        {
            ReadOnlySpan<byte> told = Find(answer.AsSpan(sizeof(IfInfoMsg)), IfLink.IFLA_STATS64);
            RtnlLinkStats64 statistics = default; // grows from kernel to kernel
            told[..Math.Min(told.Length, sizeof(RtnlLinkStats64))].CopyTo(MemoryMarshal.AsBytes(new Span<RtnlLinkStats64>(ref statistics)));
            return (MemoryMarshal.Read<IfInfoMsg>(answer).ifi_index, statistics);
        }
        throw new IOException($"netlink: look at {name}: there was no answer");
    }

    /// <summary>The names of all links, in the order of their indices.</summary>
    public List<string> GetLinkNames()
    {
        var names = new List<string>();
        foreach (byte[] answer in Query(new NetlinkMessage(Tca.RTM_GETLINK, Nl.NLM_F_DUMP).Fixed(new IfInfoMsg()), "list links"))
            names.Add(Encoding.ASCII.GetString(Find(answer.AsSpan(sizeof(IfInfoMsg)), IfLink.IFLA_IFNAME)).TrimEnd('\0'));
        return names;
    }

    /// <summary>Moves a link to another namespace, where it is down and has no address (network_namespaces(7)), and gives it another name there.</summary>
    public void MoveLink(string name, int network, string newName) => Request(
        new NetlinkMessage(Rtm.RTM_NEWLINK, 0).Fixed(new IfInfoMsg { ifi_index = GetLink(name).Index })
            .Attribute(IfLink.IFLA_IFNAME, newName).Attribute(IfLink.IFLA_NET_NS_FD, network), $"move {name}");

    /// <summary>All addresses that others could have of this namespace, those of the links themselves (fe80::/10) among them.</summary>
    public List<IPAddress> GetAddresses()
    {
        var addresses = new List<IPAddress>();
        foreach (byte[] answer in Query(new NetlinkMessage(Rtm.RTM_GETADDR, Nl.NLM_F_DUMP).Fixed(default(IfAddrMsg)), "list addresses"))
        {
            ReadOnlySpan<byte> attributes = answer.AsSpan(sizeof(IfAddrMsg)), address = Find(attributes, IfAddr.IFA_LOCAL);
            if (address.IsEmpty)
                address = Find(attributes, IfAddr.IFA_ADDRESS);
            if (!address.IsEmpty && MemoryMarshal.Read<IfAddrMsg>(answer).ifa_scope != Rtm.RT_SCOPE_HOST)
                addresses.Add(new IPAddress(address));
        }
        return addresses;
    }

    /// <summary>Takes a link out of its bridge.</summary>
    public void ClearMaster(string name) => Request(Link(name, up: true).Attribute(IfLink.IFLA_MASTER, 0), $"take {name} out of its bridge");

    /// <summary>
    /// Has whatever a link sends leave it as packets of its MTU: the kernel passes TCP and UDP segments on in bundles of up to 64 KB
    /// otherwise, which real links never see.
    /// </summary>
    public void SetUnbundled(string name) => Request(
        new NetlinkMessage(Rtm.RTM_NEWLINK, 0).Fixed(new IfInfoMsg()).Attribute(IfLink.IFLA_IFNAME, name).Attribute(IfLink.IFLA_GSO_MAX_SEGS, 1), $"set {name} to single packets");

    // How late the kernel's timer may come without loss of rate, in parts of a second: a virtual machine's does so by a fifth of a millisecond and more, and tokens
    // that come while the bucket is full are lost.
    private const int Lateness = 500;

    /// <summary>Limits what a link sends by a token bucket (tc-tbf(8)), in place of the limit it had.</summary>
    /// <param name="name">The link.</param>
    /// <param name="bitsPerSecond">The rate.</param>
    /// <param name="queueBytes">How much waits before more is dropped.</param>
    /// <param name="largestFrame">The largest frame, which must fit into the bucket.</param>
    public void SetRate(string name, long bitsPerSecond, long queueBytes, int largestFrame)
    {
        long bytesPerSecond = Math.Max(1, bitsPerSecond / 8), burst = largestFrame + (bytesPerSecond / Lateness);
        var options = new TcTbfQopt
        {
            rate = new TcRateSpec { linklayer = PacketScheduler.TC_LINKLAYER_ETHERNET, rate = (uint)Math.Min(bytesPerSecond, uint.MaxValue) },
            limit = (uint)Math.Min(queueBytes + burst, uint.MaxValue),
        };
        Request(Qdisc(Tca.RTM_NEWQDISC, Nl.NLM_F_CREATE | Nl.NLM_F_REPLACE, name)
            .Attribute(Tca.TCA_KIND, "tbf")
            .Nested(Tca.TCA_OPTIONS, o => o
                .Attribute(PacketScheduler.TCA_TBF_PARMS, MemoryMarshal.AsBytes(new ReadOnlySpan<TcTbfQopt>(in options)))
                .Attribute(PacketScheduler.TCA_TBF_RATE64, BitConverter.GetBytes(bytesPerSecond))
                .Attribute(PacketScheduler.TCA_TBF_BURST, (int)Math.Min(burst, int.MaxValue))),
            $"limit {name} to {bitsPerSecond} bit/s");
    }

    /// <summary>Takes the limit of <see cref="SetRate"/> away again.</summary>
    public void ClearRate(string name) => Request(Qdisc(Tca.RTM_DELQDISC, 0, name), $"take the limit of {name} away");

    /// <summary>How many packets the limit of <see cref="SetRate"/> has dropped.</summary>
    public long DroppedByRate(string name)
    {
        foreach (byte[] answer in Query(Qdisc(Tca.RTM_GETQDISC, Nl.NLM_F_ECHO, name), $"look at the limit of {name}"))
            if (Find(answer.AsSpan(sizeof(TcMsg)), Tca.TCA_STATS) is { IsEmpty: false } statistics)
                return MemoryMarshal.Read<TcStats>(statistics).drops;
        return 0;
    }

    /// <summary>Gives a link a queue of a kind, with that kind's options as the kernel wants them.</summary>
    public void SetQueue(string name, string kind, ReadOnlySpan<byte> options) =>
        Request(Qdisc(Tca.RTM_NEWQDISC, Nl.NLM_F_CREATE | Nl.NLM_F_REPLACE, name).Attribute(Tca.TCA_KIND, kind).Attribute(Tca.TCA_OPTIONS, options), $"give {name} a queue of {kind}");

    private NetlinkMessage Qdisc(ushort type, ushort flags, string name) =>
        new NetlinkMessage(type, flags).Fixed(new TcMsg { tcm_ifindex = GetLink(name).Index, tcm_parent = PacketScheduler.TC_H_ROOT });

    /// <summary>The value of an attribute; empty where there is none.</summary>
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort type)
    {
        while (attributes.Length >= 4)
        {
            int size = BitConverter.ToUInt16(attributes), padded = (size + 3) & ~3;
            if (size < 4 || size > attributes.Length)
                break;
            if ((BitConverter.ToUInt16(attributes[2..]) & 0x3FFF) == type) // without NLA_F_NESTED and NLA_F_NET_BYTEORDER
                return attributes[4..size];
            attributes = attributes[Math.Min(padded, attributes.Length)..];
        }
        return [];
    }

    /// <summary>The messages that answer a question, without their headers.</summary>
    private List<byte[]> Query(NetlinkMessage message, string what)
    {
        Send(message, what);
        var answers = new List<byte[]>();
        byte* buffer = stackalloc byte[LargestAnswer];
        while (true)
        {
            int n = Receive(buffer, LargestAnswer, what), at = 0;
            while (at + sizeof(NlMsgHdr) <= n)
            {
                var header = *(NlMsgHdr*)(buffer + at);
                if (header.nlmsg_type == Nl.NLMSG_ERROR)
                {
                    ThrowUnlessAcknowledged(buffer + at, n - at, what);
                    return answers;
                }
                if (header.nlmsg_type == Nl.NLMSG_DONE)
                    return answers;
                answers.Add(new ReadOnlySpan<byte>(buffer + at + sizeof(NlMsgHdr), (int)header.nlmsg_len - sizeof(NlMsgHdr)).ToArray());
                at += ((int)header.nlmsg_len + 3) & ~3;
            }
        }
    }
}
