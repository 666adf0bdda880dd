using System.Net;
using System.Net.Sockets;
using FluentAssertions;

namespace NsFixture.Isolated.Tests;

/// <summary>An office behind a router, and servers outside, for plain tests that change the firewalls.</summary>
public sealed class FirewallNetwork : IAsyncLifetime
{
    public VirtualNetwork Network { get; private set; } = null!;

    public async Task InitializeAsync() => Network = await VirtualNetwork.CreateAsync(new Topology()
        .WithNetwork("internet").WithNetwork("office")
        .WithRouter("gateway", r => r.On("internet").On("office").WithFirewall("internet", Firewall.Open))
        .WithHost("pc", h => h.On("office")).WithHost("printer", h => h.On("office"))
        .WithHost("server", h => h.On("internet")).WithHost("other", h => h.On("internet")));

    public async Task DisposeAsync() => await (Network?.DisposeAsync() ?? default); // there is none where the machine allows none
}

/// <summary>Firewalls on hosts and routers; each test sets its own.</summary>
public sealed class FirewallTests(FirewallNetwork office) : IClassFixture<FirewallNetwork>, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10), Never = TimeSpan.FromMilliseconds(300);

    private VirtualHost Pc => office.Network["pc"];

    private VirtualHost Server => office.Network["server"];

    private VirtualHost Gateway => office.Network["gateway"];

    public void Dispose()
    {
        foreach (VirtualHost host in office.Network.Hosts.Where(h => h.Name != "gateway"))
            host.SetFirewall(Firewall.Open);
        Gateway.SetFirewall(Firewall.Open);
        Gateway.SetNat(Nat.Public);
    }

    [Fact]
    public async Task A_host_that_blocks_inbound_is_not_reached_and_reaches_others()
    {
        Server.SetFirewall(Firewall.BlockInbound);
        await TcpAsync("nothing", Pc, Server, 80);
        await TcpAsync("connected", Server, Pc, 80);
        await UdpAsync(false, Pc, Server, 53);
        await UdpAsync(true, Server, Pc, 53);
    }

    [Theory, InlineData(AddressFamily.InterNetwork), InlineData(AddressFamily.InterNetworkV6)]
    public async Task Who_is_rejected_is_told_at_once(AddressFamily family)
    {
        Server.SetFirewall(Firewall.Open.Deny(FirewallDirection.Inbound, IPTransport.Tcp, "80", reject: true));
        await TcpAsync("ConnectionRefused", Pc, Server, 80, family);
        await TcpAsync("connected", Pc, Server, 81, family);
    }

    [Fact]
    public async Task Who_sends_a_datagram_that_is_rejected_is_told()
    {
        Server.SetFirewall(Firewall.Open.WithInbound(FirewallAction.Reject));
        using Socket socket = Pc.OpenSocket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(new IPEndPoint(Server.Address, 53));
        await socket.SendAsync(new byte[1]);
        var receiving = () => socket.ReceiveAsync(new byte[1]).WaitAsync(Limit);
        (await receiving.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.HostUnreachable);
    }

    [Theory, InlineData(AddressFamily.InterNetwork), InlineData(AddressFamily.InterNetworkV6)]
    public async Task A_router_that_blocks_inbound_lets_answers_in(AddressFamily family)
    {
        Gateway.SetFirewall(Firewall.BlockInbound);
        await TcpAsync("connected", Pc, Server, 80, family);
        await TcpAsync("nothing", Server, Pc, 80, family);
        await TcpAsync("nothing", Server, Gateway, 80, family);
        await TcpAsync("connected", Pc, Gateway, 81, family);
        await TcpAsync("connected", Pc, office.Network["printer"], 80, family);
    }

    [Theory, InlineData(AddressFamily.InterNetwork), InlineData(AddressFamily.InterNetworkV6)]
    public async Task A_router_that_blocks_UDP_lets_TCP_through(AddressFamily family)
    {
        Gateway.SetFirewall(Firewall.BlockUdp);
        await UdpAsync(false, Pc, Server, 53, family);
        await UdpAsync(false, Server, Pc, 53, family);
        await TcpAsync("connected", Pc, Server, 53, family);
    }

    [Fact]
    public async Task Only_the_web_goes_out()
    {
        Gateway.SetFirewall(Firewall.WebOnly);
        await TcpAsync("connected", Pc, Server, 80);
        await TcpAsync("connected", Pc, Server, 443);
        await TcpAsync("nothing", Pc, Server, 8080);
        await UdpAsync(false, Pc, Server, 443);
    }

    [Fact]
    public async Task The_first_rule_that_matches_decides()
    {
        Server.SetFirewall(Firewall.Open.Allow(FirewallDirection.Inbound, IPTransport.Tcp, "8080").Deny(FirewallDirection.Inbound, IPTransport.Tcp, "8000-8999").Allow(FirewallDirection.Inbound, IPTransport.Tcp, "8001"));
        await TcpAsync("connected", Pc, Server, 8080);
        await TcpAsync("nothing", Pc, Server, 8001);
        await TcpAsync("connected", Pc, Server, 9000);
    }

    [Theory, InlineData("pc"), InlineData("office")]
    public async Task A_rule_is_about_a_host_or_a_network_by_name(string from)
    {
        Server.SetFirewall(Firewall.BlockInbound.Allow(FirewallDirection.Inbound, IPTransport.Tcp, "80", from: from));
        foreach (AddressFamily family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
        {
            await TcpAsync("connected", Pc, Server, 80, family);
            await TcpAsync(from == "office" ? "connected" : "nothing", office.Network["printer"], Server, 80, family);
            await TcpAsync("nothing", office.Network["other"], Server, 80, family);
        }
    }

    [Fact]
    public async Task A_rule_is_about_an_address_or_a_prefix()
    {
        Gateway.SetFirewall(Firewall.Open.Deny(FirewallDirection.Outbound, to: $"{Server.Address}").Deny(FirewallDirection.Outbound, to: "fd00::/64"));
        await TcpAsync("nothing", Pc, Server, 80);
        await TcpAsync("connected", Pc, office.Network["other"], 80);
        await TcpAsync("nothing", Pc, office.Network["other"], 80, AddressFamily.InterNetworkV6);
    }

    [Fact]
    public async Task Ports_without_a_protocol_are_TCPs_and_UDPs()
    {
        Gateway.SetFirewall(Firewall.Open.WithOutbound(FirewallAction.Drop).Allow(FirewallDirection.Outbound, ports: "53"));
        await TcpAsync("connected", Pc, Server, 53);
        await UdpAsync(true, Pc, Server, 53);
        await UdpAsync(false, Pc, Server, 54);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Ping_passes_or_does_not(bool passes)
    {
        Gateway.SetFirewall(passes ? Firewall.WebOnly.Allow(FirewallDirection.Outbound, IPTransport.Icmp) : Firewall.WebOnly);
        using Socket ping = Pc.OpenSocket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);
        await ping.SendToAsync(new byte[] { 8, 0, 0xf7, 0xfd, 0, 1, 0, 1 }, new IPEndPoint(Server.Address, 0));
        var answering = () => ping.ReceiveFromAsync(new byte[64], new IPEndPoint(IPAddress.Any, 0)).WaitAsync(passes ? Limit : Never);
        if (passes)
            ((IPEndPoint)(await answering()).RemoteEndPoint).Address.Should().Be(Server.Address);
        else
            await answering.Should().ThrowAsync<TimeoutException>();
    }

    [Fact]
    public async Task What_a_host_may_not_send_its_programs_are_told()
    {
        Pc.SetFirewall(Firewall.Open.Deny(FirewallDirection.Outbound, IPTransport.Udp).Deny(FirewallDirection.Outbound, IPTransport.Tcp, reject: true));
        using var socket = new Endpoint(Pc);
        Action sending = () => socket.Send(new IPEndPoint(Server.Address, 53));
        sending.Should().Throw<SocketException>().Which.SocketErrorCode.Should().Be(SocketError.AccessDenied);
        await TcpAsync("ConnectionRefused", Pc, Server, 80);
    }

    [Fact]
    public async Task A_hosts_loopback_is_its_own()
    {
        Pc.SetFirewall(Firewall.Open.WithInbound(FirewallAction.Drop).WithOutbound(FirewallAction.Drop));
        await TcpAsync("connected", Pc, Pc, 80);
        await TcpAsync("nothing", Server, Pc, 80);
    }

    [Fact]
    public async Task A_rule_that_is_added_later_stops_a_connection_and_its_end_lets_it_go_on()
    {
        using Socket listener = Server.Listen(80);
        using TcpClient client = await Pc.ConnectAsync("server", 80).WaitAsync(Limit);
        using Socket server = await listener.AcceptAsync().WaitAsync(Limit);
        Gateway.SetFirewall(Firewall.WebOnly);
        await client.GetStream().WriteAsync("one"u8.ToArray());
        (await server.ReceiveAsync(new byte[8]).WaitAsync(Limit)).Should().Be(3, "port 80 passes still");
        Gateway.SetFirewall(Firewall.Open.Deny(FirewallDirection.Outbound, IPTransport.Tcp, "80"));
        await client.GetStream().WriteAsync("second"u8.ToArray());
        Task<int> receiving = server.ReceiveAsync(new byte[8]);
        await receiving.Invoking(r => r.WaitAsync(Never)).Should().ThrowAsync<TimeoutException>();
        Gateway.SetFirewall(Firewall.Open);
        (await receiving.WaitAsync(TimeSpan.FromSeconds(30))).Should().Be(6, "TCP sends it again");
    }

    [Fact]
    public async Task What_NAT_forwards_passes_the_inbound_default_but_not_a_rule()
    {
        Gateway.SetNat(Nat.Home.WithPortForward(IPTransport.Tcp, 8080, "pc", 80));
        Gateway.SetFirewall(Firewall.Home);
        using Socket listener = Pc.Listen(80);
        (await Server.ConnectAsync($"{Gateway.Address}", 8080).WaitAsync(Limit)).Dispose();
        Gateway.SetFirewall(Firewall.Home.Deny(FirewallDirection.Inbound, IPTransport.Tcp, from: "server", reject: true));
        var connecting = () => Server.ConnectAsync($"{Gateway.Address}", 8080).WaitAsync(Limit);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
        (await office.Network["other"].ConnectAsync($"{Gateway.Address}", 8080).WaitAsync(Limit)).Dispose();
    }

    [Fact]
    public async Task A_firewall_that_cannot_be_changes_nothing()
    {
        Server.SetFirewall(Firewall.BlockInbound);
        Action setting = () => Server.SetFirewall(Firewall.Open.Allow(FirewallDirection.Inbound, IPTransport.Tcp, "eighty", from: "nobody"));
        setting.Should().Throw<InvalidTopologyException>().Which.Problems.Should().HaveCount(2).And.OnlyContain(p => p.Contains("Host \"server\""));
        await TcpAsync("nothing", Pc, Server, 80);
    }

    [Fact]
    public void A_routers_firewall_needs_an_outside()
    {
        Action setting = () => Gateway.SetFirewall(Firewall.Home, "attic");
        setting.Should().Throw<InvalidTopologyException>().WithMessage("*\"attic\" is none of its own: internet, office*");
    }

    [Theory]
    [InlineData(nameof(Firewall.Open), "tcp80+ tcp25+ tcp9+ udp53+ udp9+ in_22+ in_9+")]
    [InlineData(nameof(Firewall.Public), "tcp80+ tcp25+ tcp9+ udp53+ udp9+ in_22+ in_9+")]
    [InlineData(nameof(Firewall.Home), "tcp80+ tcp25+ tcp9+ udp53+ udp9+ in_22- in_9-")]
    [InlineData(nameof(Firewall.Corporate), "tcp80+ tcp25! tcp9! udp53+ udp9- in_22- in_9-")]
    [InlineData(nameof(Firewall.Hotel), "tcp80+ tcp25- tcp9- udp53+ udp9- in_22- in_9-")]
    [InlineData(nameof(Firewall.MobileCarrier), "tcp80+ tcp25- tcp9+ udp53+ udp9+ in_22- in_9-")]
    [InlineData(nameof(Firewall.Cloud), "tcp80+ tcp25- tcp9+ udp53+ udp9+ in_22+ in_9-")]
    public async Task A_preset_is_what_its_name_says(string name, string passes)
    {
        Gateway.SetFirewall((Firewall)typeof(Firewall).GetProperty(name)!.GetValue(null)!);
        foreach (string what in passes.Split(' '))
        {
            string expected = what[^1] switch { '+' => "connected", '-' => "nothing", _ => nameof(SocketError.ConnectionRefused) };
            int port = int.Parse(what[3..^1]);
            if (what.StartsWith("udp"))
                await UdpAsync(what[^1] == '+', Pc, Server, port);
            else if (what.StartsWith("tcp"))
                await TcpAsync(expected, Pc, Server, port);
            else
                await TcpAsync(expected, Server, Pc, port);
        }
    }

    private static async Task TcpAsync(string expected, VirtualHost from, VirtualHost to, int port, AddressFamily family = AddressFamily.InterNetwork)
    {
        using Socket listener = to.Listen(port);
        using var limit = new CancellationTokenSource(expected == "nothing" ? Never : Limit);
        string came;
        try
        {
            using TcpClient client = await from.ConnectAsync((family == AddressFamily.InterNetwork ? to.Address : to.Address6).ToString(), port, limit.Token);
            came = "connected";
        }
        catch (OperationCanceledException)
        {
            came = "nothing";
        }
        catch (SocketException e)
        {
            came = e.SocketErrorCode.ToString();
        }
        came.Should().Be(expected, $"that is how {from} connects to {to}, port {port}");
    }

    private static async Task UdpAsync(bool arrives, VirtualHost from, VirtualHost to, int port, AddressFamily family = AddressFamily.InterNetwork)
    {
        using Endpoint client = new(from, family), server = new(to, family, port);
        client.Send(server.Local);
        if (arrives)
            (await server.ReceiveAsync()).From.Should().Be(client.Local);
        else
            (await server.IsSilentAsync()).Should().BeTrue();
    }
}
