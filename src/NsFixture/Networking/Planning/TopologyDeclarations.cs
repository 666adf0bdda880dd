namespace NsFixture.Networking;

/// <summary>All that a <see cref="Topology"/> was told, unchecked, in the order of telling.</summary>
internal sealed record TopologyDeclarations
{
    public string TestHostName { get; init; } = "test";

    public long? Seed { get; init; }

    /// <summary>The root tree of the test and of hosts without one of their own; null: the usual one.</summary>
    public RootTree? Root { get; init; }

    public IReadOnlyList<NetworkDeclaration> Networks { get; init; } = [];

    public IReadOnlyList<NodeDeclaration> Nodes { get; init; } = [];

    public IReadOnlyList<RegionDeclaration> Regions { get; init; } = [];

    public IReadOnlyList<RegionConditionsDeclaration> RegionConditions { get; init; } = [];
}

internal sealed record RegionDeclaration(string Name, IReadOnlyList<string> Hosts);

internal sealed record RegionConditionsDeclaration(string From, string To, LinkConditions Conditions);
