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
    private readonly NetworkPlan plan;
    private readonly PlannedHost host;
    private readonly InitConnection init;
    private readonly VirtualDns dns;
    private readonly RootSpecs? roots;

    internal VirtualHost(NetworkPlan plan, PlannedHost host, InitConnection init, VirtualDns dns, RootSpecs? roots)
    {
        (this.plan, this.host, this.init, this.dns, this.roots) = (plan, host, init, dns, roots);
        Names = [host.Name, .. host.DnsNames];
        Addresses = [.. host.Interfaces.SelectMany(i => i.Addresses).Select(a => a.Address)];
    }

    /// <summary>Its name.</summary>
    public string Name => host.Name;

    /// <summary>Its name and its further names.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>All its addresses, by interface, IPv4 first.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; }

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

    internal NetworkAddress First(AddressFamily family) =>
        host.Interfaces.SelectMany(i => i.Addresses).FirstOrDefault(a => a.Address.AddressFamily == family)
        ?? throw new InvalidOperationException($"Host \"{Name}\" has no {(family == AddressFamily.InterNetwork ? "IPv4" : "IPv6")} address: its networks have no such prefix.");

    private void SetLinks(bool up)
    {
        foreach (PlannedInterface link in host.Interfaces)
            init.SetLink(host.Index, link.Index, up);
    }
}
