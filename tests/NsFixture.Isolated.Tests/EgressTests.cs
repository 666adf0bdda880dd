using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>What is outside of the sandboxes that these tests make: a network of their own, with a server and a name server.</summary>
public sealed class TheMachine() : Topology(Of("server")
    .WithDns(d => d.A("www.example", "10.0.0.3").Aaaa("www.example", "fd00::3").A("many.example", [.. Enumerable.Range(1, 100).Select(i => $"10.9.1.{i}")])));

/// <summary>A sandbox reaches its machine's network. Here the machine is a sandbox itself, so that nothing gets any further.</summary>
[IsolatedNetwork<TheMachine>]
public class EgressTests
{
    private const string Machine = "192.0.2.2", Machine6 = "2001:db8::2";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static VirtualHost Server => IsolatedNetwork.Current.Network["server"];

    /// <summary>A laptop at home, behind a NAT; the router that leads out is the provider's.</summary>
    private static Task<VirtualNetwork> Home(string? machine = Machine) => VirtualNetwork.CreateAsync(new Topology()
        .WithNetwork("isp", n => n.WithSubnet("172.31.0.0/24").WithSubnet6("fd31::/64")).WithNetwork("home", n => n.WithSubnet("172.31.1.0/24").WithSubnet6("fd31:0:0:1::/64"))
        .WithRouter("uplink", r => r.On("isp").WithEgress(machine))
        .WithRouter("gateway", r => r.On("isp").On("home").WithNat("isp", Nat.Home.WithIPv6Masquerade()))
        .WithHost("laptop", h => h.On("home")).WithHost("peer", h => h.On("isp")));

    [Theory, InlineData(false), InlineData(true)]
    public async Task TCP_carries_a_megabyte_each_way_and_ends_as_it_should(bool ipv6)
    {
        await using VirtualNetwork network = await Home();
        IPAddress to = ipv6 ? Server.Address6 : Server.Address;
        using Socket listener = Server.Listen(80);
        using TcpClient client = await network["laptop"].ConnectAsync(to.ToString(), 80).WaitAsync(Limit);
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Limit);
        using var server = new NetworkStream(accepted);
        NetworkStream inside = client.GetStream();
        byte[] sent = new byte[1 << 20], received = new byte[1 << 20];
        new Random(1).NextBytes(sent);
        foreach (var (from, there) in ((NetworkStream, NetworkStream)[])[(inside, server), (server, inside)])
        {
            Array.Clear(received);
            Task sending = from.WriteAsync(sent).AsTask();
            await there.ReadExactlyAsync(received).AsTask().WaitAsync(Limit);
            await sending;
            received.Should().Equal(sent);
        }
        client.Client.Shutdown(SocketShutdown.Send);
        (await server.ReadAsync(received).AsTask().WaitAsync(Limit)).Should().Be(0, "one direction has ended");
        await server.WriteAsync("bye"u8.ToArray());
        accepted.Shutdown(SocketShutdown.Send);
        (await inside.ReadAsync(received).AsTask().WaitAsync(Limit)).Should().Be(3);
        (await inside.ReadAsync(received).AsTask().WaitAsync(Limit)).Should().Be(0);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task UDP_is_answered_and_each_sender_has_a_port_of_its_own(bool ipv6)
    {
        await using VirtualNetwork network = await Home();
        AddressFamily family = ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        using Endpoint one = new(network["laptop"], family), two = new(network["peer"], family), server = new(Server, family);
        one.Send(server.Local, "one");
        (string text, IPEndPoint first) = await server.ReceiveAsync();
        text.Should().Be("one");
        two.Send(server.Local, "two");
        (_, IPEndPoint second) = await server.ReceiveAsync();
        second.Should().NotBe(first);
        server.Send(second, new string('2', 1400));
        server.Send(first, "1");
        (await one.ReceiveAsync()).Should().Be(("1", server.Local));
        (await two.ReceiveAsync()).Should().Be((new string('2', 1400), server.Local));
    }

    [Theory, InlineData(Machine, "127.0.0.1"), InlineData(Machine6, "::1")]
    public async Task The_machines_own_services_are_reached_by_an_address_that_stands_for_it_and_by_no_other(string address, string own)
    {
        using var listener = new TcpListener(IPAddress.Parse(own), 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using VirtualNetwork network = await Home(address), without = await Home(machine: null);
        using TcpClient client = await network["laptop"].ConnectAsync(address, port).WaitAsync(Limit);
        using Socket accepted = await listener.AcceptSocketAsync().WaitAsync(Limit);
        await client.Client.SendAsync("hello"u8.ToArray());
        (await accepted.ReceiveAsync(new byte[10]).WaitAsync(Limit)).Should().Be(5);
        using var udp = new UdpClient(new IPEndPoint(IPAddress.Parse(own), 0));
        using Endpoint asking = new(network["laptop"], IPAddress.Parse(own).AddressFamily);
        var standing = new IPEndPoint(IPAddress.Parse(address), ((IPEndPoint)udp.Client.LocalEndPoint!).Port);
        asking.Send(standing, "who?");
        UdpReceiveResult asked = await udp.ReceiveAsync().WaitAsync(Limit);
        await udp.SendAsync("me"u8.ToArray(), asked.RemoteEndPoint);
        (await asking.ReceiveAsync()).Should().Be(("me", standing));
        (await IsCutOff(without["laptop"], address, port)).Should().BeTrue();
        listener.Pending().Should().BeFalse();
    }

    [Fact]
    public async Task A_connection_that_is_refused_outside_is_reset_inside()
    {
        await using VirtualNetwork network = await Home();
        (await IsCutOff(network["laptop"], Server.Address.ToString(), 9)).Should().BeTrue();
        using Socket listener = Server.Listen(80);
        using TcpClient client = await network["laptop"].ConnectAsync(Server.Address.ToString(), 80).WaitAsync(Limit);
        using (Socket accepted = await listener.AcceptAsync().WaitAsync(Limit))
            accepted.LingerState = new LingerOption(true, 0);
        var reading = () => client.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Limit);
        await reading.Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task Hosts_of_the_network_are_reached_on_the_network_and_addresses_of_nobody_are_not()
    {
        await using VirtualNetwork network = await Home();
        using Socket listener = network["peer"].Listen(80);
        using TcpClient client = await network["laptop"].ConnectAsync("peer", 80).WaitAsync(Limit);
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Limit);
        ((IPEndPoint)accepted.RemoteEndPoint!).Address.MapToIPv4().Should().Be(network["gateway"].Addresses[0], "it did not come by the machine");
        (await IsCutOff(network["laptop"], "0.1.2.3", 80)).Should().BeTrue();
    }

    [Fact]
    public async Task Names_that_only_the_machine_knows_are_asked_of_its_name_server()
    {
        await using VirtualNetwork network = await Home();
        VirtualHost laptop = network["laptop"];
        (await laptop.ResolveAsync("www.example")).Should().BeEquivalentTo([Server.Address, Server.Address6]);
        string found = (await laptop.Command("getent").WithArguments("ahostsv4", "www.example").RunAsync().WaitAsync(Limit)).StandardOutput;
        found.Should().StartWith(Server.Address.ToString());
        (await laptop.ResolveAsync("many.example")).Should().HaveCount(100, "what does not fit comes by TCP");
        (await laptop.ResolveAsync("peer")).Should().Contain(network["peer"].Address);
        var asking = () => laptop.ResolveAsync("nobody.example");
        (await asking.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.HostNotFound);
        network.Dns.Queries.Should().Contain(q => q.Name == "www.example" && q.Answer == "forwarded");
        using Socket listener = Server.Listen(80);
        using TcpClient client = await laptop.ConnectAsync("www.example", 80).WaitAsync(Limit);
        network.Dns.Remove("www.example");
        var removed = () => laptop.ResolveAsync("www.example");
        await removed.Should().ThrowAsync<SocketException>("it was said not to exist");
    }

    [Fact]
    public async Task A_way_out_comes_with_a_router_and_goes_with_it_and_outlives_its_reboot()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology()
            .WithNetwork("lan", n => n.WithSubnet("172.31.0.0/24").WithSubnet6("fd31::/64")).WithHost("laptop", h => h.On("lan")).WithDns(d => d));
        using Socket listener = Server.Listen(80);
        (await IsCutOff(network["laptop"], Server.Address.ToString(), 80)).Should().BeTrue();
        VirtualHost uplink = await network.AddRouterAsync("uplink", r => r.WithEgress());
        await Connects();
        (await network["laptop"].ResolveAsync("www.example")).Should().Contain(Server.Address);
        uplink.Reboot();
        await Connects();
        network.RemoveHost("uplink");
        (await IsCutOff(network["laptop"], Server.Address.ToString(), 80)).Should().BeTrue();

        async Task Connects()
        {
            using TcpClient client = await network["laptop"].ConnectAsync(Server.Address.ToString(), 80).WaitAsync(Limit);
            using Socket accepted = await listener.AcceptAsync().WaitAsync(Limit);
            await accepted.SendAsync("x"u8.ToArray());
            (await client.Client.ReceiveAsync(new byte[1]).WaitAsync(Limit)).Should().Be(1);
        }
    }

    /// <summary>Whether a connection is refused, unreachable, or reset before a byte has come.</summary>
    private static async Task<bool> IsCutOff(VirtualHost from, string to, int port)
    {
        try
        {
            using TcpClient client = await from.ConnectAsync(to, port).WaitAsync(Limit);
            return await client.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Limit) == 0;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return true;
        }
    }
}

/// <summary>A way out by a setting, of which nothing is used.</summary>
public class EgressSettingTests
{
    [Fact, IsolatedNetwork(Hosts = ["client"], Egress = true)]
    public async Task A_setting_gives_all_hosts_a_way_out()
    {
        VirtualNetwork network = IsolatedNetwork.Current.Network;
        network.Describe().Should().Contain("WAY OUT");
        foreach (string host in (string[])["test", "client"])
            (await network[host].Command("cat").WithArguments("/proc/net/route").RunAsync()).StandardOutput.Should().MatchRegex("eth0\t00000000\t" + Convert.ToHexString([.. network["egress"].Address.GetAddressBytes().Reverse()]));
        using var local = new TcpClient();
        var connecting = () => local.ConnectAsync(IPAddress.Loopback, 9);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused, "that is this host, not the machine");
    }

    /// <summary>A test that has built its sandbox itself has nobody who would make the machine's sockets; one with an init has.</summary>
    [Fact, IsolatedNetwork]
    public async Task A_way_out_that_comes_too_late_is_refused_and_changes_nothing()
    {
        VirtualNetwork network = IsolatedNetwork.Current.Network;
        try
        {
            await network.AddRouterAsync("uplink", r => r.WithEgress());
            network.Describe().Should().Contain("WAY OUT");
        }
        catch (SandboxException e)
        {
            e.Message.Should().Contain("no way out later");
            network.Describe().Should().NotContain("uplink");
            (await network.AddHostAsync("client")).Name.Should().Be("client");
        }
    }

    [Fact, IsolatedNetwork(Hosts = ["client"])]
    public async Task Without_it_there_is_none()
    {
        var connecting = () => IsolatedNetwork.Current.Network["client"].ConnectAsync("192.0.2.1", 80);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
    }
}
