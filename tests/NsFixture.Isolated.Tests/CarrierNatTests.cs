using System.Net;
using System.Net.Sockets;
using FluentAssertions;

namespace NsFixture.Isolated.Tests;

/// <summary>Two customers behind home routers, and both behind their carrier's NAT; somebody else behind a home router alone.</summary>
public sealed class CarrierNetwork : IAsyncLifetime
{
    public VirtualNetwork Network { get; private set; } = null!;

    public async Task InitializeAsync() => Network = await VirtualNetwork.CreateAsync(new Topology()
        .WithNetwork("internet", n => n.WithSubnet("203.0.113.0/24").WithSubnet6("2001:db8:113::/64"))
        .WithNetwork("access", n => n.WithSubnet("100.64.0.0/16").WithoutIPv6())
        .WithNetwork("home1", n => n.WithSubnet("192.168.1.0/24").WithoutIPv6()).WithNetwork("home2", n => n.WithSubnet("192.168.2.0/24").WithoutIPv6())
        .WithNetwork("home3", n => n.WithSubnet("192.168.3.0/24").WithSubnet6("fd03::/64"))
        .WithRouter("carrier", r => r.On("internet").On("access").WithNat("internet", Nat.MobileCarrier))
        .WithRouter("gateway1", r => r.On("access").On("home1").WithNat("access", Nat.Home)).WithRouter("gateway2", r => r.On("access").On("home2").WithNat("access", Nat.Home))
        .WithRouter("gateway3", r => r.On("internet").On("home3").WithNat("internet", Nat.Home.WithIPv6Prefix("2001:db8:333::/64")))
        .WithHost("client1", h => h.On("home1")).WithHost("client2", h => h.On("home2")).WithHost("client3", h => h.On("home3"))
        .WithHost("one", h => h.On("internet").WithRoute("2001:db8:333::/64", "gateway3")).WithHost("two", h => h.On("internet")));

    public async Task DisposeAsync() => await (Network?.DisposeAsync() ?? default); // there is none where the machine allows none
}

/// <summary>NAT behind NAT, and IPv6 prefixes.</summary>
public class CarrierNatTests(CarrierNetwork carrier) : IClassFixture<CarrierNetwork>
{
    private VirtualNetwork Network => carrier.Network;

    [Fact]
    public async Task A_customer_is_seen_with_the_carriers_address_and_one_port()
    {
        using Endpoint client = new(Network["client1"]), one = new(Network["one"]), two = new(Network["two"]);
        IPEndPoint seen = await client.SeenByAsync(one);
        seen.Address.Should().Be(Network["carrier"].Address);
        (await client.SeenByAsync(two)).Should().Be(seen, "both NATs map independently of the endpoint");
        one.Send(seen, "answer");
        (await client.ReceiveAsync()).Text.Should().Be("answer");
    }

    [Fact]
    public async Task The_home_router_filters_what_the_carrier_lets_through()
    {
        using Endpoint client = new(Network["client1"]), one = new(Network["one"]), other = new(Network["one"]);
        other.Send(await client.SeenByAsync(one));
        (await client.IsSilentAsync()).Should().BeTrue("the carrier's NAT filters by address, the home's by address and port");
    }

    [Fact]
    public async Task TCP_passes_two_NATs()
    {
        using Socket listener = Network["one"].Listen(80);
        using TcpClient client = await Network["client1"].ConnectAsync("one", 80).WaitAsync(TimeSpan.FromSeconds(10));
        using Socket server = await listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(10));
        ((IPEndPoint)server.RemoteEndPoint!).Address.MapToIPv4().Should().Be(Network["carrier"].Address);
        await client.GetStream().WriteAsync(new byte[100_000]);
        int received = 0;
        while (received < 100_000)
            received += await server.ReceiveAsync(new byte[65536]).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory, InlineData("client1", "client3"), InlineData("client1", "client2")]
    public async Task Holes_are_punched_through_two_NATs(string one, string other)
    {
        using Endpoint first = new(Network[one]), second = new(Network[other]), server = new(Network["two"]);
        Endpoint[] ends = [first, second];
        IPEndPoint[] to = [await second.SeenByAsync(server), await first.SeenByAsync(server)];
        bool[] reached = new bool[2];
        for (int rounds = 10 * NatTraversalTests.Enough; rounds > 0 && !reached.All(r => r); rounds--)
            for (int i = 0; i < 2; i++)
            {
                ends[i].Send(to[i]);
                reached[1 - i] |= await ends[1 - i].TryReceiveAsync() != null;
            }
        reached.Should().Equal(true, true);
    }

    [Fact]
    public async Task A_translated_prefix_leaves_the_rest_of_the_address_and_the_port_as_they_are()
    {
        using Endpoint client = new(Network["client3"], AddressFamily.InterNetworkV6), one = new(Network["one"], AddressFamily.InterNetworkV6);
        IPEndPoint seen = await client.SeenByAsync(one);
        byte[] inside = client.Local.Address.GetAddressBytes(), outside = IPAddress.Parse("2001:db8:333::").GetAddressBytes();
        seen.Should().Be(new IPEndPoint(new IPAddress((byte[])[.. outside[..8], .. inside[8..]]), client.Local.Port));
        one.Send(seen, "answer");
        (await client.ReceiveAsync()).Should().Be(("answer", one.Local));
    }

    [Fact]
    public async Task A_translated_prefix_is_reached_from_outside()
    {
        using Socket listener = Network["client3"].Listen(80);
        byte[] inside = Network["client3"].Address6.GetAddressBytes(), outside = IPAddress.Parse("2001:db8:333::").GetAddressBytes();
        using TcpClient visitor = await Network["one"].ConnectAsync(new IPAddress((byte[])[.. outside[..8], .. inside[8..]]).ToString(), 80).WaitAsync(TimeSpan.FromSeconds(10));
        visitor.Connected.Should().BeTrue();
    }
}
