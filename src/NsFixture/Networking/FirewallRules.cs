using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>
/// A firewall as a table of nf_tables. Every packet is judged, not only the first of a connection, so that a rule that is added
/// at run time ends connections; but those that go against the direction of the connection's first packet pass.
/// </summary>
internal sealed class FirewallRules
{
    public const string Table = "firewall";

    private const byte Tcp = 6, Udp = 17, Icmp = 1, Icmpv6 = 58;
    private const int Related = 4; // NF_CT_STATE_BIT(IP_CT_RELATED)

    private readonly NftBatch batch;
    private readonly PlannedFirewall firewall;

    private FirewallRules(PlannedFirewall firewall, bool isFirst)
    {
        this.firewall = firewall;
        batch = new NftBatch(isFirst).Table(Nf.NFPROTO_INET, Table);
    }

    /// <summary>A host's firewall, in the place of what is there; null: none.</summary>
    public static NftBatch Replace(PlannedHost host, PlannedFirewall? firewall, bool isFirst) =>
        firewall == null ? new NftBatch(isFirst).RemoveTable(Nf.NFPROTO_INET, Table) : new FirewallRules(firewall, isFirst).Write(host);

    private NftBatch Write(PlannedHost host)
    {
        foreach (FirewallDirection direction in (FirewallDirection[])[FirewallDirection.Inbound, FirewallDirection.Outbound])
        {
            batch.Chain(Chain(direction));
            WriteRules(direction);
        }
        foreach (var (name, hook) in ((string, int)[])[("input", Nf.NF_INET_LOCAL_IN), ("forward", Nf.NF_INET_FORWARD), ("output", Nf.NF_INET_LOCAL_OUT)])
            batch.Chain(name, "filter", hook, 0);
        string? outside = firewall.Outside < 0 ? null : host.Interface(firewall.Outside).Device;
        From(batch.Rule("input"), outside).Verdict(Nft.NFT_GOTO, Chain(FirewallDirection.Inbound));
        To(batch.Rule("output"), outside).Verdict(Nft.NFT_GOTO, Chain(FirewallDirection.Outbound));
        if (outside != null)
        {
            From(batch.Rule("forward"), outside).Verdict(Nft.NFT_GOTO, Chain(FirewallDirection.Inbound));
            To(batch.Rule("forward"), outside).Verdict(Nft.NFT_GOTO, Chain(FirewallDirection.Outbound));
        }
        return batch;
    }

    private static NftRule From(NftRule rule, string? outside) => outside == null ? rule.Interface(incoming: true, "lo", isNot: true) : rule.Interface(incoming: true, outside);

    private static NftRule To(NftRule rule, string? outside) => outside == null ? rule.Interface(incoming: false, "lo", isNot: true) : rule.Interface(incoming: false, outside);

    private void WriteRules(FirewallDirection direction)
    {
        string chain = Chain(direction);
        batch.Rule(chain).Direction(NfCtDirection.IP_CT_DIR_REPLY).Verdict(Nf.NF_ACCEPT);
        batch.Rule(chain).Connection(Nft.NFT_CT_STATE, Related).Verdict(Nf.NF_ACCEPT);
        // Without them IPv6 has no neighbours: router and neighbour solicitation, advertisement, redirect (RFC 4861).
        batch.Rule(chain).Protocol(Icmpv6).LoadTransport(0, 0, 1).Compare(0, Nft.NFT_CMP_GTE, [133]).Compare(0, Nft.NFT_CMP_LTE, [137]).Verdict(Nf.NF_ACCEPT);
        foreach (var (rule, planned) in firewall.Settings.Rules.Zip(firewall.Rules))
            if (rule.Direction == direction)
                WriteRule(chain, rule, planned);
        if (direction == FirewallDirection.Inbound)
            batch.Rule(chain).Connection(Nft.NFT_CT_STATUS, NfCt.IPS_DST_NAT).Verdict(Nf.NF_ACCEPT);
        FirewallAction other = direction == FirewallDirection.Inbound ? firewall.Settings.Inbound : firewall.Settings.Outbound;
        End(() => batch.Rule(chain), other, null);
    }

    private void WriteRule(string chain, FirewallRule rule, PlannedFirewallRule planned)
    {
        byte?[] protocols = rule.Protocol switch
        {
            IPTransport.Tcp => [Tcp],
            IPTransport.Udp => [Udp],
            IPTransport.Icmp => [Icmp, Icmpv6],
            _ => rule.Ports == null ? [null] : [Tcp, Udp],
        };
        IReadOnlyList<(int First, int Last)?> ranges = rule.Ports == null ? [null] : [.. FirewallRule.ParsePorts(rule.Ports)!];
        IPNetwork?[] from = [.. planned.From.Cast<IPNetwork?>().DefaultIfEmpty(null)];
        IPNetwork?[] to = [.. planned.To.Cast<IPNetwork?>().DefaultIfEmpty(null)];
        foreach (byte? protocol in protocols)
            foreach (var range in ranges)
                foreach (IPNetwork? source in from)
                    foreach (IPNetwork? destination in to)
                        if (source == null || destination == null || source.Value.BaseAddress.AddressFamily == destination.Value.BaseAddress.AddressFamily)
                            End(() => Match(batch.Rule(chain), protocol, range, source, destination), rule.Action, protocol);
    }

    private static NftRule Match(NftRule rule, byte? protocol, (int First, int Last)? ports, IPNetwork? from, IPNetwork? to)
    {
        if ((from ?? to) is { } either)
            rule.Family(either.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 ? Nf.NFPROTO_IPV6 : Nf.NFPROTO_IPV4);
        if (from is { } source)
            InPrefix(rule, source, 12, 8);
        if (to is { } destination)
            InPrefix(rule, destination, 16, 24);
        rule.Protocol(protocol);
        if (ports is { } range)
            rule.LoadTransport(0, 2, 2).Compare(0, Nft.NFT_CMP_GTE, Port(range.First)).Compare(0, Nft.NFT_CMP_LTE, Port(range.Last));
        return rule;
    }

    private static void InPrefix(NftRule rule, IPNetwork prefix, int offset4, int offset6)
    {
        bool ipv6 = prefix.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;
        NatRules.InPrefix(rule.LoadNetwork(0, ipv6 ? offset6 : offset4, ipv6 ? 16 : 4), 0, prefix);
    }

    /// <summary>A reset is for TCP alone, so to reject any protocol takes two rules.</summary>
    private static void End(Func<NftRule> match, FirewallAction action, byte? protocol)
    {
        if (action != FirewallAction.Reject)
        {
            match().Verdict(action == FirewallAction.Allow ? Nf.NF_ACCEPT : Nf.NF_DROP);
            return;
        }
        if (protocol is null or Tcp)
            match().Protocol(Tcp).Reject(tcp: true);
        if (protocol != Tcp)
            match().Reject(tcp: false);
    }

    private static string Chain(FirewallDirection direction) => direction == FirewallDirection.Inbound ? "inbound" : "outbound";

    private static byte[] Port(int port)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)port);
        return bytes;
    }
}
