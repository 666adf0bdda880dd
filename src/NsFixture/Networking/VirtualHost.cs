using System.Net;
using System.Net.Sockets;
using NsFixture.Launching;
using NsFixture.Linux;
using NsFixture.Networking;
using NsFixture.Roots;

namespace NsFixture;

/// <summary>
/// A host of a running network. The test's own code acts on it through sockets: a socket stays on the host it was made on,
/// whichever thread uses it.
/// </summary>
public sealed partial class VirtualHost
{
    private readonly NetworkPlan plan;
    private readonly PlannedHost host;
    private readonly InitConnection init;
    private readonly RootSpecs? roots;
    private VirtualLink[]? links;

    internal VirtualHost(NetworkPlan plan, PlannedHost host, InitConnection init, RootSpecs? roots)
    {
        (this.plan, this.host, this.init, this.roots) = (plan, host, init, roots);
        Names = [host.Name, .. host.DnsNames];
        Addresses = [.. host.Interfaces.SelectMany(i => i.Addresses).Select(a => a.Address)];
    }

    /// <summary>Its name.</summary>
    public string Name => host.Name;

    /// <summary>Its name and its further names.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>All its addresses, by interface, IPv4 first.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; }

    /// <summary>Its links to networks, in the order of declaration.</summary>
    public IReadOnlyList<VirtualLink> Links => links ??= [.. host.Interfaces.Select(link => new VirtualLink(this, plan.Networks[link.Network].Name, link, init))];

    /// <summary>Its first IPv4 address.</summary>
    /// <exception cref="InvalidOperationException">It has none.</exception>
    public IPAddress Address => First(AddressFamily.InterNetwork).Address;

    /// <summary>Its first IPv6 address.</summary>
    /// <exception cref="InvalidOperationException">It has none.</exception>
    public IPAddress Address6 => First(AddressFamily.InterNetworkV6).Address;

    /// <summary>Pulls the plugs of all its links: nothing gets in or out, and connections time out.</summary>
    public void Disconnect() => SetLinks(up: false);

    /// <summary>Plugs all its links in again.</summary>
    public void Reconnect() => SetLinks(up: true);

    /// <summary>Sets the conditions of all its links from now on, each way; <see cref="VirtualLink.SetConditions(LinkConditions)"/> says more.</summary>
    /// <param name="eachWay">What happens to packets in either direction: a delay counts once on the way there and once back.</param>
    /// <exception cref="InvalidTopologyException">The conditions are out of range; nothing was changed.</exception>
    public void SetConditions(LinkConditions eachWay) => SetConditions(eachWay, eachWay);

    /// <inheritdoc cref="SetConditions(LinkConditions)"/>
    /// <param name="up">What happens to packets from the host to the network; null: what did before.</param>
    /// <param name="down">What happens to packets from the network to the host; null: what did before.</param>
    public void SetConditions(LinkConditions? up = null, LinkConditions? down = null)
    {
        foreach (VirtualLink link in Links)
            link.SetConditions(up, down);
    }

    /// <summary>A program to be run on this host.</summary>
    /// <param name="program">A path as the sandbox sees it, or a name to be found in <c>PATH</c>.</param>
    public HostCommand Command(string program) => new(this, host.Index, init, program);

    /// <inheritdoc cref="Name"/>
    public override string ToString() => Name;

    /// <summary>Its place among the hosts.</summary>
    internal int Index => host.Index;

    internal NetworkAddress First(AddressFamily family) =>
        host.Interfaces.SelectMany(i => i.Addresses).FirstOrDefault(a => a.Address.AddressFamily == family)
        ?? throw new InvalidOperationException($"Host \"{Name}\" has no {(family == AddressFamily.InterNetwork ? "IPv4" : "IPv6")} address: its networks have no such prefix.");

    private void SetLinks(bool up)
    {
        foreach (PlannedInterface link in host.Interfaces)
            init.SetLink(host.Index, link.Index, up);
    }
}
