namespace NsFixture;

/// <summary>
/// A router as declared: a host that forwards. One that is put on no network is on all of the topology. It has routes to every
/// network that can be reached through other routers, by the fewest of them; among equals, by the first declared.
/// </summary>
public sealed record RouterDeclaration : NodeDeclaration<RouterDeclaration>
{
    internal RouterDeclaration(string name)
        : base(name)
    {
    }

    /// <summary>
    /// Sets how it translates addresses between one of its networks and all others. Nobody outside gets a route to what is behind
    /// it, where it translates. Default: it translates nothing.
    /// </summary>
    /// <param name="outside">The name of the network that is outside.</param>
    /// <param name="nat">How.</param>
    public RouterDeclaration WithNat(string outside, Nat nat) => this with { Nat = new OutsideDeclaration<Nat>(outside, nat) };

    /// <summary>Sets what passes between one of its networks and it, and all others. Default: everything.</summary>
    /// <param name="outside">The name of the network that is outside.</param>
    /// <param name="firewall">The rules. They see inside addresses, where there is NAT too.</param>
    public RouterDeclaration WithFirewall(string outside, Firewall firewall) => this with { Firewall = new OutsideDeclaration<Firewall>(outside, firewall) };

    internal override bool IsRouter => true;
}
