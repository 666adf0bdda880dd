namespace NsFixture;

/// <summary>A host's link to a network, as declared. Immutable: each <c>WithX</c> gives a new one.</summary>
public sealed record InterfaceDeclaration
{
    internal InterfaceDeclaration(string network) => Network = network;

    internal string Network { get; }

    internal string? Name { get; init; }

    internal IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>Whether each family that was given no address gets one.</summary>
    internal bool HasDerivedAddresses { get; init; } = true;

    internal int? Mtu { get; init; }

    internal LinkConditions? Up { get; init; }

    internal LinkConditions? Down { get; init; }

    /// <summary>Names the interface: 1 to 15 characters, unique on its host. Default: <c>eth0</c>, <c>eth1</c>…, by its place.</summary>
    /// <param name="name">The name that the host sees.</param>
    public InterfaceDeclaration WithName(string name) => this with { Name = name };

    /// <summary>
    /// Adds an address of the network, IPv4 or IPv6, without a prefix length. Each family that has none gets one of the
    /// network's free ones.
    /// </summary>
    /// <param name="address">The address: <c>10.0.0.7</c> or <c>fd00::7</c>.</param>
    public InterfaceDeclaration WithAddress(string address) => this with { Addresses = [.. Addresses, address] };

    /// <summary>Sets the MTU: 68 to 65,535 bytes, at least 1,280 where the network has IPv6. Default: the network's.</summary>
    /// <param name="bytes">The largest IP packet, in bytes.</param>
    public InterfaceDeclaration WithMtu(int bytes) => this with { Mtu = bytes };

    /// <summary>Sets the conditions of the link, each way. Default: the network's.</summary>
    /// <param name="eachWay">What happens to packets in either direction: a delay counts once on the way there and once back.</param>
    public InterfaceDeclaration WithConditions(LinkConditions eachWay) => WithConditions(eachWay, eachWay);

    /// <summary>Sets the conditions of the link. Default: the network's.</summary>
    /// <param name="up">What happens to packets from the host to the network.</param>
    /// <param name="down">What happens to packets from the network to the host.</param>
    public InterfaceDeclaration WithConditions(LinkConditions up, LinkConditions down) => this with { Up = up, Down = down };
}
