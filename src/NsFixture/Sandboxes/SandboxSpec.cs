using NsFixture.Networking;

namespace NsFixture;

/// <summary>
/// Checked and resolved <see cref="SandboxOptions"/>: what init builds. Two tests with equal specs can use one another's
/// standby sandboxes, which <see cref="Key"/> decides.
/// </summary>
internal sealed record SandboxSpec(string HostName, NetworkAddress Address4, NetworkAddress Address6, IReadOnlyList<string> WriteThrough)
{
    public string Key => string.Join('\n', [HostName, Address4.ToString(), Address6.ToString(), .. WriteThrough]);
}
