using System.Net;
using System.Net.Sockets;

namespace NsFixture.Networking;

/// <summary>Gives hosts and routers their routes: those declared, then those that follow from who is on which network.</summary>
internal sealed class RoutePlanner
{
    private readonly IReadOnlyList<NodeDraft> nodes;
    private readonly IReadOnlyDictionary<string, NodeDraft> byName;
    private readonly List<string> problems;
    private readonly ILookup<NetworkDraft, NodeDraft> routersOn;

    public RoutePlanner(IReadOnlyList<NodeDraft> nodes, IReadOnlyDictionary<string, NodeDraft> byName, List<string> problems)
    {
        (this.nodes, this.byName, this.problems) = (nodes, byName, problems);
        routersOn = nodes.Where(n => n.IsRouter).SelectMany(r => r.Links.Select(l => l.Network).Distinct().Select(network => (network, r))).ToLookup(p => p.network, p => p.r);
    }

    /// <summary>Takes the static routes over.</summary>
    public void AddDeclared()
    {
        foreach (NodeDraft node in nodes)
            foreach (RouteDeclaration route in node.Declaration.Routes)
                AddDeclared(node, route, $"{node.Title}: the route to \"{route.Destination}\" via \"{route.Via}\"");
    }

    /// <summary>Adds the routes that nobody declared.</summary>
    public void AddDerived(IReadOnlyList<NetworkDraft> networks)
    {
        foreach (AddressFamily family in AddressPlanner.Families)
            foreach (NodeDraft node in nodes.Where(n => n.Declaration.HasDerivedRoutes))
                if (node.IsRouter)
                    AddRoutesOfRouter(node, networks, family);
                else
                    AddDefaultRoute(node, family);
        foreach (NodeDraft node in nodes)
        {
            PlannedRoute[] ordered = [.. node.Routes.OrderBy(r => r.Gateway.AddressFamily == AddressFamily.InterNetworkV6)]; // stable
            node.Routes.Clear();
            node.Routes.AddRange(ordered);
        }
    }

    private void AddDeclared(NodeDraft node, RouteDeclaration route, string title)
    {
        bool isDefault = route.Destination == NodeDeclaration.DefaultDestination;
        IPNetwork? destination = isDefault ? null : NetworkAddress.ParsePrefix(route.Destination);
        if (!isDefault && destination == null)
        {
            problems.Add($"{title} has no destination: use a network in CIDR notation with its host bits zero, such as \"10.9.0.0/16\" or \"::/0\".");
            return;
        }
        if (destination is { } own && node.Links.Find(l => l.Network.Pool(own.BaseAddress.AddressFamily)?.Prefix == own) is { } there)
        {
            problems.Add($"{title} leads to a network that it is on, by {there.Device}: leave it out, or give a longer prefix.");
            return;
        }
        if (NetworkAddress.TryParse(route.Via, out IPAddress? address))
        {
            if (destination is { } d && d.BaseAddress.AddressFamily != address.AddressFamily)
                problems.Add($"{title} mixes IPv4 and IPv6: give a gateway of the destination's kind, or its name.");
            else if (GatewayAt(node, address, title) is { } link)
                Add(node, destination ?? Everything(address.AddressFamily), address, link, route.Via, title);
        }
        else if (GatewayNamed(node, route.Via, title) is { } gateway)
            AddVia(node, gateway, destination is { } d ? [d] : [.. AddressPlanner.Families.Select(Everything)], route.Via, title);
    }

    private void AddVia(NodeDraft node, NodeDraft gateway, IPNetwork[] destinations, string via, string title)
    {
        int added = 0;
        foreach (IPNetwork destination in destinations)
        {
            AddressFamily family = destination.BaseAddress.AddressFamily;
            LinkDraft? link = node.Links.Find(l => l.Address(family) != null && gateway.LinkTo(l.Network, family) != null);
            if (link == null)
                continue;
            Add(node, destination, gateway.LinkTo(link.Network, family)!.Address(family)!, link, via, title);
            added++;
        }
        if (added == 0 && node.IsWhole && gateway.IsWhole)
            problems.Add($"{title} cannot be: the two share no network with {NetworkAddress.Kind(destinations[0].BaseAddress.AddressFamily)}.");
    }

    private NodeDraft? GatewayNamed(NodeDraft node, string name, string title)
    {
        if (!byName.TryGetValue(name, out NodeDraft? gateway))
            problems.Add($"{title} has no gateway: no host has the name \"{name}\". The routers are {Routers()}.");
        else if (gateway == node)
            problems.Add($"{title} leads to itself: name the router that is next on the way.");
        else if (!gateway.IsRouter)
            problems.Add($"{title} goes through a host that does not forward: declare \"{name}\" by WithRouter.");
        else if (!gateway.Links.Exists(g => node.Links.Exists(l => l.Network == g.Network)))
            problems.Add($"{title} has an unreachable gateway: \"{name}\" is on {NetworksOf(gateway)}, not on {NetworksOf(node)}.");
        else
            return gateway;
        return null;
    }

    private LinkDraft? GatewayAt(NodeDraft node, IPAddress address, string title)
    {
        LinkDraft? link = node.Links.Find(l => l.Address(address.AddressFamily) != null && l.Network.Pool(address.AddressFamily)!.Prefix.Contains(address));
        if (link == null)
        {
            if (node.IsWhole) // else an address that was refused is named, and may be why
                problems.Add($"{title} has an unreachable gateway: the address is on none of its networks, {NetworksOf(node)}.");
            return null;
        }
        LinkDraft? owner = link.Network.Pool(address.AddressFamily)!.OwnerOf(address);
        if (owner == null && link.Network.Links.TrueForAll(l => l.IsWhole))
            problems.Add($"{title} has no gateway: nothing on network \"{link.Network.Name}\" has that address. The routers are {Routers()}.");
        else if (owner?.Node == node)
            problems.Add($"{title} leads to itself: name the router that is next on the way.");
        else if (owner is { Node.IsRouter: false })
            problems.Add($"{title} goes through a host that does not forward: declare \"{owner.Node.Declaration.Name}\" by WithRouter.");
        else if (owner != null)
            return link;
        return null;
    }

    private void Add(NodeDraft node, IPNetwork destination, IPAddress gateway, LinkDraft link, string via, string title)
    {
        if (!node.GivenDestinations.Add(destination))
            problems.Add($"{title} is its second one to {destination}: leave one out.");
        else
            node.Routes.Add(new PlannedRoute(destination, gateway, link.Index) { Via = via });
    }

    private void AddDefaultRoute(NodeDraft host, AddressFamily family)
    {
        IPNetwork everything = Everything(family);
        if (host.GivenDestinations.Contains(everything))
            return;
        foreach (LinkDraft link in host.Links.Where(l => l.Address(family) != null))
            if (routersOn[link.Network].Where(r => !Hides(r, link.Network, family)).Select(r => r.LinkTo(link.Network, family)).FirstOrDefault(l => l != null) is { } gateway)
            {
                host.Routes.Add(new PlannedRoute(everything, gateway.Address(family)!, link.Index));
                return;
            }
    }

    /// <summary>
    /// Breadth first over the routers. Those next to this one are visited in the order of declaration, and the queue keeps the
    /// order of the first steps at every depth: so, of equally short ways, the one through the router declared first wins.
    /// </summary>
    private void AddRoutesOfRouter(NodeDraft router, IReadOnlyList<NetworkDraft> networks, AddressFamily family)
    {
        var steps = new Dictionary<NetworkDraft, (IPAddress Gateway, LinkDraft Link)>();
        var seen = new HashSet<NodeDraft> { router };
        (IPAddress Gateway, LinkDraft Link)? wayOut = null;
        var queue = new Queue<(NodeDraft Node, NetworkDraft From, IPAddress Gateway, LinkDraft Link)>();
        HashSet<NetworkDraft> own = [.. router.Links.Where(l => l.Address(family) != null).Select(l => l.Network)];
        foreach (NodeDraft next in own.SelectMany(n => routersOn[n]).Distinct().OrderBy(n => n.Index))
            if (next != router && router.Links.Find(l => l.Address(family) != null && next.LinkTo(l.Network, family) != null) is { } link && seen.Add(next))
                queue.Enqueue((next, link.Network, next.LinkTo(link.Network, family)!.Address(family)!, link));
        while (queue.TryDequeue(out var at))
        {
            if (family == AddressFamily.InterNetworkV6 && IsOutside(at.Node, at.From) && at.Node.Nat!.Outside6 is { } translated)
            {
                if (!router.GivenDestinations.Contains(translated))
                    router.Routes.Add(new PlannedRoute(translated, at.Gateway, at.Link.Index));
                continue;
            }
            if (Hides(at.Node, at.From, family))
                continue;
            if (at.Node.Declaration.Egress != null)
                wayOut ??= (at.Gateway, at.Link);
            foreach (NetworkDraft network in at.Node.Links.Where(l => l.Address(family) != null).Select(l => l.Network))
                if (!own.Contains(network) && steps.TryAdd(network, (at.Gateway, at.Link)))
                    foreach (NodeDraft next in routersOn[network])
                        if (next.LinkTo(network, family) != null && seen.Add(next))
                            queue.Enqueue((next, network, at.Gateway, at.Link));
        }
        foreach (NetworkDraft network in networks)
            if (steps.TryGetValue(network, out var step) && !router.GivenDestinations.Contains(network.Pool(family)!.Prefix))
                router.Routes.Add(new PlannedRoute(network.Pool(family)!.Prefix, step.Gateway, step.Link.Index));
        if (wayOut is { } way && router.Declaration.Egress == null && !router.GivenDestinations.Contains(Everything(family)))
            router.Routes.Add(new PlannedRoute(Everything(family), way.Gateway, way.Link.Index));
    }

    /// <summary>Whether nobody on a network can reach what is behind a router, because its NAT is between them.</summary>
    private static bool Hides(NodeDraft router, NetworkDraft from, AddressFamily family) => IsOutside(router, from) &&
        (family == AddressFamily.InterNetwork ? router.Nat!.Settings.TranslatesIPv4 : router.Nat!.Settings.IPv6 == NatIPv6.Masquerade);

    private static bool IsOutside(NodeDraft router, NetworkDraft network) => router.Nat is { } nat && router.Links.Find(l => l.Index == nat.Outside)?.Network == network;

    private string Routers() => nodes.Any(n => n.IsRouter) ? string.Join(", ", nodes.Where(n => n.IsRouter).Select(n => n.Declaration.Name)) : "none";

    private static string NetworksOf(NodeDraft node) => string.Join(" and ", node.Links.Select(l => $"\"{l.Network.Name}\"").Distinct().DefaultIfEmpty("none"));

    private static IPNetwork Everything(AddressFamily family) => new(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
}
