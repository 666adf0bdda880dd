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

    private RouteLoops(IReadOnlyList<NodeDraft> nodes, AddressFamily family)
    {
        (this.nodes, this.family) = (nodes, family);
        foreach (LinkDraft link in nodes.SelectMany(n => n.Links))
            foreach (NetworkAddress address in link.Addresses)
                owners[address.Address] = link.Node;
    }

    public static void Find(IReadOnlyList<NodeDraft> nodes, List<string> problems)
    {
        foreach (AddressFamily family in AddressPlanner.Families)
            new RouteLoops(nodes, family).Find(problems);
    }

    private void Find(List<string> problems)
    {
        NodeDraft[] starts = [.. nodes.Where(n => n.IsRouter && n.GivenDestinations.Count > 0)];
        if (starts.Length == 0)
            return;
        IPAddress[] samples = [.. nodes.SelectMany(Prefixes).Distinct().SelectMany(Ends).Distinct()];
        var told = new HashSet<string>();
        foreach (NodeDraft start in starts)
            foreach (IPAddress sample in samples)
                if (Circle(start, sample) is { } circle && circle.Where(n => IsGiven(n, sample)).MinBy(n => n.Index) == start)
                {
                    PlannedRoute route = Route(start, sample)!;
                    string way = string.Join(" → ", circle.Append(start).Select(n => n.Declaration.Name));
                    if (told.Add($"{route.Destination} {way}"))
                        problems.Add($"{start.Title}: the route to \"{route.Destination}\" via {route.Gateway} makes a loop for {sample}: {way}. Let one of them send it another way.");
                }
    }

    /// <summary>The routers that a packet comes past again and again, if it comes back to where it started.</summary>
    private List<NodeDraft>? Circle(NodeDraft start, IPAddress destination)
    {
        var way = new List<NodeDraft>();
        for (NodeDraft? at = start; at != null; at = Next(at, destination))
        {
            if (way.Contains(at))
                return at == start ? way : null; // another circle, which another start finds
            way.Add(at);
        }
        return null;
    }

    private static bool IsGiven(NodeDraft node, IPAddress destination) => node.GivenDestinations.Contains(Route(node, destination)!.Destination);

    private NodeDraft? Next(NodeDraft node, IPAddress destination) => Route(node, destination) is { } route ? owners[route.Gateway] : null;

    /// <summary>The route of the longest prefix; null where the node delivers the packet itself, or drops it.</summary>
    private static PlannedRoute? Route(NodeDraft node, IPAddress destination)
    {
        int delivered = node.Links.Max(l => l.Network.Pool(destination.AddressFamily) is { } pool && pool.Prefix.Contains(destination) ? pool.Prefix.PrefixLength : -1);
        PlannedRoute? best = node.Routes.Where(r => r.Destination.Contains(destination)).MaxBy(r => r.Destination.PrefixLength);
        return best != null && best.Destination.PrefixLength > delivered ? best : null;
    }

    private IEnumerable<IPNetwork> Prefixes(NodeDraft node) => node.Routes.Select(r => r.Destination)
        .Concat(node.Links.Select(l => l.Network.Pool(family)?.Prefix).OfType<IPNetwork>())
        .Where(p => p.BaseAddress.AddressFamily == family);

    /// <summary>Where a prefix begins, and where it is over.</summary>
    private static IPAddress[] Ends(IPNetwork prefix) => [prefix.BaseAddress, NetworkAddress.Add(NetworkAddress.Last(prefix), 1)];
}
