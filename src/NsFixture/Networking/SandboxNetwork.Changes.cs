using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>What changes while the network runs.</summary>
internal sealed partial class SandboxNetwork
{
    /// <summary>The index of the host that the calling process lives on.</summary>
    public int TestHost => plan.Test.Index;

    public string NameOf(int host) => plan.Hosts[host].Name;

    /// <summary>Plugs all links of a host in or out.</summary>
    public void SetLinks(int host, bool up)
    {
        foreach (PlannedInterface link in plan.Hosts[host].Interfaces)
            SetLink(host, link.Index, up);
    }

    /// <summary>Ends all sockets of a host, whoever holds them.</summary>
    public void EndSockets(int host) => In(host, () =>
    {
        _ = SocketDiagnostics.DestroyAll(); // without it they stay, and reach nothing
    });

    /// <summary>Makes a host anew as it is planned, in a network namespace of its own: nothing of the old one is left but what others hold.</summary>
    public void Rebuild(int host)
    {
        foreach (PlannedInterface link in plan.Hosts[host].Interfaces)
            inSwitch.DeleteLink(link.PortName);
        int old = hostNamespaces[host];
        try
        {
            Build(plan.Hosts[host]);
        }
        catch
        {
            if (hostNamespaces[host] != old)
                Descriptors.Close(hostNamespaces[host]);
            hostNamespaces[host] = old;
            throw;
        }
        Descriptors.Close(old);
    }

    // Leaves the calling thread where it is.
    private void Build(PlannedHost host)
    {
        try
        {
            BuildHost(host);
        }
        finally
        {
            Enter(hostNamespaces[plan.Test.Index]);
        }
        if (host.IsRouter)
            EnableForwarding(host, root: "");
        if (HasIPv6)
            In(host.Index, () => WaitForAddresses(host));
    }
}
