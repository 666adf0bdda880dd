namespace NsFixture;

/// <summary>A network as declared. Immutable: each <c>WithX</c> gives a new one.</summary>
public sealed record NetworkDeclaration
{
    internal const int DefaultMtu = 1500;

    internal NetworkDeclaration(string name) => Name = name;

    internal string Name { get; }

    internal string? Subnet { get; init; }

    internal string? Subnet6 { get; init; }

    internal bool HasIPv4 { get; init; } = true;

    internal bool HasIPv6 { get; init; } = true;

    internal int Mtu { get; init; } = DefaultMtu;

    internal LinkConditions? Up { get; init; }

    internal LinkConditions? Down { get; init; }

    /// <summary>Sets the IPv4 prefix. Default: <c>10.0.0.0/24</c> for the first network, <c>10.0.1.0/24</c> for the second…</summary>
    /// <param name="cidr">In CIDR notation: <c>192.168.1.0/24</c>.</param>
    public NetworkDeclaration WithSubnet(string cidr) => this with { Subnet = cidr, HasIPv4 = true };

    /// <summary>Sets the IPv6 prefix. Default: <c>fd00::/64</c> for the first network, <c>fd00:0:0:1::/64</c> for the second…</summary>
    /// <param name="cidr">In CIDR notation: <c>2001:db8::/64</c>.</param>
    public NetworkDeclaration WithSubnet6(string cidr) => this with { Subnet6 = cidr, HasIPv6 = true };

    /// <summary>Leaves IPv4 out.</summary>
    public NetworkDeclaration WithoutIPv4() => this with { HasIPv4 = false };

    /// <summary>Leaves IPv6 out.</summary>
    public NetworkDeclaration WithoutIPv6() => this with { HasIPv6 = false };

    /// <summary>Sets the MTU: 68 to 65,535 bytes, at least 1,280 with IPv6. Default: 1,500.</summary>
    /// <param name="bytes">The largest IP packet, in bytes.</param>
    public NetworkDeclaration WithMtu(int bytes) => this with { Mtu = bytes };

    /// <summary>Sets the conditions of every link to the network that has none of its own, each way.</summary>
    /// <param name="eachWay">
    /// What happens to packets in either direction of each link: from one host to another a delay counts twice, for the
    /// links of both.
    /// </param>
    public NetworkDeclaration WithConditions(LinkConditions eachWay) => WithConditions(eachWay, eachWay);

    /// <summary>Sets the conditions of every link to the network that has none of its own.</summary>
    /// <param name="up">What happens to packets from a host to the network.</param>
    /// <param name="down">What happens to packets from the network to a host.</param>
    public NetworkDeclaration WithConditions(LinkConditions up, LinkConditions down) => this with { Up = up, Down = down };
}
