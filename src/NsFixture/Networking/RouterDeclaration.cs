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

    internal override bool IsRouter => true;
}
