using NsFixture.Limiting;
using NsFixture.Networking;
using NsFixture.Roots;
using NsFixture.Sandboxes;

namespace NsFixture;

/// <summary>
/// Checked and resolved <see cref="SandboxOptions"/>: what init builds. Two tests with equal specs can use one another's
/// standby sandboxes.
/// </summary>
internal sealed record SandboxSpec(NetworkPlan Plan, IReadOnlyList<string> WriteThrough)
{
    /// <summary>Whether the test and all programs on hosts run without privileges, see <see cref="Linux.Hardening"/>.</summary>
    public bool Hardened { get; init; }

    /// <summary>What its kernel says of itself that others' do not; null: nothing.</summary>
    public KernelSpec? Kernel { get; init; }

    /// <summary>Whether it stays when its test has ended.</summary>
    public Keep Keep { get; init; }

    /// <summary>How much of the machine may be taken; null: as much as there is.</summary>
    public LimitSpec? Limits { get; init; }

    /// <summary>The root trees that are not the usual one; null where all are.</summary>
    public RootSpecs? Roots { get; init; }

    /// <summary>The same as declared, until <see cref="Launching.RootPreparation"/> has made <see cref="Roots"/> of it. It does not go over the wire.</summary>
    public DeclaredRoots? DeclaredRoots { get; init; }

    /// <summary>The name of the host the test runs on.</summary>
    public string HostName => Plan.Test.Name;
}
