using NsFixture.Networking;

namespace NsFixture;

/// <summary>
/// Checked and resolved <see cref="SandboxOptions"/>: what init builds. Two tests with equal specs can use one another's
/// standby sandboxes.
/// </summary>
internal sealed record SandboxSpec(NetworkPlan Plan, IReadOnlyList<string> WriteThrough)
{
    /// <summary>The name of the host the test runs on.</summary>
    public string HostName => Plan.Test.Name;
}
