using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;
using static NsFixture.Isolated.Tests.LinkProbe;

namespace NsFixture.Isolated.Tests;

/// <summary>Conditions change while packets flow.</summary>
[Collection(nameof(Links))]
public class LinkChangeTests
{
    [Fact]
    public async Task A_perfect_network_gets_conditions_and_loses_them_again()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b"));
        VirtualHost a = network["a"], b = network["b"];
        RoundTripNear(0, a, b).Should().BeLessThan(3);
        a.SetConditions(Perfect.WithDelay(Ms(25)));
        RoundTripNear(50, a, b).Should().BeInRange(50, Most(50));
        a.SetConditions(up: Perfect.WithDelay(Ms(5)));
        RoundTripNear(30, a, b).Should().BeInRange(30, Most(30), "what is not named stays");
        network.SetConditions("lan", LinkConditions.Perfect);
        RoundTripNear(0, a, b).Should().BeLessThan(3);
        network.Describe().Should().NotContain("ms");
    }

    [Fact]
    public async Task A_connection_outlives_the_change_from_bridge_to_emulator()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b"));
        (await IsIntact(network["a"], network["b"], 20_000_000, () =>
        {
            network["a"].SetConditions(Perfect.WithDelay(Ms(1)));
            return Task.CompletedTask;
        })).Should().BeTrue();
        network["b"].Links[0].Counters().Mechanism.Should().Be(LinkMechanism.Emulator);
        network["b"].Links[0].Counters().Down.Passed.Should().BePositive();
    }

    [Fact]
    public async Task A_stream_is_intact_however_often_conditions_change_under_way()
    {
        await using VirtualNetwork network = await Pair(Perfect.WithDelay(Ms(1)));
        VirtualLink link = network["a"].Links[0];
        (await IsIntact(network["a"], network["b"], 5_000_000, async () =>
        {
            foreach (LinkConditions conditions in (LinkConditions[])[Perfect.WithRate(20_000_000), Perfect.WithLoss(5), LinkConditions.Wifi, Perfect.WithDelay(Ms(10), Ms(5)), Perfect, LinkConditions.Lan])
            {
                link.SetConditions(conditions);
                await Task.Delay(50);
            }
        })).Should().BeTrue();
    }

    [Fact]
    public async Task A_rate_changes_and_goes()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b"));
        VirtualHost a = network["a"], b = network["b"];
        a.SetConditions(up: Perfect.WithRate(10_000_000).WithQueueLength(50));
        a.Links[0].Counters().Mechanism.Should().Be(LinkMechanism.TokenBucket);
        (await RateNear(10_000_000, a, b)).Should().BeInRange(9_000_000, 11_000_000);
        a.SetConditions(up: Perfect.WithRate(30_000_000).WithQueueLength(50));
        (await RateNear(30_000_000, a, b)).Should().BeInRange(27_000_000, 33_000_000);
        a.SetConditions(Perfect);
        a.Links[0].Counters().Mechanism.Should().Be(LinkMechanism.Kernel);
        (await Rate(a, b, 0.2)).Should().BeGreaterThan(60_000_000);
    }

    [Fact]
    public async Task The_places_of_drops_go_on_counting_when_conditions_change()
    {
        var lists = new List<string>();
        for (int run = 0; run < 2; run++)
        {
            await using VirtualNetwork network = await Pair(up: Perfect.WithLoss(10));
            Datagrams(network["a"], network["b"], 200, quietMilliseconds: 50);
            network["a"].SetConditions(up: Perfect.WithLoss(run == 0 ? 0 : 60));
            Datagrams(network["a"], network["b"], 100, quietMilliseconds: 50);
            network["a"].SetConditions(up: Perfect.WithLoss(10));
            Datagrams(network["a"], network["b"], 200, quietMilliseconds: 50);
            lists.Add(string.Join(",", network["a"].Links[0].DroppedPackets(LinkDirection.Up).Where(p => p is < 200 or >= 300)));
        }
        lists[0].Should().Be(lists[1], "what befalls a packet depends on its place, not on what befell those before it").And.Contain(",3").And.Contain(",4");
    }

    [Fact]
    public async Task Conditions_that_cannot_be_are_refused_and_change_nothing()
    {
        await using VirtualNetwork network = await Pair(Perfect.WithDelay(Ms(10)));
        var setting = () => network["a"].Links[0].SetConditions(up: Perfect.WithLoss(101), down: Perfect.WithRate(1));
        setting.Should().Throw<InvalidTopologyException>().WithMessage("*a, eth0, up: Loss = 101*a, eth0, down: Rate = 1 *");
        network["a"].Links[0].Up.Should().Be(Perfect.WithDelay(Ms(10)));
        RoundTripNear(10, network["a"], network["b"]).Should().BeInRange(10, Most(10));
        var elsewhere = () => network.SetConditions("wan", Perfect);
        elsewhere.Should().Throw<ArgumentException>().WithMessage("*\"wan\"*lan*");
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_packet_larger_than_a_black_hole_vanishes_and_nobody_is_told(bool ipv6)
    {
        await using VirtualNetwork network = await Pair(up: Perfect.WithMtu(1300));
        VirtualHost a = network["a"], b = network["b"];
        int headers = ipv6 ? 48 : 28;
        Datagrams(a, b, 5, 1300 - headers, ipv6).Should().HaveCount(5, "they just fit");
        Datagrams(a, b, 5, 1301 - headers, ipv6).Should().BeEmpty("and sending them was no error");
        a.Links[0].Counters().Up.BlackHoled.Should().Be(5);
        Datagrams(b, a, 5, 1400, ipv6).Should().HaveCount(5, "the other direction is not concerned");
    }

    [Fact]
    public async Task A_connection_stalls_in_a_black_hole_and_recovers_when_it_is_gone()
    {
        await using VirtualNetwork network = await Pair(up: Perfect.WithMtu(600));
        VirtualHost a = network["a"], b = network["b"];
        using Socket listener = b.Listen(80);
        using TcpClient client = await a.ConnectAsync(b, 80).WaitAsync(TimeSpan.FromSeconds(10));
        using Socket server = await listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(10));
        client.NoDelay = true;
        byte[] buffer = new byte[20_000];
        await client.Client.SendAsync(new byte[200]);
        (await server.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(10))).Should().Be(200, "small segments pass");
        await client.Client.SendAsync(new byte[10_000]);
        Task<int> receiving = server.ReceiveAsync(buffer);
        (await Task.WhenAny(receiving, Task.Delay(700))).Should().NotBe(receiving, "full ones do not");
        a.SetConditions(Perfect);
        (await receiving.WaitAsync(TimeSpan.FromSeconds(20))).Should().BePositive();
    }

    [Fact]
    public async Task An_unplugged_link_of_an_emulated_network_passes_nothing_until_it_is_plugged_in()
    {
        await using VirtualNetwork network = await Pair(Perfect.WithDelay(Ms(1)));
        VirtualHost a = network["a"], b = network["b"];
        Meet(a, b);
        b.Links[0].Disconnect();
        Datagrams(a, b, 10, quietMilliseconds: 100).Should().BeEmpty();
        b.Links[0].Reconnect();
        Meet(a, b);
        Datagrams(a, b, 10, quietMilliseconds: 100).Should().HaveCount(10);
    }

    [Fact]
    public async Task Counters_are_the_hosts_own_and_those_of_the_conditions()
    {
        await using VirtualNetwork network = await Pair(up: Perfect.WithLoss(20));
        VirtualHost a = network["a"], b = network["b"];
        LinkCounters before = a.Links[0].Counters();
        List<int> arrived = Datagrams(a, b, 500, 958);
        LinkCounters sender = a.Links[0].Counters(), receiver = b.Links[0].Counters();
        (sender.Up.Packets - before.Up.Packets).Should().BeInRange(500, 520);
        (sender.Up.Bytes - before.Up.Bytes).Should().BeInRange(500_000, 503_000);
        sender.Up.Dropped.Should().Be(500 - arrived.Count);
        receiver.Down.Passed.Should().Be(arrived.Count);
        receiver.Down.Packets.Should().BeInRange(arrived.Count, arrived.Count + 20);
        network.Links.Select(l => l.ToString()).Should().Equal("test, eth0", "a, eth0", "b, eth0");
    }

    [Fact]
    public async Task Broadcasts_reach_all_hosts_of_an_emulated_network()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology().WithNetwork("lan", n => n.WithConditions(Perfect.WithDelay(Ms(1)))).WithHosts("a", "b", "c"));
        using UdpClient sender = network["a"].UdpClient(), b = network["b"].UdpClient(99), c = network["c"].UdpClient(99);
        sender.EnableBroadcast = true;
        await sender.SendAsync(new byte[] { 7 }, new IPEndPoint(IPAddress.Parse("10.0.0.255"), 99));
        foreach (UdpClient receiver in (UdpClient[])[b, c])
            (await receiver.ReceiveAsync().WaitAsync(TimeSpan.FromSeconds(10))).Buffer.Should().Equal(7);
    }

    [Fact]
    public async Task Large_packets_pass_where_the_network_has_a_large_MTU()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology()
            .WithNetwork("jumbo", n => n.WithMtu(9000).WithConditions(Perfect.WithDelay(Ms(1)))).WithHosts("a", "b"));
        Datagrams(network["a"], network["b"], 10, 8900).Should().HaveCount(10);
        (await IsIntact(network["a"], network["b"], 1_000_000)).Should().BeTrue();
    }

    [Fact]
    public async Task Fifty_hosts_behind_an_emulator_reach_one_another()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology()
            .WithNetwork("lan", n => n.WithConditions(Perfect.WithDelay(Ms(1)))).WithHosts([.. Enumerable.Range(0, 50).Select(i => $"node{i}")]));
        for (int i = 0; i < 49; i += 7)
            RoundTrips(network[$"node{i}"], network[$"node{i + 1}"], 1)[0].Should().BeGreaterThanOrEqualTo(4);
    }
}

/// <summary>A slow line to the test's own host.</summary>
public sealed class SlowLine() : Topology(new Topology()
    .WithNetwork("lan").WithHost("test", h => h.On("lan", i => i.WithConditions(LinkConditions.Perfect.WithDelay(TimeSpan.FromMilliseconds(20)).WithLoss(10)))).WithHost("server").WithSeed(7));

/// <summary>Conditions in an isolated test.</summary>
[IsolatedNetwork<SlowLine>, Collection(nameof(Links))]
public class IsolatedLinkTests
{
    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    [Fact]
    public void The_tests_own_link_has_its_conditions()
    {
        Network.TestHost.SetConditions(Perfect.WithDelay(Ms(20)));
        RoundTripNear(40, Network.TestHost, Network["server"]).Should().BeInRange(40, Most(40));
    }

    [Fact]
    public void The_diagnostics_say_what_makes_the_conditions_and_with_which_seed() =>
        IsolatedNetwork.Current.Diagnostics.Should().ContainMatch("link conditions: *emulator*lan*seed 7*");

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Every_test_has_the_same_losses(int run)
    {
        Datagrams(Network.TestHost, Network["server"], 100, quietMilliseconds: 100);
        string dropped = string.Join(",", Network.TestHost.Links[0].DroppedPackets(LinkDirection.Up));
        dropped.Should().Be(FirstDrops, $"of run {run} too");
    }

    private const string FirstDrops = "0,11,54,62,65,67,87,90,92";
}
