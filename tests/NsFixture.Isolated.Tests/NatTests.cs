using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>What a NAT does besides mapping and filtering; each test sets its own.</summary>
public class NatTests(NatNetwork net) : IClassFixture<NatNetwork>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private VirtualHost Gateway => net["gateway"];

    [Fact]
    public async Task Sequential_ports_are_the_same_in_every_run()
    {
        Gateway.SetNat(Nat.Cloud.WithPorts(NatPorts.Sequential, 50_000, 50_009));
        using Endpoint client = new(net["client"]), one = new(net["one"]), two = new(net["two"]);
        int[] ports = [(await client.SeenByAsync(one)).Port, (await client.SeenByAsync(two)).Port, (await client.SeenByAsync(one)).Port];
        ports.Should().Equal(50_000, 50_001, 50_000);
    }

    [Fact]
    public async Task Random_ports_are_of_the_range()
    {
        Gateway.SetNat(Nat.Cloud.WithPorts(NatPorts.Random, 50_000, 50_099));
        using Endpoint client = new(net["client"]), one = new(net["one"]), two = new(net["two"]);
        int[] ports = [(await client.SeenByAsync(one)).Port, (await client.SeenByAsync(two)).Port];
        ports.Should().OnlyHaveUniqueItems().And.OnlyContain(p => p >= 50_000 && p <= 50_099);
    }

    [Fact]
    public async Task A_port_that_another_inside_host_has_is_not_given_twice()
    {
        Gateway.SetNat(Nat.Home.WithPorts(NatPorts.Preserved, 50_000));
        using Endpoint client = new(net["client"], port: 7777), sibling = new(net["sibling"], port: 7777), one = new(net["one"]), two = new(net["two"]);
        (await client.SeenByAsync(one)).Port.Should().Be(7777);
        (await sibling.SeenByAsync(one)).Port.Should().Be(50_000);
        (await sibling.SeenByAsync(two)).Port.Should().Be(50_000);
        (await client.SeenByAsync(two)).Port.Should().Be(7777);
        one.Send(new IPEndPoint(Gateway.Address, 7777), "for the client");
        one.Send(new IPEndPoint(Gateway.Address, 50_000), "for the sibling");
        (await client.ReceiveAsync()).Text.Should().Be("for the client");
        (await sibling.ReceiveAsync()).Text.Should().Be("for the sibling");
    }

    [Fact]
    public async Task Ports_that_have_run_out_are_not_given_twice()
    {
        Gateway.SetNat(Nat.Cloud.WithPorts(NatPorts.Sequential, 50_000, 50_000));
        using Endpoint client = new(net["client"]), one = new(net["one"]), two = new(net["two"]);
        (await client.SeenByAsync(one)).Port.Should().Be(50_000);
        client.Send(two.Local);
        (await two.IsSilentAsync()).Should().BeTrue();
        (await client.SeenByAsync(one)).Port.Should().Be(50_000);
    }

    [Fact]
    public async Task TCP_connections_from_one_port_share_an_outside_port()
    {
        Gateway.SetNat(Nat.MobileCarrier);
        using Socket one = net["one"].Listen(80), two = net["two"].Listen(80);
        int local = 0;
        var seen = new List<IPEndPoint>();
        foreach (var (server, listener) in ((string, Socket)[])[("one", one), ("two", two)])
        {
            Socket socket = net["client"].OpenSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(net["client"].Address, local));
            local = ((IPEndPoint)socket.LocalEndPoint!).Port;
            await socket.ConnectAsync(new IPEndPoint(net[server].Address, 80)).WaitAsync(Limit);
            using Socket accepted = await listener.AcceptAsync().WaitAsync(Limit);
            seen.Add((IPEndPoint)accepted.RemoteEndPoint!);
        }
        seen[0].Address.MapToIPv4().Should().Be(Gateway.Address);
        seen[1].Should().Be(seen[0]);
    }

    [Theory, InlineData(NatFiltering.EndpointIndependent, true), InlineData(NatFiltering.AddressAndPortDependent, false)]
    public async Task TCP_connections_from_outside_come_in_where_the_filtering_lets_them(NatFiltering filtering, bool comesIn)
    {
        Gateway.SetNat(Nat.Home.WithFiltering(filtering));
        using Socket outside = net["one"].Listen(80), inside = net["client"].OpenSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using Socket going = net["client"].OpenSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        foreach (Socket socket in (Socket[])[inside, going])
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.SetRawSocketOption(1, 15, BitConverter.GetBytes(1)); // SOL_SOCKET, SO_REUSEPORT: else a listening socket is in the way
            socket.Bind(new IPEndPoint(net["client"].Address, 6666));
        }
        inside.Listen();
        await going.ConnectAsync(new IPEndPoint(net["one"].Address, 80)).WaitAsync(Limit);
        using Socket accepted = await outside.AcceptAsync().WaitAsync(Limit);
        Task<TcpClient> connecting = net["two"].ConnectAsync(Gateway.Address.ToString(), ((IPEndPoint)accepted.RemoteEndPoint!).Port);
        if (comesIn)
            (await connecting.WaitAsync(Limit)).Dispose();
        else
            await connecting.Invoking(c => c.WaitAsync(TimeSpan.FromMilliseconds(300))).Should().ThrowAsync<TimeoutException>("a stranger is not even answered");
    }

    [Fact]
    public async Task ICMP_errors_find_the_inside_socket_that_they_are_about()
    {
        Gateway.SetNat(Nat.Home);
        using Socket socket = net["client"].OpenSocket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(new IPEndPoint(net["one"].Address, 9));
        await socket.SendAsync(new byte[1]);
        var receiving = () => socket.ReceiveAsync(new byte[1]).WaitAsync(Limit);
        (await receiving.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
    }

    [Fact]
    public async Task Ping_is_answered()
    {
        Gateway.SetNat(Nat.Home);
        using Socket ping = net["client"].OpenSocket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);
        byte[] echo = [8, 0, 0xf7, 0xfd, 0, 1, 0, 1]; // type, code, checksum, identifier, number
        await ping.SendToAsync(echo, new IPEndPoint(net["one"].Address, 0));
        byte[] answer = new byte[64];
        SocketReceiveFromResult result = await ping.ReceiveFromAsync(answer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(Limit);
        ((IPEndPoint)result.RemoteEndPoint).Address.Should().Be(net["one"].Address);
        answer[20..28].Should().Equal(0, 0, 0xff, 0xfd, 0, 1, 0, 1);
    }

    [Fact]
    public async Task Outside_there_is_no_way_to_an_inside_address()
    {
        Gateway.SetNat(Nat.FullCone);
        using Socket listener = net["client"].Listen(80);
        var connecting = () => net["one"].ConnectAsync("client", 80).WaitAsync(Limit);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
    }

    [Fact]
    public async Task A_server_on_the_router_is_there_for_inside_hosts_only()
    {
        Gateway.SetNat(Nat.Home);
        using Socket listener = Gateway.Listen(8443);
        (await net["client"].ConnectAsync(Gateway.Addresses.Single(a => a.ToString() == "192.168.1.1").ToString(), 8443).WaitAsync(Limit)).Dispose();
        var connecting = () => net["one"].ConnectAsync(Gateway.Address.ToString(), 8443).WaitAsync(TimeSpan.FromMilliseconds(300));
        await connecting.Should().ThrowAsync<TimeoutException>();
    }

    [Fact]
    public async Task The_router_itself_connects_to_the_outside()
    {
        Gateway.SetNat(Nat.Cloud);
        using Endpoint router = new(Gateway), one = new(net["one"]);
        (await router.SeenByAsync(one)).Should().Be(router.Local, "its own address is an outside one");
        one.Send(router.Local, "answer");
        (await router.ReceiveAsync()).Text.Should().Be("answer");
    }

    [Theory, InlineData(NatFiltering.EndpointIndependent), InlineData(NatFiltering.AddressAndPortDependent)]
    public async Task With_hairpin_inside_hosts_meet_at_their_outside_addresses(NatFiltering filtering)
    {
        Gateway.SetNat(Nat.Home.WithFiltering(filtering));
        using Endpoint client = new(net["client"]), sibling = new(net["sibling"]), one = new(net["one"]);
        IPEndPoint clients = await client.SeenByAsync(one), siblings = await sibling.SeenByAsync(one);
        client.Send(siblings, "over there");
        (string text, IPEndPoint from) = await sibling.ReceiveAsync();
        text.Should().Be("over there");
        from.Should().Be(clients, "the source is the outside one (RFC 4787, REQ-9)");
        sibling.Send(from, "and back");
        (await client.ReceiveAsync()).Should().Be(("and back", siblings));
    }

    [Fact]
    public async Task Without_hairpin_they_do_not()
    {
        Gateway.SetNat(Nat.FullCone.WithHairpin(false));
        using Endpoint client = new(net["client"]), sibling = new(net["sibling"]), one = new(net["one"]);
        client.Send(await sibling.SeenByAsync(one));
        (await sibling.IsSilentAsync()).Should().BeTrue();
    }

    [Fact]
    public async Task A_forwarded_TCP_port_leads_to_an_inside_host_which_sees_who_asks()
    {
        Gateway.SetNat(Nat.Home.WithPortForward(IPTransport.Tcp, 8080, "client", 80));
        using Socket listener = net["client"].Listen(80);
        using TcpClient visitor = await net["one"].ConnectAsync(Gateway.Address.ToString(), 8080).WaitAsync(Limit);
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Limit);
        ((IPEndPoint)accepted.RemoteEndPoint!).Address.MapToIPv4().Should().Be(net["one"].Address);
    }

    [Fact]
    public async Task A_forwarded_UDP_port_answers_from_where_it_was_asked()
    {
        Gateway.SetNat(Nat.Corporate.WithPortForward(IPTransport.Udp, 53, "192.168.1.3", 5353));
        VirtualHost server = net.Network.Hosts.Single(h => h.Address.ToString() == "192.168.1.3");
        using Endpoint inside = new(server, port: 5353), one = new(net["one"]);
        one.Send(new IPEndPoint(Gateway.Address, 53), "question");
        (string text, IPEndPoint from) = await inside.ReceiveAsync();
        (text, from).Should().Be(("question", one.Local));
        inside.Send(from, "answer");
        (await one.ReceiveAsync()).Should().Be(("answer", new IPEndPoint(Gateway.Address, 53)));
    }

    [Fact]
    public async Task A_forwarded_port_is_reached_from_inside_too_with_hairpin()
    {
        Gateway.SetNat(Nat.Home.WithPortForward(IPTransport.Tcp, 8080, "client", 80));
        using Socket listener = net["client"].Listen(80);
        using TcpClient visitor = await net["sibling"].ConnectAsync(Gateway.Address.ToString(), 8080).WaitAsync(Limit);
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Limit);
        ((IPEndPoint)accepted.RemoteEndPoint!).Address.MapToIPv4().Should().Be(Gateway.Address);
    }

    [Fact]
    public async Task A_forwarded_port_is_not_given_to_an_inside_socket()
    {
        Gateway.SetNat(Nat.Home.WithPorts(NatPorts.Preserved, 50_000).WithPortForward(IPTransport.Udp, 7000, "client"));
        using Endpoint sibling = new(net["sibling"], port: 7000), one = new(net["one"]);
        (await sibling.SeenByAsync(one)).Port.Should().Be(50_000);
    }

    [Fact]
    public async Task A_UDP_port_is_forgotten_after_its_timeout()
    {
        Gateway.SetNat(Nat.FullCone.WithPorts(NatPorts.Sequential, 50_000).WithUdpTimeout(TimeSpan.FromSeconds(1)));
        using Endpoint client = new(net["client"]), one = new(net["one"]), two = new(net["two"]);
        IPEndPoint seen = await client.SeenByAsync(one);
        two.Send(seen, "in time");
        (await client.ReceiveAsync()).Text.Should().Be("in time");
        await Task.Delay(2500);
        two.Send(seen, "too late");
        one.Send(seen, "too late as well");
        (await client.IsSilentAsync()).Should().BeTrue();
        (await client.SeenByAsync(one)).Port.Should().Be(50_001);
    }

    [Fact]
    public async Task A_UDP_port_in_use_outlives_its_timeout()
    {
        Gateway.SetNat(Nat.MobileCarrier.WithUdpTimeout(TimeSpan.FromSeconds(3)));
        using Endpoint client = new(net["client"]), one = new(net["one"]), two = new(net["two"]);
        IPEndPoint seen = await client.SeenByAsync(one);
        long last = Stopwatch.GetTimestamp();
        for (int used = 0, interrupted = 0; used < 10; used++)
        {
            await Task.Delay(400);
            IPEndPoint now = await client.SeenByAsync(one);
            if (Stopwatch.GetElapsedTime(last) > TimeSpan.FromSeconds(2.5)) // a machine with so much else to do that it was not in use
                (seen, used) = (++interrupted < 10 ? now : seen, 0);
            last = Stopwatch.GetTimestamp();
            now.Should().Be(seen);
        }
        (await client.SeenByAsync(two)).Should().Be(seen, "the mapping was kept for every destination");
    }

    [Fact]
    public async Task A_rebound_NAT_forgets_and_gives_other_ports()
    {
        Gateway.SetNat(Nat.FullCone);
        using Endpoint client = new(net["client"]), one = new(net["one"]), two = new(net["two"]);
        IPEndPoint before = await client.SeenByAsync(one);
        Gateway.RebindNat();
        two.Send(before, "to the old port");
        one.Send(before, "to the old port");
        (await client.IsSilentAsync()).Should().BeTrue();
        IPEndPoint after = await client.SeenByAsync(one);
        after.Port.Should().NotBe(before.Port);
        two.Send(after, "to the new port");
        (await client.ReceiveAsync()).Text.Should().Be("to the new port");
    }

    [Fact]
    public async Task A_TCP_connection_does_not_survive_a_rebinding()
    {
        Gateway.SetNat(Nat.Home);
        using Socket listener = net["one"].Listen(80);
        using TcpClient client = await net["client"].ConnectAsync("one", 80).WaitAsync(Limit);
        using Socket server = await listener.AcceptAsync().WaitAsync(Limit);
        await client.GetStream().WriteAsync("before"u8.ToArray());
        (await server.ReceiveAsync(new byte[16]).WaitAsync(Limit)).Should().Be(6);
        Gateway.RebindNat();
        await client.GetStream().WriteAsync("after"u8.ToArray());
        var reading = () => client.GetStream().ReadAsync(new byte[16]).AsTask().WaitAsync(Limit);
        (await reading.Should().ThrowAsync<IOException>("the server knows no connection from the new port")).Which.InnerException.Should().BeOfType<SocketException>()
            .Which.SocketErrorCode.Should().Be(SocketError.ConnectionReset);
        (await net["client"].ConnectAsync("one", 80).WaitAsync(Limit)).Dispose();
    }

    [Fact]
    public async Task Without_NAT_inside_hosts_are_seen_as_they_are()
    {
        Gateway.SetNat(Nat.Public);
        using Endpoint client = new(net["client"], AddressFamily.InterNetworkV6), one = new(net["one"], AddressFamily.InterNetworkV6);
        (await client.SeenByAsync(one)).Should().Be(client.Local);
        using Endpoint client4 = new(net["client"]), one4 = new(net["one"]);
        (await client4.SeenByAsync(one4)).Should().Be(client4.Local);
        Action answering = () => one4.Send(client4.Local);
        answering.Should().Throw<SocketException>("routes stay as the declared NAT had them").Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
    }

    [Fact]
    public async Task With_NAT_for_IPv4_only_inside_hosts_are_reached_over_IPv6()
    {
        Gateway.SetNat(Nat.Home);
        using Endpoint client = new(net["client"], AddressFamily.InterNetworkV6), one = new(net["one"], AddressFamily.InterNetworkV6);
        one.Send(client.Local, "unasked");
        (await client.ReceiveAsync()).Should().Be(("unasked", one.Local));
    }

    [Fact]
    public void A_NAT_that_cannot_be_changes_nothing()
    {
        Action setting = () => Gateway.SetNat(Nat.Home.WithPorts(NatPorts.Random, 9, 1).WithPortForward(IPTransport.Tcp, 80, "nobody"));
        setting.Should().Throw<InvalidTopologyException>().Which.Problems.Should().HaveCount(2).And.OnlyContain(p => p.Contains("Router \"gateway\""));
    }

    [Fact]
    public void A_host_that_is_no_router_has_no_NAT()
    {
        Action setting = () => net["client"].SetNat(Nat.Home);
        setting.Should().Throw<InvalidOperationException>().WithMessage("*\"client\" does not forward*");
    }
}

/// <summary>The test's own host behind a home router.</summary>
public sealed class AtHome() : Topology(new Topology().WithNetwork("home").WithNetwork("internet", n => n.WithSubnet("203.0.113.0/24"))
    .WithRouter("gateway", r => r.On("internet").On("home").WithNat("internet", Nat.Home).WithFirewall("internet", Firewall.Home))
    .WithHost("server", h => h.On("internet")));

/// <summary>NAT and firewall as declared, for an isolated test.</summary>
public class NatInSandboxTests
{
    [Fact, IsolatedNetwork<AtHome>]
    public async Task A_test_runs_behind_a_NAT()
    {
        VirtualNetwork network = IsolatedNetwork.Current.Network;
        using Endpoint server = new(network["server"], port: 3478);
        using var client = new UdpClient(0);
        await client.SendAsync("where am I?"u8.ToArray(), new IPEndPoint(IPAddress.Parse("203.0.113.2"), 3478));
        (await server.ReceiveAsync()).From.Address.ToString().Should().Be("203.0.113.1");
    }
}
