namespace NsFixture;

/// <summary>
/// A host as declared. One that is put on no network is on the first of the topology. Its default route goes through the
/// first router declared on its first network that has one.
/// </summary>
public sealed record HostDeclaration : NodeDeclaration<HostDeclaration>
{
    internal HostDeclaration(string name)
        : base(name)
    {
    }

    /// <summary>Sets what passes between it and its networks. Default: everything.</summary>
    /// <param name="firewall">The rules.</param>
    public HostDeclaration WithFirewall(Firewall firewall) => this with { Firewall = new OutsideDeclaration<Firewall>(null, firewall) };

    internal override bool IsRouter => false;
}
