using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;
using static NsFixture.Isolated.Tests.LinkProbe;

namespace NsFixture.Isolated.Tests;

/// <summary>Partitions cut hosts off from one another, silently, and heal.</summary>
[Collection(nameof(Links))]
public class PartitionTests
{
    private static async Task<bool> Reaches(VirtualHost from, VirtualHost to, bool ipv6 = false)
    {
        using UdpClient receiver = to.UdpClient(0, ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork), sender = from.UdpClient(0, ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
        var target = new IPEndPoint(ipv6 ? to.Address6 : to.Address, ((IPEndPoint)receiver.Client.LocalEndPoint!).Port);
        Task<UdpReceiveResult> receiving = receiver.ReceiveAsync();
        for (int attempt = 0; attempt < 3; attempt++)
        {
            await sender.SendAsync(new byte[] { 1 }, target);
            if (await Task.WhenAny(receiving, Task.Delay(attempt == 2 ? 200 : 50)) == receiving)
                return true;
        }
        return false;
    }

    /// <summary>A line for each way that is open: <c>a→b</c>.</summary>
    private static async Task<string> Open(VirtualNetwork network, params string[] names)
    {
        var open = new List<string>();
        foreach (string from in names)
            foreach (string to in names)
                if (from != to)
                {
                    bool four = await Reaches(network[from], network[to]), six = await Reaches(network[from], network[to], ipv6: true);
                    four.Should().Be(six, $"{from}→{to} is alike for both families");
                    if (four)
                        open.Add($"{from}→{to}");
                }
        return string.Join(" ", open);
    }

    [Fact]
    public async Task Two_hosts_do_not_reach_each_other_and_reach_all_others()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b", "c"));
        network.Partition("a", "b");
        (await Open(network, "a", "b", "c")).Should().Be("a→c b→c c→a c→b");
        network.Heal();
        (await Open(network, "a", "b", "c")).Should().Be("a→b a→c b→a b→c c→a c→b");
    }

    [Fact]
    public async Task A_way_is_cut_and_the_way_back_is_not()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b"));
        network.PartitionOneWay("a", "b");
        (await Open(network, "a", "b")).Should().Be("b→a");
        network.PartitionOneWay(network["b"], network["a"]);
        (await Open(network, "a", "b")).Should().BeEmpty();
        network.Heal("a", "b");
        (await Open(network, "a", "b")).Should().Be("a→b b→a");
    }

    [Fact]
    public async Task Groups_are_cut_apart_and_stay_whole()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b", "c", "d").WithRegion("east", "c", "d"));
        network.Partition(["a", "b"], ["east"]);
        (await Open(network, "a", "b", "c", "d")).Should().Be("a→b b→a c→d d→c");
        network.Heal("a", "c");
        (await Open(network, "a", "b", "c")).Should().Be("a→b a→c b→a c→a");
        network.Heal();
        (await Open(network, "b", "d")).Should().Be("b→d d→b");
    }

    [Fact]
    public async Task Partitions_add_up_and_heal_one_by_one()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b", "c"));
        network.Partition("a", "b");
        network.Partition("b", "c");
        network.Partition("a", "b");
        (await Open(network, "a", "b", "c")).Should().Be("a→c c→a");
        network.Heal("b", "a");
        (await Open(network, "a", "b", "c")).Should().Be("a→b a→c b→a c→a");
    }

    /// <summary>Two networks and one between them. Routers send no IPv6 on before their own link-local addresses are valid, which takes a second.</summary>
    private static async Task<VirtualNetwork> TwoSites()
    {
        VirtualNetwork network = await VirtualNetwork.CreateAsync(Sites);
        for (int attempt = 0; attempt < 50; attempt++)
            if (await Reaches(network["a"], network["b"], ipv6: true) && await Reaches(network["b"], network["a"], ipv6: true) && await Reaches(network["b"], network["both"], ipv6: true))
                return network;
        throw new TimeoutException("there is no IPv6 between the sites");
    }

    private static Topology Sites => new Topology().WithNetwork("west").WithNetwork("middle").WithNetwork("east")
        .WithRouter("left", r => r.On("west").On("middle")).WithRouter("right", r => r.On("middle").On("east"))
        .WithHost("a", h => h.On("west")).WithHost("b", h => h.On("east")).WithHost("both", h => h.On("west").On("east"));

    [Fact]
    public async Task Hosts_are_cut_apart_across_routers()
    {
        await using VirtualNetwork network = await TwoSites();
        network.Partition("a", "b");
        (await Open(network, "a", "b", "both")).Should().Be("a→both b→both both→a both→b");
        network.Heal();
        (await Open(network, "a", "b")).Should().Be("a→b b→a");
    }

    [Fact]
    public async Task All_addresses_of_a_host_are_cut()
    {
        await using VirtualNetwork network = await TwoSites();
        network.Partition("a", "both");
        VirtualHost a = network["a"];
        foreach (IPAddress address in network["both"].Addresses)
        {
            var connecting = () => a.ConnectAsync(address.ToString(), 9).WaitAsync(TimeSpan.FromMilliseconds(250));
            await connecting.Should().ThrowAsync<TimeoutException>("{0} does not even refuse", address);
        }
        (await Reaches(network["b"], network["both"])).Should().BeTrue();
    }

    [Fact]
    public async Task A_router_passes_on_what_its_own_partition_is_not_about()
    {
        await using VirtualNetwork network = await TwoSites();
        network.Partition("a", "left");
        (await Reaches(network["a"], network["left"])).Should().BeFalse();
        (await Reaches(network["left"], network["a"])).Should().BeFalse();
        (await Open(network, "a", "b")).Should().Be("a→b b→a");
    }

    [Fact]
    public async Task Hosts_are_cut_apart_where_address_translation_hides_one_of_them()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology().WithNetwork("internet", n => n.WithSubnet("203.0.113.0/24")).WithNetwork("home")
            .WithRouter("gateway", r => r.On("internet").On("home").WithNat("internet", Nat.Home)).WithHost("laptop", h => h.On("home")).WithHost("server", h => h.On("internet")));
        VirtualHost laptop = network["laptop"], server = network["server"];
        (await Reaches(laptop, server)).Should().BeTrue();
        network.PartitionOneWay("laptop", "server");
        (await Reaches(laptop, server)).Should().BeFalse("the laptop's end knows the server's address");
        network.Heal();
        using Socket listener = server.Listen(80);
        network.PartitionOneWay("server", "laptop");
        var connecting = () => laptop.ConnectAsync("server", 80).WaitAsync(TimeSpan.FromMilliseconds(400));
        await connecting.Should().ThrowAsync<TimeoutException>("answers are known by where they come from");
        network.Heal();
        using TcpClient client = await laptop.ConnectAsync("server", 80).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_connection_stalls_and_goes_on_after_healing()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b"));
        using Socket listener = network["b"].Listen(80);
        using TcpClient client = await network["a"].ConnectAsync("b", 80).WaitAsync(TimeSpan.FromSeconds(10));
        using Socket server = await listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(10));
        network.Partition("a", "b");
        byte[] buffer = new byte[10];
        await client.Client.SendAsync("hello"u8.ToArray());
        Task<int> receiving = server.ReceiveAsync(buffer);
        (await Task.WhenAny(receiving, Task.Delay(500))).Should().NotBe(receiving);
        client.Connected.Should().BeTrue("nobody was told");
        network.Heal();
        (await receiving.WaitAsync(TimeSpan.FromSeconds(20))).Should().Be(5);
    }

    [Fact]
    public async Task New_connections_time_out_and_are_not_refused()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b"));
        using Socket listener = network["b"].Listen(80);
        network.PartitionOneWay("b", "a"); // the answer is lost
        var connecting = () => network["a"].ConnectAsync("b", 80).WaitAsync(TimeSpan.FromMilliseconds(400));
        await connecting.Should().ThrowAsync<TimeoutException>();
        network.Heal();
        using TcpClient client = await network["a"].ConnectAsync("b", 80).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_network_with_conditions_is_partitioned_too()
    {
        await using VirtualNetwork network = await Pair(Perfect.WithDelay(Ms(5)));
        network.Partition("a", "b");
        (await Open(network, "a", "b")).Should().BeEmpty();
        network.Heal();
        RoundTripNear(5, network["a"], network["b"]).Should().BeInRange(5, Most(5));
    }

    [Fact]
    public async Task Names_that_are_not_there_are_named_and_nothing_is_cut()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b"));
        var cutting = () => network.Partition(["a"], ["b", "nobody"]);
        cutting.Should().Throw<ArgumentException>().WithMessage("*\"nobody\"*a, b*");
        var same = () => network.Partition(["a", "b"], ["b"]);
        same.Should().Throw<ArgumentException>().WithMessage("*\"b\" is on both sides*");
        var none = () => network.Partition([], ["b"]);
        none.Should().Throw<ArgumentException>().WithMessage("*at least one*");
        (await Open(network, "a", "b")).Should().Be("a→b b→a");
    }

    [Fact]
    public async Task Forty_hosts_are_cut_in_halves_and_healed()
    {
        string[] names = [.. Enumerable.Range(0, 40).Select(i => $"node{i}")];
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of(names));
        network.Partition(names[..20], names[20..]);
        (await Open(network, "node0", "node19", "node20", "node39")).Should().Be("node0→node19 node19→node0 node20→node39 node39→node20");
        network.Heal();
        (await Open(network, "node3", "node33")).Should().Be("node3→node33 node33→node3");
    }
}

/// <summary>Partitions in an isolated test, the test's own host included.</summary>
[IsolatedNetwork(Hosts = ["server"]), Collection(nameof(Links))]
public class IsolatedPartitionTests
{
    [Fact]
    public async Task The_tests_host_is_cut_off_and_comes_back()
    {
        VirtualNetwork network = IsolatedNetwork.Current.Network;
        using Socket listener = network["server"].Listen(80);
        network.Partition("test", "server");
        using (var client = new TcpClient())
        {
            var connecting = () => client.ConnectAsync("server", 80).WaitAsync(TimeSpan.FromMilliseconds(300));
            await connecting.Should().ThrowAsync<TimeoutException>();
        }
        network.Heal();
        using var again = new TcpClient();
        await again.ConnectAsync("server", 80).WaitAsync(TimeSpan.FromSeconds(10));
    }
}
