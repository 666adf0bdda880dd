using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace NsFixture.Networking;

/// <summary>
/// Finds destinations whose packets static routes send in circles. Derived routes alone cannot: each leads one router nearer.
/// <para>
/// Between two neighbouring ends of prefixes every address is routed alike, so one address of each such stretch stands for all;
/// and a circle has a router in it that uses a static route, so it is enough to start from those.
/// </para>
/// </summary>
internal sealed class RouteLoops
{
    private readonly IReadOnlyList<NodeDraft> nodes;
    private readonly AddressFamily family;
    private readonly Dictionary<IPAddress, NodeDraft> owners = [];
    private readonly Dictionary<NodeDraft, Table> tables = [];

    private RouteLoops(IReadOnlyList<NodeDraft> nodes, AddressFamily family)
    {
        (this.nodes, this.family) = (nodes, family);
        foreach (LinkDraft link in nodes.SelectMany(n => n.Links))
            foreach (NetworkAddress address in link.Addresses)
                owners[address.Address] = link.Node;
        foreach (NodeDraft node in nodes)
            tables.Add(node, new Table(node, family));
    }

    public static void Find(IReadOnlyList<NodeDraft> nodes, List<string> problems)
    {
        if (nodes.Any(n => n.IsRouter && n.GivenDestinations.Count > 0))
            foreach (AddressFamily family in AddressPlanner.Families)
                new RouteLoops(nodes, family).Find(problems);
    }

    private void Find(List<string> problems)
    {
        IPAddress[] samples = [.. nodes.SelectMany(Prefixes).Distinct().SelectMany(Ends).Distinct()];
        var told = new HashSet<string>();
        foreach (NodeDraft start in nodes.Where(n => n.IsRouter && n.GivenDestinations.Count > 0))
            foreach (IPAddress sample in samples)
                if (IsGiven(start, sample) && Circle(start, sample) is { } circle && circle.Where(n => IsGiven(n, sample)).MinBy(n => n.Index) == start)
                {
                    PlannedRoute route = tables[start].Route(sample)!;
                    string way = string.Join(" → ", circle.Append(start).Select(n => n.Declaration.Name));
                    if (told.Add($"{route.Destination} {way}"))
                        problems.Add($"{start.Title}: the route to \"{route.Destination}\" via {route.Gateway} makes a loop for {sample}: {way}. Let one of them send it another way.");
                }
    }

    /// <summary>The routers that a packet comes past again and again, if it comes back to where it started.</summary>
    private List<NodeDraft>? Circle(NodeDraft start, IPAddress destination)
    {
        var way = new List<NodeDraft>();
        var seen = new HashSet<NodeDraft>();
        for (NodeDraft? at = start; at != null; at = tables[at].Route(destination) is { } route ? owners[route.Gateway] : null)
        {
            if (!seen.Add(at))
                return at == start ? way : null; // another circle, which another start finds
            way.Add(at);
        }
        return null;
    }

    private bool IsGiven(NodeDraft node, IPAddress destination) => tables[node].Route(destination) is { } route && node.GivenDestinations.Contains(route.Destination);

    private IEnumerable<IPNetwork> Prefixes(NodeDraft node) => node.Routes.Select(r => r.Destination)
        .Concat(node.Links.Select(l => l.Network.Pool(family)?.Prefix).OfType<IPNetwork>())
        .Where(p => p.BaseAddress.AddressFamily == family);

    /// <summary>Where a prefix begins, and where it is over.</summary>
    private static IPAddress[] Ends(IPNetwork prefix) => [prefix.BaseAddress, NetworkAddress.Add(NetworkAddress.Last(prefix), 1)];

    /// <summary>A node's routes and networks by the length of their prefixes: hundreds of routers look up hundreds of addresses each.</summary>
    private sealed class Table
    {
        // A null route: the node delivers the packet itself.
        private readonly List<(int Length, Dictionary<UInt128, PlannedRoute?> Routes)> lengths;

        public Table(NodeDraft node, AddressFamily family)
        {
            var entries = node.Routes.Select(r => (Prefix: r.Destination, Route: (PlannedRoute?)r)).ToDictionary(e => e.Prefix, e => e.Route);
            foreach (LinkDraft link in node.Links)
                if (link.Network.Pool(family) is { } pool)
                    entries[pool.Prefix] = null;
            lengths = [.. entries.Where(e => e.Key.BaseAddress.AddressFamily == family).GroupBy(e => e.Key.PrefixLength).OrderByDescending(g => g.Key)
                .Select(g => (g.Key, g.ToDictionary(e => Number(e.Key.BaseAddress), e => e.Value)))];
        }

        /// <summary>The route of the longest prefix; null where the node delivers the packet itself, or drops it.</summary>
        public PlannedRoute? Route(IPAddress destination)
        {
            UInt128 number = Number(destination);
            foreach (var (length, routes) in lengths)
                if (routes.TryGetValue(length == 0 ? 0 : number & (UInt128.MaxValue << (128 - length)), out PlannedRoute? route))
                    return route;
            return null;
        }

        /// <summary>The address's bits, from the highest on.</summary>
        private static UInt128 Number(IPAddress address)
        {
            Span<byte> bytes = stackalloc byte[16];
            bytes.Clear();
            address.TryWriteBytes(bytes, out _);
            return BinaryPrimitives.ReadUInt128BigEndian(bytes);
        }
    }
}
