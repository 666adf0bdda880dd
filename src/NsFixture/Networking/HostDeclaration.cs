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

    internal override bool IsRouter => false;
}
