namespace NsFixture;

/// <summary>What hosts and routers have in common, as declared.</summary>
public abstract record NodeDeclaration
{
    /// <summary>The destination of routes that match whatever no other does.</summary>
    internal const string DefaultDestination = "default";

    private protected NodeDeclaration(string name) => Name = name;

    internal string Name { get; }

    internal abstract bool IsRouter { get; }

    internal IReadOnlyList<string> DnsNames { get; init; } = [];

    internal IReadOnlyList<InterfaceDeclaration> Interfaces { get; init; } = [];

    internal IReadOnlyList<RouteDeclaration> Routes { get; init; } = [];

    /// <summary>Null: that of the sandbox.</summary>
    internal RootTree? Root { get; init; }

    /// <summary>Null: those of the sandbox alone.</summary>
    internal Limits? Limits { get; init; }

    internal bool HasDerivedRoutes { get; init; } = true;

    internal OutsideDeclaration<Nat>? Nat { get; init; }

    internal EgressDeclaration? Egress { get; init; }

    internal OutsideDeclaration<Firewall>? Firewall { get; init; }

    /// <summary>What messages call it.</summary>
    internal string Title => $"{(IsRouter ? "Router" : "Host")} \"{Name}\"";
}

/// <summary>What hosts and routers have in common, as declared. Immutable: each method gives a new one.</summary>
/// <typeparam name="TSelf">Host or router.</typeparam>
public abstract record NodeDeclaration<TSelf> : NodeDeclaration
    where TSelf : NodeDeclaration<TSelf>
{
    private protected NodeDeclaration(string name)
        : base(name)
    {
    }

    /// <summary>Puts it on a network, by an interface more. Its first one is <c>eth0</c>.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="configure">The interface's address, name, MTU and conditions, where the derived ones will not do.</param>
    public TSelf On(string network, Func<InterfaceDeclaration, InterfaceDeclaration>? configure = null) =>
        With(this with { Interfaces = [.. Interfaces, Configured(new InterfaceDeclaration(network), configure)] });

    /// <summary>Puts it on a network, by an interface more, with a given address.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="address">One of the network's addresses, IPv4 or IPv6; the other family's is derived.</param>
    public TSelf On(string network, string address) => On(network, i => i.WithAddress(address));

    /// <summary>Adds names that it has besides its own: <c>api.example.com</c>. Each belongs to one host.</summary>
    /// <param name="names">DNS names, of one label or several.</param>
    public TSelf WithDnsNames(params string[] names) => With(this with { DnsNames = [.. DnsNames, .. names] });

    /// <summary>Adds a static route. It takes the place of a derived one to the same destination.</summary>
    /// <param name="destination">A prefix in CIDR notation: <c>10.9.0.0/16</c>, <c>::/0</c>.</param>
    /// <param name="via">A router on a network that this is on as well: its name, or its address there.</param>
    public TSelf WithRoute(string destination, string via) => With(this with { Routes = [.. Routes, new RouteDeclaration(destination, via)] });

    /// <summary>Adds default routes, of IPv4 and IPv6 both where the gateway is given by name.</summary>
    /// <param name="via">A router on a network that this is on as well: its name, or its address there.</param>
    public TSelf WithDefaultRoute(string via) => WithRoute(DefaultDestination, via);

    /// <summary>Gives it a root tree of its own: programs on it see that, and nothing of other hosts' files.</summary>
    /// <param name="tree">The tree. Of the test's host, it is what the test itself sees, and hosts without one of their own.</param>
    public TSelf WithRoot(RootTree tree) => With(this with { Root = tree });

    /// <summary>
    /// Sets how much of the machine programs on it may take, together, and with all that they start. What the sandbox has counts besides: the lower limit is the one. Code of the test that runs on it
    /// (<see cref="VirtualHost.Run(Action)"/>) is the test's process's. <see cref="VirtualHost.Usage"/> tells what they take.
    /// </summary>
    /// <param name="limits">The limits. Not on the test's own host, whose limits are the sandbox's.</param>
    public TSelf WithLimits(Limits limits) => With(this with { Limits = limits });

    /// <summary>Leaves it with the routes of <see cref="WithRoute"/> and to its own networks alone.</summary>
    public TSelf WithoutDerivedRoutes() => With(this with { HasDerivedRoutes = false });

    private static TSelf With(NodeDeclaration<TSelf> node) => (TSelf)node;

    private static T Configured<T>(T value, Func<T, T>? configure) => configure == null ? value : configure(value);
}

/// <summary>What stands between a router's outside network and all others; without a network between a host and all of its own.</summary>
internal sealed record OutsideDeclaration<T>(string? Network, T Value);

/// <summary>A way to the machine's network as declared.</summary>
internal sealed record EgressDeclaration(string? Machine);

/// <summary>A static route as declared.</summary>
internal sealed record RouteDeclaration(string Destination, string Via);
