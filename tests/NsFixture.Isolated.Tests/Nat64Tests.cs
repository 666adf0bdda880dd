using System.Net;
using System.Net.Sockets;
using FluentAssertions;

namespace NsFixture.Isolated.Tests;

/// <summary>A home with IPv6 only, and an internet with IPv4 only.</summary>
public sealed class Nat64Network : IAsyncLifetime
{
    public VirtualNetwork Network { get; private set; } = null!;

    public async Task InitializeAsync() => Network = await VirtualNetwork.CreateAsync(new Topology()
        .WithNetwork("internet", n => n.WithSubnet("203.0.113.0/24").WithoutIPv6()).WithNetwork("home", n => n.WithoutIPv4())
        .WithRouter("gateway", r => r.On("internet").On("home").WithNat("internet", Nat.MobileCarrier.WithNat64()))
        .WithHost("phone", h => h.On("home")).WithHost("tablet", h => h.On("home"))
        .WithHost("one", h => h.On("internet")).WithHost("two", h => h.On("internet")));

    public async Task DisposeAsync() => await (Network?.DisposeAsync() ?? default); // there is none where the machine allows none
}

/// <summary>IPv6 hosts meet IPv4 hosts by 64:ff9b::/96.</summary>
public class Nat64Tests(Nat64Network net) : IClassFixture<Nat64Network>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private VirtualNetwork Network => net.Network;

    [Fact]
    public async Task A_datagram_crosses_and_its_answer_comes_back()
    {
        using Endpoint phone = new(Network["phone"], AddressFamily.InterNetworkV6), one = new(Network["one"]);
        phone.Send(Beyond(one), "question");
        (string text, IPEndPoint seen) = await one.ReceiveAsync();
        text.Should().Be("question");
        seen.Address.Should().Be(Network["gateway"].Address);
        one.Send(seen, "answer");
        (await phone.ReceiveAsync()).Should().Be(("answer", Beyond(one)));
    }

    [Fact]
    public async Task Mapping_and_filtering_are_the_NATs()
    {
        using Endpoint phone = new(Network["phone"], AddressFamily.InterNetworkV6), one1 = new(Network["one"]), one2 = new(Network["one"]), two = new(Network["two"]);
        phone.Send(Beyond(one1));
        phone.Send(Beyond(one2));
        IPEndPoint seen = (await one1.ReceiveAsync()).From;
        (await one2.ReceiveAsync()).From.Should().Be(seen, "it is endpoint-independent");
        using var other = new Endpoint(Network["one"]);
        two.Send(seen, "stranger");
        other.Send(seen, "known address");
        (await phone.ReceiveAsync()).Should().Be(("known address", Beyond(other)), "it filters by address");
        (await phone.IsSilentAsync()).Should().BeTrue();
    }

    [Fact]
    public async Task Two_inside_hosts_have_a_port_each()
    {
        using Endpoint phone = new(Network["phone"], AddressFamily.InterNetworkV6, 5000), tablet = new(Network["tablet"], AddressFamily.InterNetworkV6, 5000), one = new(Network["one"]);
        phone.Send(Beyond(one));
        IPEndPoint phones = (await one.ReceiveAsync()).From;
        tablet.Send(Beyond(one));
        IPEndPoint tablets = (await one.ReceiveAsync()).From;
        tablets.Should().NotBe(phones);
        one.Send(tablets, "for the tablet");
        one.Send(phones, "for the phone");
        (await phone.ReceiveAsync()).Text.Should().Be("for the phone");
        (await tablet.ReceiveAsync()).Text.Should().Be("for the tablet");
    }

    [Fact]
    public async Task TCP_carries_a_megabyte_each_way_unharmed()
    {
        byte[] sent = new byte[1 << 20], received = new byte[1 << 20];
        new Random(64).NextBytes(sent);
        using Socket listener = Network["one"].Listen(80);
        using TcpClient client = await Network["phone"].ConnectAsync(Nat.ToNat64(Network["one"].Address).ToString(), 80).WaitAsync(Limit);
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Limit);
        using var server = new NetworkStream(accepted);
        foreach (var (from, to) in ((NetworkStream, NetworkStream)[])[(client.GetStream(), server), (server, client.GetStream())])
        {
            Array.Clear(received);
            Task sending = from.WriteAsync(sent).AsTask();
            await to.ReadExactlyAsync(received).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            await sending;
            received.Should().Equal(sent);
        }
    }

    [Fact]
    public async Task Ping_is_answered()
    {
        using Socket ping = Network["phone"].OpenSocket(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6);
        var to = new IPEndPoint(Nat.ToNat64(Network["one"].Address), 0);
        await ping.SendToAsync(new byte[] { 128, 0, 0, 0, 0, 7, 0, 1 }, to); // the kernel adds the checksum
        byte[] answer = new byte[64];
        do
            (await ping.ReceiveFromAsync(answer, new IPEndPoint(IPAddress.IPv6Any, 0)).WaitAsync(Limit)).ReceivedBytes.Should().BePositive();
        while (answer[0] != 129); // others are of neighbours
        answer[4..8].Should().Equal(0, 7, 0, 1);
    }

    [Fact]
    public async Task An_ICMP_error_finds_the_socket_that_it_is_about()
    {
        using Socket socket = Network["phone"].OpenSocket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(new IPEndPoint(Nat.ToNat64(Network["one"].Address), 9));
        await socket.SendAsync(new byte[1]);
        var receiving = () => socket.ReceiveAsync(new byte[1]).WaitAsync(Limit);
        (await receiving.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
    }

    [Fact]
    public async Task A_datagram_in_fragments_arrives_whole()
    {
        using Endpoint phone = new(Network["phone"], AddressFamily.InterNetworkV6), one = new(Network["one"]);
        string text = new('x', 2000);
        phone.Send(Beyond(one), text);
        (string there, IPEndPoint seen) = await one.ReceiveAsync();
        there.Should().Be(text);
        one.Send(seen, text); // the fragments are made anew on the way
        (await phone.ReceiveAsync()).Text.Should().Be(text);
    }

    [Fact]
    public async Task It_is_switched_off_and_on_at_run_time()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology()
            .WithNetwork("internet", n => n.WithoutIPv6()).WithNetwork("home", n => n.WithoutIPv4())
            .WithRouter("gateway", r => r.WithNat("internet", Nat.Home)).WithHost("phone", h => h.On("home")).WithHost("server", h => h.On("internet")));
        using Endpoint phone = new(network["phone"], AddressFamily.InterNetworkV6), server = new(network["server"]);
        phone.Send(Beyond(server));
        (await server.IsSilentAsync()).Should().BeTrue();
        foreach (bool on in (bool[])[true, false, true])
        {
            network["gateway"].SetNat(Nat.Home.WithNat64(on));
            phone.Send(Beyond(server));
            if (!on)
            {
                (await server.IsSilentAsync()).Should().BeTrue();
                continue;
            }
            // Again and again: a datagram may be lost while neighbours are looked for.
            Task<(string Text, IPEndPoint From)> first = server.ReceiveAsync();
            while (await Task.WhenAny(first, Task.Delay(500)) != first)
                phone.Send(Beyond(server));
            (await first).From.Address.Should().Be(network["gateway"].Address);
            while (!await server.IsSilentAsync())
            {
            }
        }
    }

    [Fact]
    public async Task It_is_there_again_after_a_reboot_and_on_a_router_that_comes_later()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology()
            .WithNetwork("internet", n => n.WithoutIPv6()).WithNetwork("home", n => n.WithoutIPv4())
            .WithRouter("gateway", r => r.WithNat("internet", Nat.Home.WithNat64())).WithHost("phone", h => h.On("home")).WithHost("server", h => h.On("internet")));
        await Crosses(network["gateway"]);
        network["gateway"].Reboot();
        await Crosses(network["gateway"]);
        network.RemoveHost("gateway");
        await Crosses(await network.AddRouterAsync("other", r => r.WithNat("internet", Nat.Home.WithNat64())));

        async Task Crosses(VirtualHost router)
        {
            using Endpoint phone = new(network["phone"], AddressFamily.InterNetworkV6), server = new(network["server"]);
            IPEndPoint? seen = null;
            for (int attempt = 0; seen == null && attempt < 100; attempt++) // its neighbours may take a moment to notice that it is another one
            {
                phone.Send(Beyond(server));
                seen = await server.TryReceiveAsync();
            }
            seen!.Address.Should().Be(router.Address);
        }
    }

    [Fact]
    public async Task DNS64_leads_to_names_that_have_IPv4_alone()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology()
            .WithNetwork("internet", n => n.WithSubnet("203.0.113.0/24").WithoutIPv6()).WithNetwork("home", n => n.WithoutIPv4())
            .WithRouter("gateway", r => r.WithNat("internet", Nat.Home.WithNat64())).WithHost("phone", h => h.On("home")).WithHost("server", h => h.On("internet", "203.0.113.80"))
            .WithDns(d => d.WithDns64().A("four.example", "203.0.113.80").Cname("alias.example", "four.example").A("both.example", "203.0.113.80").Aaaa("both.example", "2001:db8::1")));
        string mapped = Nat.ToNat64(IPAddress.Parse("203.0.113.80")).ToString();
        foreach (string name in (string[])["server", "four.example", "alias.example"])
        {
            (await network["phone"].ResolveAsync(name)).Select(a => a.ToString()).Should().Equal([mapped], name);
            (await Getent("phone", name)).Should().Be(IPAddress.Parse(mapped), name);
        }
        (await Getent("phone", "both.example")).Should().Be(IPAddress.Parse("2001:db8::1"));
        (await Getent("server", "four.example")).Should().Be(IPAddress.Parse("203.0.113.80"), "it has IPv4");
        (await network["phone"].Command("getent").WithArguments("hosts", mapped).RunAsync()).StandardOutput.Should().Contain("server");
        using Socket listener = network["server"].Listen(80);
        using TcpClient client = await network["phone"].ConnectAsync("four.example", 80).WaitAsync(Limit);
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Limit);

        async Task<IPAddress> Getent(string host, string name) =>
            IPAddress.Parse((await network[host].Command("getent").WithArguments("ahosts", name).RunAsync().WaitAsync(Limit)).StandardOutput.Split(' ')[0]);
    }

    private static IPEndPoint Beyond(Endpoint there) => new(Nat.ToNat64(there.Local.Address), there.Local.Port);
}
