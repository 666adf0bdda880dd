using System.Net;
using System.Net.Sockets;

namespace NsFixture.Networking;

/// <summary>
/// A checked and resolved <see cref="Topology"/>: all that is to be built, in the order of declaration, with nothing left to
/// decide. It follows from the topology alone, so that every run has the same names, addresses and routes.
/// </summary>
internal sealed record NetworkPlan(
    IReadOnlyList<PlannedNetwork> Networks,
    IReadOnlyList<PlannedHost> Hosts,
    IReadOnlyList<PlannedRegion> Regions,
    IReadOnlyList<RegionConditions> RegionConditions)
{
    /// <summary>What the emulator's decisions follow from.</summary>
    public const long DefaultSeed = 1;

    /// <inheritdoc cref="DefaultSeed"/>
    public long Seed { get; init; } = DefaultSeed;

    /// <summary>The host the test runs on: always the first.</summary>
    public PlannedHost Test => Hosts[0];

    /// <summary>The hosts that there are: a removed one keeps its place in <see cref="Hosts"/> only.</summary>
    public IEnumerable<PlannedHost> Present => Hosts.Where(h => !h.IsRemoved);

    /// <summary>What the name server says; null: there is none, until one is asked for.</summary>
    public PlannedDns? Dns { get; init; }

    /// <summary>Whether there is a way to the machine's network.</summary>
    public bool HasEgress => Hosts.Any(h => h is { IsRemoved: false, Egress: not null });

    /// <summary>Whether a router translates between IPv6 and IPv4.</summary>
    public bool HasNat64 => Hosts.Any(h => h.Nat is { Settings.HasNat64: true });

    /// <summary>What is plugged into a network, in the order of the hosts.</summary>
    public IEnumerable<PlannedInterface> LinksOf(int network) => Hosts.SelectMany(h => h.Interfaces).Where(i => i.Network == network);

    /// <summary>Whether a host is told addresses behind a NAT64, of names without IPv6.</summary>
    public bool IsOnDns64(PlannedHost host) =>
        Dns is { HasDns64: true } && !host.Interfaces.Any(i => i.Addresses.Any(a => a.Address.AddressFamily == AddressFamily.InterNetwork));

    /// <summary>The host of that name, own or further, in any case; null: there is none.</summary>
    public PlannedHost? Find(string name) => Present.FirstOrDefault(h => h.DnsNames.Prepend(h.Name).Contains(name, StringComparer.OrdinalIgnoreCase));

    /// <summary>Whether any link or region has conditions.</summary>
    public bool HasConditions => RegionConditions.Count > 0 || Hosts.Any(h => h.Interfaces.Any(i => i.Up != null || i.Down != null));

    /// <summary>
    /// Whether the emulator is the network's switch from the start: because of conditions of its links, or of what hosts on it send to
    /// other regions.
    /// </summary>
    public bool IsEmulated(PlannedNetwork network) => HasConditions && Hosts.Any(h => h.Interfaces.Any(i => i.Network == network.Index
        && (NeedsEmulator(i.Up) || NeedsEmulator(i.Down) || RegionConditions.Any(r => Regions[r.From].Hosts.Contains(h.Index)))));

    /// <summary>Whether there is more to do than to limit a rate, which the kernel can.</summary>
    public static bool NeedsEmulator(LinkConditions? conditions) =>
        conditions != null && conditions.WithRate(null).WithQueueLength(LinkConditions.Perfect.QueueLength) != LinkConditions.Perfect;
}

/// <summary>A network: an L2 segment.</summary>
/// <param name="Index">Its place in <see cref="NetworkPlan.Networks"/>.</param>
/// <param name="Name">An RFC 1123 label, unique among networks.</param>
/// <param name="Mtu">In bytes.</param>
/// <param name="Subnet">The IPv4 prefix; null without IPv4.</param>
/// <param name="Subnet6">The IPv6 prefix; null without IPv6.</param>
/// <param name="InterfaceCount">How many interfaces are on it: below two nothing has to switch.</param>
internal sealed record PlannedNetwork(int Index, string Name, int Mtu, IPNetwork? Subnet, IPNetwork? Subnet6, int InterfaceCount)
{
    /// <summary>What happens to packets to the network, on links without conditions of their own; null where nothing does.</summary>
    public LinkConditions? Up { get; init; }

    /// <summary>What happens to packets from the network, on links without conditions of their own; null where nothing does.</summary>
    public LinkConditions? Down { get; init; }

    /// <summary>What its bridge is called in the switch.</summary>
    public string BridgeName => $"n{Index}";

    /// <summary>The bridge's own: without one the kernel takes the lowest of the ports', and changes it with them.</summary>
    public byte[] BridgeHardwareAddress => [0x02, 0x02, 0, 0, (byte)(Index >> 8), (byte)Index];
}

/// <summary>A host or a router.</summary>
/// <param name="Index">Its place in <see cref="NetworkPlan.Hosts"/>, for as long as the network runs.</param>
/// <param name="Name">An RFC 1123 label, unique among hosts and their further names.</param>
/// <param name="IsRouter">Whether it forwards.</param>
/// <param name="DnsNames">The names it has besides its own.</param>
/// <param name="Interfaces">Its links, at least one.</param>
/// <param name="Routes">All but those that come with its addresses, IPv4 first; no destination twice.</param>
internal sealed record PlannedHost(
    int Index, string Name, bool IsRouter, IReadOnlyList<string> DnsNames, IReadOnlyList<PlannedInterface> Interfaces, IReadOnlyList<PlannedRoute> Routes)
{
    /// <summary>Its NAT; null where it translates nothing.</summary>
    public PlannedNat? Nat { get; init; }

    /// <summary>Its way to the machine's network; null where it has none.</summary>
    public PlannedEgress? Egress { get; init; }

    /// <summary>Its firewall; null where all passes.</summary>
    public PlannedFirewall? Firewall { get; init; }

    /// <summary>Whether it has the routes that follow from the topology besides those declared.</summary>
    public bool HasDerivedRoutes { get; init; } = true;

    /// <summary>Whether it has been removed from the running network. Its place stays, so that no other host gets its number; it has nothing.</summary>
    public bool IsRemoved { get; init; }

    /// <summary>Whether it is a container of an engine's, which has its network from there and one link to this one.</summary>
    public bool IsContainer { get; init; }

    /// <summary>The interface of an index.</summary>
    /// <exception cref="SandboxException">It has been removed.</exception>
    public PlannedInterface Interface(int index) => Interfaces.FirstOrDefault(i => i.Index == index)
        ?? throw new SandboxException(IsRemoved ? $"Host \"{Name}\" has been removed from the network." : $"The interface has been removed from host \"{Name}\".");
}

/// <summary>A link: a host's attachment to a network.</summary>
/// <param name="Host">The host's index.</param>
/// <param name="Index">Its number on the host: its place in <see cref="PlannedHost.Interfaces"/> until one before it is removed.</param>
/// <param name="Device">The interface's name on the host.</param>
/// <param name="Network">The network's index.</param>
/// <param name="HardwareAddress">Six bytes, locally administered, unique in the topology.</param>
/// <param name="Addresses">IPv4 first; at least one of each family that the network has.</param>
/// <param name="Mtu">In bytes.</param>
/// <param name="Up">What happens to packets from the host to the network; null where nothing does.</param>
/// <param name="Down">What happens to packets from the network to the host; null where nothing does.</param>
internal sealed record PlannedInterface(
    int Host, int Index, string Device, int Network, byte[] HardwareAddress, IReadOnlyList<NetworkAddress> Addresses, int Mtu,
    LinkConditions? Up, LinkConditions? Down)
{
    private const int FirstPort = 1_000_000, PortsOfHost = 100_000; // room for all that a host may ever have had

    /// <summary>The index of the link's other end, in the switch: given, as that of the link is.</summary>
    public int PortIndex => FirstPort + Host * PortsOfHost + Index;

    /// <summary>What the link's other end is called in the switch.</summary>
    public string PortName => $"h{Host}i{Index}";

    /// <summary>The hardware address of the link's other end, in the switch.</summary>
    public byte[] PortHardwareAddress => [HardwareAddress[0], (byte)(HardwareAddress[1] | 1), .. HardwareAddress[2..]];
}

/// <summary>A route through a gateway.</summary>
/// <param name="Destination">A prefix; of length 0 for a default route.</param>
/// <param name="Gateway">An address of a router, on the network of the interface.</param>
/// <param name="Interface">The index of the host's interface.</param>
internal sealed record PlannedRoute(IPNetwork Destination, IPAddress Gateway, int Interface)
{
    /// <summary>The gateway as it was declared, its name or its address; null: the route is derived.</summary>
    public string? Via { get; init; }
}

/// <summary>Hosts that are near to one another.</summary>
/// <param name="Index">Its place in <see cref="NetworkPlan.Regions"/>.</param>
/// <param name="Name">An RFC 1123 label, unique among regions.</param>
/// <param name="Hosts">The hosts' indices; no host is in two regions.</param>
internal sealed record PlannedRegion(int Index, string Name, IReadOnlyList<int> Hosts);

/// <summary>
/// What happens to packets from a host of one region to a host of another (or of the same), in this direction, besides the
/// conditions of the links they take. No pair of regions stands twice.
/// </summary>
internal sealed record RegionConditions(int From, int To, LinkConditions Conditions);
