using System.Net;
using System.Net.Sockets;
using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>
/// Init's hand on partitions. Nothing is done to links or routers: what two hosts send to one another is dropped at their own
/// interfaces, by nf_tables, where neither hears of it. Both ends do it, each by the other's addresses: where one is hidden
/// behind address translation on the way, the other end still sees the right one.
/// </summary>
internal sealed class Partitions(SandboxNetwork network)
{
    private const string Table = "nsfixture-partition", Ingress = "in-", Egress = "out-";
    private const int First = -500; // before connection tracking, and before rules of the user's
    private const byte Icmp6 = 58, FirstDiscovery = 133, LastDiscovery = 137; // RFC 4861

    private readonly HashSet<(int From, int To)> cuts = [];
    private bool hasEgress = true;
    private NetworkPlan? expected;

    /// <summary>Cuts the ways from any of the one to any of the other hosts. A host is not cut off from itself.</summary>
    public void Cut(IReadOnlyList<int> from, IReadOnlyList<int> to, bool bothWays) =>
        Change(() => cuts.UnionWith(bothWays ? Ways(from, to).Concat(Ways(to, from)) : Ways(from, to)), from.Concat(to));

    /// <summary>Undoes all cuts between the one and the other hosts.</summary>
    public void Heal(IReadOnlyList<int> some, IReadOnlyList<int> others) =>
        Change(() => cuts.ExceptWith(Ways(some, others).Concat(Ways(others, some))), some.Concat(others));

    /// <summary>Undoes all cuts.</summary>
    public void Heal() => Change(cuts.Clear, Hosts);

    /// <summary>The network is about to change: what is to have an address then is cut off by it already.</summary>
    public void Expect(NetworkPlan next)
    {
        expected = next;
        Reapply();
    }

    /// <summary>Hosts have other addresses, interfaces or network namespaces now, or have gone.</summary>
    public void Follow()
    {
        expected = null;
        cuts.RemoveWhere(c => network.IsRemoved(c.From) || network.IsRemoved(c.To));
        Reapply();
    }

    private void Reapply()
    {
        if (cuts.Count > 0)
            Apply(Hosts);
    }

    private int[] Hosts => [.. cuts.SelectMany(c => (int[])[c.From, c.To]).Distinct()];

    private static IEnumerable<(int From, int To)> Ways(IReadOnlyList<int> from, IReadOnlyList<int> to) =>
        from.SelectMany(_ => to, (f, t) => (f, t)).Where(w => w.f != w.t);

    private void Change(Action change, IEnumerable<int> hosts)
    {
        int[] concerned = [.. hosts.Distinct()];
        (int From, int To)[] before = [.. cuts];
        change();
        try
        {
            Apply(concerned);
        }
        catch
        {
            cuts.Clear();
            cuts.UnionWith(before);
            try
            {
                Apply(concerned);
            }
            catch (Exception e) when (e is LinuxException or SandboxException)
            {
                // What made the change fail stands in the way back as well; the first failure is the one that is told.
            }
            throw;
        }
    }

    private void Apply(int[] hosts)
    {
        var addresses = new Dictionary<int, List<IPAddress>>();
        List<IPAddress> Of(int host) => addresses.TryGetValue(host, out var known) ? known : addresses[host] = AddressesOf(host);
        foreach (int host in hosts.Where(h => !network.IsContainer(h) && !network.IsRemoved(h)))
        {
            List<IPAddress> from = [.. cuts.Where(c => c.To == host).SelectMany(c => Of(c.From))], to = [.. cuts.Where(c => c.From == host).SelectMany(c => Of(c.To))];
            Apply(network.Plan.Hosts[host], from, to, network.Plan.Hosts[host].IsRouter ? Of(host) : null);
        }
    }

    /// <summary>Those it has, its links' own among them, those it is to have, and those that a change takes from it in a moment.</summary>
    private List<IPAddress> AddressesOf(int host)
    {
        List<IPAddress> addresses = network.IsContainer(host) || network.IsRemoved(host) ? [] : network.OnHost(host, s => s.GetAddresses());
        foreach (NetworkPlan known in expected == null ? (NetworkPlan[])[network.Plan] : [network.Plan, expected])
            addresses.AddRange(known.Hosts[host].Interfaces.SelectMany(i => i.Addresses).Select(a => a.Address));
        return addresses;
    }

    private void Apply(PlannedHost host, List<IPAddress> from, List<IPAddress> to, List<IPAddress>? own)
    {
        try
        {
            Commit(host, from, to, own);
        }
        catch (LinuxException e) when (hasEgress && Lacks(e))
        {
            hasEgress = false; // before Linux 5.16: the receiver's end has to do, and does unless the sender is hidden from it
            Apply(host, from, to, own);
        }
        catch (LinuxException e) when (Lacks(e))
        {
            throw new SandboxException("This kernel's nf_tables lacks what partitions are made of: load its modules ('modprobe nf_tables'), or use a kernel with " +
                $"CONFIG_NF_TABLES, CONFIG_NF_TABLES_NETDEV and CONFIG_NETFILTER_INGRESS ({e.Message})");
        }
    }

    private static bool Lacks(LinuxException e) => e.Errno is Err.ENOTSUP or Err.EPROTONOSUPPORT or Err.EAFNOSUPPORT or Err.EINVAL or Err.ENOENT;

    /// <summary>At once: there is no moment without the rules that were there and stay.</summary>
    private void Commit(PlannedHost host, List<IPAddress> from, List<IPAddress> to, List<IPAddress>? own)
    {
        var batch = new NftBatch();
        if (from.Count == 0 && to.Count == 0)
            batch.RemoveTable(Nf.NFPROTO_NETDEV, Table);
        else
        {
            batch.Table(Nf.NFPROTO_NETDEV, Table);
            AddSets(batch, "from", from);
            AddSets(batch, "to", to);
            AddSets(batch, "own", own ?? []);
            foreach (PlannedInterface link in host.Interfaces)
            {
                AddRules(batch.Chain(Ingress + link.Device, Nf.NF_NETDEV_INGRESS, First, link.Device), Ingress + link.Device, "from", source: true, own != null);
                if (hasEgress)
                    AddRules(batch.Chain(Egress + link.Device, Nf.NF_NETDEV_EGRESS, First, link.Device), Egress + link.Device, "to", source: false, own != null);
            }
        }
        network.OnHost(host.Index, _ =>
        {
            using var socket = new NetfilterSocket();
            socket.Commit(batch);
            return true;
        });
    }

    private static void AddSets(NftBatch batch, string name, List<IPAddress> addresses)
    {
        batch.Set(name + "4", [NftField.IPv4]);
        batch.Set(name + "6", [NftField.IPv6]);
        foreach (IPAddress address in addresses.Distinct())
            batch.Element(name + (address.AddressFamily == AddressFamily.InterNetwork ? "4" : "6"), address.GetAddressBytes());
    }

    /// <summary>
    /// What a router only passes on for others is none of the partition's business, so there its own address must be the other one.
    /// Neighbour discovery passes, as ARP does: a host must find the router that it is cut off from, and a way is no way without
    /// the answer to who is there.
    /// </summary>
    private static void AddRules(NftBatch batch, string chain, string set, bool source, bool checkOwn)
    {
        batch.Rule(chain).EtherType(EtherTypes.ETH_P_IPV6).LoadNetwork(0, 6, 1).Compare(0, Nft.NFT_CMP_EQ, [Icmp6])
            .LoadNetwork(0, 40, 1).Compare(0, Nft.NFT_CMP_GT, [FirstDiscovery - 1]).Compare(0, Nft.NFT_CMP_LT, [LastDiscovery + 1]).Verdict(Nf.NF_ACCEPT);
        foreach (var (type, version, at, length) in ((ushort, string, int, int)[])[(EtherTypes.ETH_P_IP, "4", 12, 4), (EtherTypes.ETH_P_IPV6, "6", 8, 16)])
        {
            NftRule rule = batch.Rule(chain).EtherType(type).LoadNetwork(0, source ? at : at + length, length).In(set + version, 0);
            if (checkOwn)
                rule.LoadNetwork(0, source ? at + length : at, length).In("own" + version, 0);
            rule.Verdict(Nf.NF_DROP);
        }
    }
}
