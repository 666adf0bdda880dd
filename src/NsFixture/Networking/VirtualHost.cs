using System.Diagnostics;
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
    private readonly VirtualNetwork network;
    private readonly InitConnection init;
    private readonly HostSockets sockets = new();
    private readonly VirtualDns dns;
    private readonly RootSpecs? roots;
    private volatile NetworkPlan plan;
    private volatile PlannedHost host;
    private VirtualLink[]? links;

    internal VirtualHost(VirtualNetwork network, NetworkPlan plan, PlannedHost host, InitConnection init, RootSpecs? roots) =>
        (this.network, this.plan, this.host, this.init, dns, this.roots) = (network, plan, host, init, network.Dns, roots);

    /// <summary>Its name.</summary>
    public string Name => host.Name;

    /// <summary>Its name and its further names.</summary>
    public IReadOnlyList<string> Names => [host.Name, .. host.DnsNames];

    /// <summary>All its addresses, by interface, IPv4 first.</summary>
    public IReadOnlyList<IPAddress> Addresses => [.. host.Interfaces.SelectMany(i => i.Addresses).Select(a => a.Address)];

    /// <summary>The names of its interfaces: <c>eth0</c>, <c>eth1</c>…</summary>
    public IReadOnlyList<string> Interfaces => [.. host.Interfaces.Select(i => i.Device)];

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

    /// <summary>
    /// What starts a program on this host by <see cref="Process"/>, or by any library that starts processes. The process that it starts
    /// is a proxy, a .NET runtime of its own: <see cref="Command"/> is faster. Standard input, output and error, environment, exit code
    /// and signals are the program's; it ends with the proxy, and the proxy with it.
    /// </summary>
    /// <param name="program">A path as the sandbox sees it, or a name to be found in <c>PATH</c>.</param>
    /// <param name="arguments">Its arguments, unquoted. More go to the end of <see cref="ProcessStartInfo.ArgumentList"/>.</param>
    public ProcessStartInfo StartInfo(string program, params string[] arguments) => Command(program).WithArguments(arguments).StartInfo();

    /// <inheritdoc cref="Name"/>
    public override string ToString() => Name;

    /// <summary>Its place among the hosts.</summary>
    internal int Index => host.Index;

    /// <summary>Its network namespace; the caller's to close.</summary>
    internal int OpenNamespace() => init.OpenNamespace(host.Index);

    /// <summary>The name of a network that it is on, and which has addresses in common with another one's; null: there is none.</summary>
    internal string? NetworkLike(PlannedNetwork other) => host.Interfaces.Select(i => plan.Networks[i.Network]).FirstOrDefault(n => Overlap(n.Subnet, other.Subnet) || Overlap(n.Subnet6, other.Subnet6))?.Name;

    private static bool Overlap(IPNetwork? one, IPNetwork? other) => one is { } a && other is { } b && AddressPlanner.Overlap(a, b);

    internal NetworkAddress First(AddressFamily family) =>
        host.Interfaces.SelectMany(i => i.Addresses).FirstOrDefault(a => a.Address.AddressFamily == family)
        ?? throw new InvalidOperationException($"Host \"{Name}\" has no {(family == AddressFamily.InterNetwork ? "IPv4" : "IPv6")} address: its networks have no such prefix, or it was taken from it.");

    private void SetLinks(bool up)
    {
        foreach (PlannedInterface link in host.Interfaces)
            init.SetLink(host.Index, link.Index, up);
    }
}
