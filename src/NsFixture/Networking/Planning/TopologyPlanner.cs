using System.Net;

namespace NsFixture.Networking;

/// <summary>
/// Makes a <see cref="NetworkPlan"/> of what was declared, or names all that is wrong with it. A step goes on with what the
/// steps before it found right, and says nothing that only follows from what they found wrong.
/// </summary>
internal sealed class TopologyPlanner
{
    public const int MaxDeviceName = 15; // IFNAMSIZ less the zero byte
    private const int MinMtu = 68, MaxMtu = 65535, MinMtu6 = 1280; // RFC 791, RFC 8200

    private readonly TopologyDeclarations declared;
    private readonly List<string> problems = [];
    private readonly List<NetworkDraft> networks = [];
    private readonly List<NodeDraft> nodes = [];
    private readonly Dictionary<string, NetworkDraft> networksByName = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, NodeDraft> nodesByName = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, PlannedRegion> regionsByName = new(StringComparer.OrdinalIgnoreCase);

    private TopologyPlanner(TopologyDeclarations declared) => this.declared = declared;

    /// <exception cref="InvalidTopologyException">The topology cannot be; all that is wrong is named.</exception>
    public static NetworkPlan Plan(TopologyDeclarations declared) => new TopologyPlanner(declared).Plan();

    private NetworkPlan Plan()
    {
        if (declared.Networks.Count == 0)
            throw new InvalidTopologyException(["The topology is empty: it has no network that hosts could be on. Add one by WithNetwork, or begin with Topology.Of."]);
        foreach (NetworkDeclaration network in declared.Networks)
            AddNetwork(new NetworkDraft(networks.Count, network));
        foreach (NodeDeclaration node in InOrder())
            AddNode(new NodeDraft(nodes.Count, node));
        foreach (NodeDraft node in nodes)
            AddDnsNames(node);
        foreach (NodeDraft node in nodes)
            AddLinks(node);
        new AddressPlanner(networks, nodes, problems).Plan();
        var routes = new RoutePlanner(nodes, nodesByName, problems);
        routes.AddDeclared();
        List<PlannedRegion> regions = [.. declared.Regions.Select(PlanRegion)];
        List<RegionConditions> conditions = PlanRegionConditions();
        // With a way out there are names that only a name server can know.
        PlannedDns? dns = DnsPlanner.Plan(declared.Dns ?? (declared.Nodes.Any(n => n.Egress != null) ? new DnsDeclaration() : null), problems);
        PlanFilters();
        PlanEgress();
        if (nodes.TrueForAll(n => n.IsWhole))
        {
            routes.AddDerived(networks);
            RouteLoops.Find(nodes, problems);
        }
        long? seed = EnvironmentSettings.Seed(out string? problem);
        if (declared.Seed == null && problem != null)
            problems.Add(problem);
        if (problems.Count > 0)
            throw new InvalidTopologyException(problems);
        return new NetworkPlan([.. networks.Select(Planned)], [.. nodes.Select(Planned)], regions, conditions)
        {
            Seed = declared.Seed ?? seed ?? NetworkPlan.DefaultSeed, Dns = dns,
        };
    }

    /// <summary>The test's host before all others, wherever it is declared, if it is.</summary>
    private IEnumerable<NodeDeclaration> InOrder()
    {
        NodeDeclaration test = declared.Nodes.FirstOrDefault(n => n.Name.Equals(declared.TestHostName, StringComparison.OrdinalIgnoreCase)) ?? new HostDeclaration(declared.TestHostName);
        return declared.Nodes.Where(n => !ReferenceEquals(n, test)).Prepend(test);
    }

    private void AddNetwork(NetworkDraft network)
    {
        networks.Add(network);
        CheckLabel(network.Title, network.Name);
        if (!networksByName.TryAdd(network.Name, network))
            problems.Add($"{network.Title}: the name is taken by another network: names differ in more than case.");
        CheckMtu(network.Title, network.Declaration.Mtu, network);
        CheckConditions(network.Title, network.Declaration.Up, network.Declaration.Down);
    }

    private void AddNode(NodeDraft node)
    {
        nodes.Add(node);
        string name = node.Declaration.Name;
        CheckLabel(node.Title, name);
        if (DnsName.IsLabel(name) && DnsName.IsReserved(name))
            problems.Add($"{node.Title}: Name = \"{name}\" is reserved: programs take it for this machine, or for an address.");
        if (!nodesByName.TryAdd(name, node))
            problems.Add($"{node.Title}: the name is taken by another host: names differ in more than case.");
    }

    private void AddDnsNames(NodeDraft node)
    {
        foreach (string name in node.Declaration.DnsNames)
            if (!DnsName.IsName(name))
                problems.Add($"{node.Title}: DnsName = \"{name}\" is not a DNS name: {DnsName.NameRule}.");
            else if (DnsName.IsReserved(name))
                problems.Add($"{node.Title}: DnsName = \"{name}\" is reserved: programs take it for this machine, or for an address.");
            else if (!nodesByName.TryAdd(name, node))
                problems.Add($"{node.Title}: DnsName = \"{name}\" is taken by {char.ToLowerInvariant(nodesByName[name].Title[0])}{nodesByName[name].Title[1..]}: a name belongs to one host, once.");
    }

    private void AddLinks(NodeDraft node)
    {
        IReadOnlyList<InterfaceDeclaration> interfaces = node.Declaration.Interfaces;
        if (interfaces.Count == 0)
            interfaces = [.. networks.Take(node.IsRouter ? networks.Count : 1).Select(n => new InterfaceDeclaration(n.Name))];
        var devices = new HashSet<string>();
        foreach (var (index, declaration) in interfaces.Index())
        {
            string title = $"{node.Title}, {declaration.Name ?? $"eth{index}"}";
            CheckConditions(title, declaration.Up, declaration.Down);
            CheckDevice(node, declaration.Name ?? $"eth{index}", devices);
            if (!networksByName.TryGetValue(declaration.Network, out NetworkDraft? network))
            {
                problems.Add($"{title}: Network = \"{declaration.Network}\" does not exist: the networks are {string.Join(", ", networks.Select(n => n.Name))}.");
                continue;
            }
            if (declaration.Mtu is { } mtu)
                CheckMtu(title, mtu, network);
            var link = new LinkDraft(node, index, declaration, network);
            node.Links.Add(link);
            network.Links.Add(link);
        }
    }

    private void CheckDevice(NodeDraft node, string name, HashSet<string> others)
    {
        if (name.Length is 0 or > MaxDeviceName || name is "." or ".." or "lo" or "all" or "default" || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            problems.Add($"{node.Title}: interface Name = \"{name}\" cannot be: 1 to {MaxDeviceName} letters, digits, hyphens, underscores and dots, and not lo, all or default.");
        else if (!others.Add(name))
            problems.Add($"{node.Title}: interface Name = \"{name}\" is that of two: give each its own.");
    }

    private void CheckLabel(string title, string name)
    {
        if (!DnsName.IsLabel(name))
            problems.Add($"{title}: Name = \"{name}\" is not a name{(name.Length > 63 ? $" (it has {name.Length} characters)" : "")}: {DnsName.LabelRule}.");
    }

    private void CheckMtu(string title, int mtu, NetworkDraft network)
    {
        if (mtu is < MinMtu or > MaxMtu)
            problems.Add($"{title}: Mtu = {mtu} is out of range: {(network.Declaration.HasIPv6 ? MinMtu6 : MinMtu)} to {MaxMtu} bytes.");
        else if (mtu < MinMtu6 && network.Declaration.HasIPv6)
            problems.Add($"{title}: Mtu = {mtu} is too small for IPv6: {MinMtu6} to {MaxMtu} bytes, or {MinMtu} on a network WithoutIPv6.");
    }

    private void CheckConditions(string title, LinkConditions? up, LinkConditions? down)
    {
        if (up != null && up == down)
            problems.AddRange(up.Problems(title));
        else
            problems.AddRange([.. up?.Problems($"{title}, up") ?? [], .. down?.Problems($"{title}, down") ?? []]);
    }

    private PlannedRegion PlanRegion(RegionDeclaration region, int index)
    {
        string title = $"Region \"{region.Name}\"";
        CheckLabel(title, region.Name);
        var hosts = new List<int>();
        if (region.Hosts.Count == 0)
            problems.Add($"{title} has no hosts: name at least one.");
        foreach (string name in region.Hosts)
            if (!nodesByName.TryGetValue(name, out NodeDraft? node))
                problems.Add($"{title}: Host = \"{name}\" does not exist: the hosts are {string.Join(", ", nodes.Select(n => n.Declaration.Name))}.");
            else if (hosts.Contains(node.Index))
                problems.Add($"{title}: Host = \"{name}\" stands twice: leave one out.");
            else if (regionsByName.Values.FirstOrDefault(r => r.Hosts.Contains(node.Index)) is { } other)
                problems.Add($"{title}: Host = \"{name}\" is in region \"{other.Name}\" already: a host is in one region.");
            else
                hosts.Add(node.Index);
        var planned = new PlannedRegion(index, region.Name, hosts);
        if (!regionsByName.TryAdd(region.Name, planned))
            problems.Add($"{title}: the name is taken by another region: names differ in more than case.");
        return planned;
    }

    private List<RegionConditions> PlanRegionConditions()
    {
        var planned = new List<RegionConditions>();
        foreach (RegionConditionsDeclaration pair in declared.RegionConditions)
        {
            string title = $"Region \"{pair.From}\" to \"{pair.To}\"";
            foreach (string name in ((string[])[pair.From, pair.To]).Distinct())
                if (!regionsByName.ContainsKey(name))
                    problems.Add($"{title}: Region = \"{name}\" does not exist: the regions are {string.Join(", ", declared.Regions.Select(r => r.Name).DefaultIfEmpty("none"))}.");
            problems.AddRange(pair.Conditions.Problems(title));
            if (!regionsByName.TryGetValue(pair.From, out PlannedRegion? from) || !regionsByName.TryGetValue(pair.To, out PlannedRegion? to))
                continue;
            if (planned.Exists(p => p.From == from.Index && p.To == to.Index))
                problems.Add($"{title}: its conditions are set twice: leave one out.");
            planned.Add(new RegionConditions(from.Index, to.Index, pair.Conditions));
        }
        return planned;
    }

    private void PlanFilters()
    {
        var filters = new FilterPlanner(
            name => nodesByName.TryGetValue(name, out NodeDraft? node) ? [.. node.Links.SelectMany(l => l.Addresses).Select(a => a.Address)] : null,
            name => networksByName.TryGetValue(name, out NetworkDraft? network) ? [.. ((AddressPool?[])[network.Pool4, network.Pool6]).OfType<AddressPool>().Select(p => p.Prefix)] : null,
            problems);
        foreach (NodeDraft node in nodes)
        {
            FilterInterface[] interfaces = [.. node.Links.Select(l => new FilterInterface(l.Index, l.Network.Name, l.Network.Pool4?.Prefix, l.Network.Pool6?.Prefix))];
            node.Nat = node.Declaration.Nat is { } nat ? filters.Plan(node.Title, interfaces, nat) : null;
            node.Firewall = node.Declaration.Firewall is { } firewall ? filters.Plan(node.Title, interfaces, firewall) : null;
        }
    }

    private void PlanEgress()
    {
        NodeDraft[] leading = [.. nodes.Where(n => n.Declaration.Egress != null)];
        foreach (NodeDraft other in leading.Skip(1))
            problems.Add($"{other.Title}: Egress is {char.ToLowerInvariant(leading[0].Title[0])}{leading[0].Title[1..]}'s already: there is one way to the machine's network.");
        foreach (NodeDraft node in leading.Take(1))
        {
            IPAddress? machine = null;
            if (node.Declaration.Egress!.Machine is { } given && !NetworkAddress.TryParse(given, out machine))
                problems.Add($"{node.Title}: Egress: \"{given}\" is not an IPv4 or IPv6 address.");
            else if (machine != null && networks.Find(n => n.Pool(machine.AddressFamily)?.Prefix.Contains(machine) == true) is { } network)
                problems.Add($"{node.Title}: Egress: {machine} is of network \"{network.Name}\": what is to stand for the machine is on none of the networks. 192.0.2.2 and 2001:db8::2 are nobody's.");
            else if (machine != null && new PlannedEgress(null).Outside(new IPEndPoint(machine, 1)) == null)
                problems.Add($"{node.Title}: Egress: {machine} is nothing that routers pass on: give an address such as 192.0.2.2.");
            node.Egress = new PlannedEgress(machine);
        }
    }

    private static PlannedNetwork Planned(NetworkDraft network) =>
        new(network.Index, network.Name, network.Declaration.Mtu, network.Pool4?.Prefix, network.Pool6?.Prefix, network.Links.Count)
        {
            Up = Needed(network.Declaration.Up), Down = Needed(network.Declaration.Down),
        };

    private static PlannedHost Planned(NodeDraft node) =>
        new(node.Index, node.Declaration.Name, node.IsRouter, node.Declaration.DnsNames, [.. node.Links.Select(Planned)], node.Routes)
        { Nat = node.Nat, Firewall = node.Firewall, Egress = node.Egress, HasDerivedRoutes = node.Declaration.HasDerivedRoutes };

    private static PlannedInterface Planned(LinkDraft link)
    {
        NetworkDeclaration network = link.Network.Declaration;
        NetworkAddress[] addresses = [.. link.Addresses.OrderBy(a => a.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6)]; // stable
        return new PlannedInterface(link.Node.Index, link.Index, link.Device, link.Network.Index, HardwareAddress(link, addresses.FirstOrDefault()), addresses, link.Mtu,
            Needed(link.Declaration.Up ?? network.Up), Needed(link.Declaration.Down ?? network.Down));
    }

    /// <summary>By the IPv4 address; without one by the places of network and link, as the ends of IPv6 addresses may be alike.</summary>
    private static byte[] HardwareAddress(LinkDraft link, NetworkAddress? first)
    {
        if (first?.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            return NetworkAddress.HardwareAddress(first.Address, 0);
        int number = link.Network.Links.IndexOf(link);
        return [0x02, 0x06, (byte)(link.Network.Index >> 8), (byte)link.Network.Index, (byte)(number >> 8), (byte)number];
    }

    private static LinkConditions? Needed(LinkConditions? conditions) => conditions == LinkConditions.Perfect ? null : conditions;
}
