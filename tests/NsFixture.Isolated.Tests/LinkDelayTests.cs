using FluentAssertions;
using static NsFixture.Isolated.Tests.LinkProbe;

namespace NsFixture.Isolated.Tests;

/// <summary>Delays are what was asked for, within 3 ms and 5 %.</summary>
[Collection(nameof(Links))]
public class LinkDelayTests
{
    [Theory, InlineData(10, 0), InlineData(0, 10), InlineData(5, 40), InlineData(100, 50)]
    public async Task A_round_trip_takes_the_delays_of_both_directions(int up, int down)
    {
        await using VirtualNetwork network = await Pair(Perfect.WithDelay(Ms(up)), Perfect.WithDelay(Ms(down)));
        RoundTripNear(up + down, network["a"], network["b"]).Should().BeInRange(up + down, Most(up + down));
    }

    [Fact]
    public async Task IPv6_is_delayed_like_IPv4()
    {
        await using VirtualNetwork network = await Pair(Perfect.WithDelay(Ms(15)), Perfect.WithDelay(Ms(15)));
        RoundTripNear(30, network["a"], network["b"], ipv6: true).Should().BeInRange(30, Most(30));
    }

    [Fact]
    public async Task Both_links_between_two_hosts_count()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology().WithNetwork("lan", n => n.WithConditions(Perfect.WithDelay(Ms(10)))).WithHosts("a", "b"));
        RoundTripNear(40, network["a"], network["b"]).Should().BeInRange(40, Most(40), "each way there are two links of 10 ms");
    }

    [Fact]
    public async Task Delays_of_several_networks_add_up()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology()
            .WithNetwork("near", n => n.WithConditions(Perfect.WithDelay(Ms(5)))).WithNetwork("far", n => n.WithConditions(Perfect.WithDelay(Ms(10))))
            .WithRouter("gateway").WithHost("a", h => h.On("near")).WithHost("b", h => h.On("far")));
        RoundTripNear(60, network["a"], network["b"]).Should().BeInRange(60, Most(60));
    }

    [Fact]
    public async Task A_host_without_conditions_on_the_same_network_is_not_delayed()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology()
            .WithNetwork("lan").WithHost("slow", h => h.On("lan", i => i.WithConditions(Perfect.WithDelay(Ms(200))))).WithHosts("a", "b"));
        RoundTripNear(0, network["a"], network["b"]).Should().BeLessThan(3);
        RoundTrips(network["a"], network["slow"], 2)[0].Should().BeGreaterThanOrEqualTo(400);
    }

    [Theory, InlineData(JitterDistribution.Uniform), InlineData(JitterDistribution.Normal), InlineData(JitterDistribution.Pareto)]
    public async Task Jitter_spreads_the_delays(JitterDistribution distribution)
    {
        await using VirtualNetwork network = await Pair(Perfect.WithDelay(Ms(20), Ms(8), distribution));
        double[] times = RoundTrips(network["a"], network["b"], 40);
        times[0].Should().BeGreaterThanOrEqualTo(distribution == JitterDistribution.Uniform ? 12 : 0);
        times[20].Should().BeInRange(13, 27 + 3);
        (times[35] - times[4]).Should().BeGreaterThan(5, "delays differ");
    }

    [Fact]
    public async Task Jitter_alone_lets_nothing_overtake()
    {
        await using VirtualNetwork network = await Pair(Perfect.WithDelay(Ms(10), Ms(10)));
        Datagrams(network["a"], network["b"], 500).Should().BeInAscendingOrder().And.HaveCount(500);
    }

    public static TheoryData<string> Presets => new(nameof(LinkConditions.Lan), nameof(LinkConditions.Wifi), nameof(LinkConditions.WeakWifi), nameof(LinkConditions.Dsl), nameof(LinkConditions.FiveG),
        nameof(LinkConditions.Lte), nameof(LinkConditions.Umts), nameof(LinkConditions.Edge), nameof(LinkConditions.Satellite), nameof(LinkConditions.LowOrbitSatellite));

    [Theory, MemberData(nameof(Presets))]
    public async Task A_preset_takes_its_time(string name)
    {
        var preset = (LinkConditions)typeof(LinkConditions).GetProperty(name)!.GetValue(null)!;
        await using VirtualNetwork network = await Pair(preset.WithLoss(0), preset.WithLoss(0));
        double delay = 2 * preset.Delay.TotalMilliseconds, jitter = preset.Jitter.TotalMilliseconds;
        double[] times = RoundTrips(network["a"], network["b"], delay > 100 ? 3 : 11);
        times[times.Length / 2].Should().BeInRange(delay - (2 * jitter), Most(delay + (2 * jitter)) + 5);
    }

    [Fact]
    public async Task The_network_says_what_it_is_like_and_what_makes_it_so()
    {
        await using VirtualNetwork network = await Pair(LinkConditions.Dsl);
        network.Describe().Should().Contain("up 12 ms ± 2 ms, 16 Mbit/s");
        network["a"].Links.Single().Up.Should().Be(LinkConditions.Dsl);
        network["a"].Links.Single().Counters().Mechanism.Should().Be(LinkMechanism.Emulator);
    }
}
