using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Three networks in a row, two routers between them.</summary>
public sealed class ThreeSites() : Topology(new Topology()
    .WithNetwork("west").WithNetwork("middle").WithNetwork("east", n => n.WithSubnet("192.168.7.0/24").WithSubnet6("fd07::/64").WithMtu(1400))
    .WithRouter("left", r => r.On("west").On("middle"))
    .WithRouter("right", r => r.On("middle").On("east"))
    .WithHost("laptop", h => h.On("west"))
    .WithHost("db", h => h.On("east", "192.168.7.77").WithDnsNames("db.example"))
    .WithHost("both", h => h.On("west").On("east")));

/// <summary>Declared networks are there, and routers forward between them.</summary>
[IsolatedNetwork<ThreeSites>]
public class TopologyTests
{
    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    [Theory, InlineData("test"), InlineData("laptop")]
    public async Task A_server_two_routers_away_is_reached_over_both_families(string from)
    {
        VirtualHost db = Network["db"];
        db.Address.ToString().Should().Be("192.168.7.77");
        using Socket listener = db.Listen(5432);
        foreach (IPAddress address in (IPAddress[])[db.Address, db.Address6])
        {
            using TcpClient client = await Network[from].ConnectAsync(address.ToString(), 5432).WaitAsync(TimeSpan.FromSeconds(10));
            using Socket server = await listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(10));
            IPAddress source = ((IPEndPoint)server.RemoteEndPoint!).Address;
            (source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source).Should().Be(address.Equals(db.Address) ? Network[from].Address : Network[from].Address6, "routers do not translate");
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Every_router_on_the_way_counts_the_hops_down(bool ipv6)
    {
        VirtualHost db = Network["db"];
        using UdpClient server = db.UdpClient(7000, ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
        using UdpClient client = Network["laptop"].UdpClient(0, ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
        var to = new IPEndPoint(ipv6 ? db.Address6 : db.Address, 7000);
        client.Ttl = 2; // enough for one router: lost at the second
        await client.SendAsync(new byte[] { 2 }, to);
        client.Ttl = 3;
        await client.SendAsync(new byte[] { 3 }, to);
        (await server.ReceiveAsync().WaitAsync(TimeSpan.FromSeconds(10))).Buffer.Should().Equal(3);
    }

    [Fact]
    public void A_host_that_is_no_router_does_not_forward() =>
        Network["both"].Run(() => File.ReadAllText("/proc/sys/net/ipv4/ip_forward")).Trim().Should().Be("0");

    [Fact]
    public void A_routers_links_and_MTUs_are_as_declared()
    {
        string[] links = Network["right"].Run(() => NetworkInterface.GetAllNetworkInterfaces().Where(i => i.Name != "lo")
            .Select(i => $"{i.Name} {i.GetIPProperties().GetIPv4Properties().Mtu}").Order().ToArray());
        links.Should().Equal("eth0 1500", "eth1 1400");
    }

    [Fact]
    public void Further_names_are_known() => Dns.GetHostAddresses("db.example").Should().Contain(IPAddress.Parse("192.168.7.77"));

    [Fact]
    public async Task A_router_that_is_unplugged_cuts_the_sites_apart()
    {
        using Socket listener = Network["db"].Listen(80);
        Network["right"].Disconnect();
        var connecting = () => Network["laptop"].ConnectAsync("db", 80).WaitAsync(TimeSpan.FromMilliseconds(500));
        await connecting.Should().ThrowAsync<Exception>();
        using TcpClient near = await Network["both"].ConnectAsync("db", 80).WaitAsync(TimeSpan.FromSeconds(10));
        near.Connected.Should().BeTrue("it is on the same network");
        Network["right"].Reconnect();
        using TcpClient far = await Network["laptop"].ConnectAsync("db", 80).WaitAsync(TimeSpan.FromSeconds(20));
        far.Connected.Should().BeTrue();
    }
}
