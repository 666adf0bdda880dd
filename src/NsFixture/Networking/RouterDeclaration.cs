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

    /// <summary>
    /// Makes it lead to the machine's network: TCP and UDP to all addresses that are not the topology's go there, as if the process that has
    /// the sandbox had sent them, and the name server asks the machine's for names that it does not know. Nothing comes in but answers, and nothing else goes
    /// out, no ping either. Other routers have their default routes to it. Default: there is no way out.
    /// </summary>
    /// <param name="machine">
    /// An address that stands for the machine's own loopback address, and all that listens there: <c>192.0.2.2</c>. Null: those services cannot
    /// be reached.
    /// </param>
    public RouterDeclaration WithEgress(string? machine = null) => this with { Egress = new EgressDeclaration(machine) };

    /// <summary>Sets what passes between one of its networks and it, and all others. Default: everything.</summary>
    /// <param name="outside">The name of the network that is outside.</param>
    /// <param name="firewall">The rules. They see inside addresses, where there is NAT too.</param>
    public RouterDeclaration WithFirewall(string outside, Firewall firewall) => this with { Firewall = new OutsideDeclaration<Firewall>(outside, firewall) };

    internal override bool IsRouter => true;
}
