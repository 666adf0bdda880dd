using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>An office behind a NAT, and a server outside with a firewall.</summary>
public sealed class GuardedOffice() : Topology(new Topology()
    .WithNetwork("internet", n => n.WithSubnet("203.0.113.0/24").WithoutIPv6()).WithNetwork("office", n => n.WithoutIPv6())
    .WithRouter("gateway", r => r.On("internet").On("office").WithNat("internet", Nat.Home))
    .WithHost("laptop", h => h.On("office"))
    .WithHost("server", h => h.On("internet").WithFirewall(Firewall.Open.Deny(FirewallDirection.Inbound, IPTransport.Tcp, "81", from: "gateway"))));

/// <summary>NATs and firewalls, when hosts are switched off and on and when they come and go.</summary>
[IsolatedNetwork<GuardedOffice>]
public class RuntimeFiltersTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    [Fact]
    public async Task A_rebooted_gateway_translates_again()
    {
        (await SourceAsync("laptop")).Should().Be(Network["gateway"].Address);
        Network["gateway"].Reboot();
        (await SourceAsync("laptop")).Should().Be(Network["gateway"].Address);
    }

    [Fact]
    public async Task A_rebooted_host_has_the_firewall_that_was_declared()
    {
        Network["server"].SetFirewall(Firewall.Open);
        (await SourceAsync("laptop", 81)).Should().Be(Network["gateway"].Address);
        Network["server"].Reboot();
        var connecting = () => SourceAsync("laptop", 81, TimeSpan.FromMilliseconds(500));
        await connecting.Should().ThrowAsync<Exception>();
        (await SourceAsync("laptop", 80)).Should().Be(Network["gateway"].Address);
    }

    [Fact]
    public async Task Who_comes_later_is_behind_the_same_NAT_and_not_to_be_seen_from_outside()
    {
        await Network.AddHostAsync("phone", h => h.On("office"));
        await Network.AddHostAsync("stranger", h => h.On("internet"));
        (await SourceAsync("phone")).Should().Be(Network["gateway"].Address);
        var connecting = () => Network["stranger"].ConnectAsync("phone", 80).WaitAsync(Patience);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
        foreach (string drawing in (string[])[Network.Describe(), Network.ToMermaid()])
            drawing.Should().Contain("phone");
    }

    [Fact]
    public async Task A_gateway_is_added_with_its_NAT()
    {
        await Network.AddRouterAsync("second", r => r.On("internet").On("office").WithNat("internet", Nat.Home));
        Network["laptop"].SetDefaultRoute("second");
        (await SourceAsync("laptop")).Should().Be(Network["second"].Address);
    }

    [Fact]
    public void Who_a_rule_is_about_is_not_removed()
    {
        var removing = () => Network.RemoveHost("gateway");
        removing.Should().Throw<InvalidTopologyException>().WithMessage("*\"server\", firewall*\"gateway\"*");
    }

    // Whom the server sees.
    private static async Task<IPAddress> SourceAsync(string from, int port = 80, TimeSpan? patience = null)
    {
        using Socket listener = Network["server"].Listen(port);
        using TcpClient client = await Network[from].ConnectAsync("server", port).WaitAsync(patience ?? Patience);
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Patience);
        IPAddress source = ((IPEndPoint)accepted.RemoteEndPoint!).Address;
        return source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source;
    }
}
