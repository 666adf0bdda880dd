using FluentAssertions;
using static NsFixture.Isolated.Tests.LinkProbe;

namespace NsFixture.Isolated.Tests;

/// <summary>Regions and what lies between them.</summary>
[Collection(nameof(Links))]
public class RegionTests
{
    private static Topology ThreeRegions => Topology.Of("eu1", "eu2", "us1", "asia1")
        .WithRegion("eu", "eu1", "eu2").WithRegion("us", "us1").WithRegion("asia", "asia1")
        .WithRegionDelay("eu", "us", Ms(20)).WithRegionDelay("eu", "asia", Ms(45)).WithRegionDelay("us", "asia", Ms(35)).WithRegionDelay("eu", "eu", Ms(4));

    [Theory]
    [InlineData("eu1", "us1", 40), InlineData("us1", "eu2", 40), InlineData("eu1", "asia1", 90), InlineData("asia1", "us1", 70), InlineData("eu1", "eu2", 8)]
    public async Task Hosts_are_as_far_apart_as_their_regions(string from, string to, int roundTrip)
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(ThreeRegions);
        RoundTripNear(roundTrip, network[from], network[to]).Should().BeInRange(roundTrip, Most(roundTrip));
        RoundTripNear(roundTrip, network[from], network[to], ipv6: true).Should().BeInRange(roundTrip, Most(roundTrip));
    }

    [Fact]
    public async Task A_host_in_no_region_is_near_to_all()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(ThreeRegions);
        RoundTripNear(0, network["test"], network["us1"]).Should().BeLessThan(3);
    }

    [Fact]
    public async Task Regions_are_apart_across_routers_and_their_delay_counts_once()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology().WithNetwork("berlin", n => n.WithConditions(Perfect.WithDelay(Ms(2)))).WithNetwork("oregon").WithRouter("backbone")
            .WithHost("a", h => h.On("berlin")).WithHost("b", h => h.On("oregon")).WithRegion("eu", "a", "backbone").WithRegion("us", "b").WithRegionDelay("eu", "us", Ms(30)));
        RoundTripNear(68, network["a"], network["b"]).Should().BeInRange(68, Most(68), "twice 30 ms between the regions, and 2 ms at both ends of berlin each way");
    }

    [Fact]
    public async Task Conditions_between_regions_may_differ_by_direction()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b").WithRegion("eu", "a").WithRegion("us", "b").WithRegionConditions("eu", "us", Perfect.WithLoss(100)));
        Datagrams(network["a"], network["b"], 20).Should().BeEmpty();
        Datagrams(network["b"], network["a"], 20).Should().HaveCount(20);
    }

    [Fact]
    public async Task Conditions_between_regions_change_under_way()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("a", "b", "c").WithRegion("eu", "a").WithRegion("us", "b"));
        RoundTripNear(0, network["a"], network["b"]).Should().BeLessThan(3);
        network.SetRegionDelay("eu", "us", Ms(25));
        RoundTripNear(50, network["a"], network["b"]).Should().BeInRange(50, Most(50));
        RoundTripNear(0, network["a"], network["c"]).Should().BeLessThan(3);
        network.Describe().Should().Contain("25 ms");
        network.SetRegionConditions("eu", "us", Perfect);
        RoundTripNear(25, network["a"], network["b"]).Should().BeInRange(25, Most(25), "the way back is as it was");
        var setting = () => network.SetRegionDelay("eu", "mars", Ms(1));
        setting.Should().Throw<ArgumentException>().WithMessage("*\"mars\"*eu, us*");
    }
}
