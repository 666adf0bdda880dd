using FluentAssertions;
using static NsFixture.Isolated.Tests.LinkProbe;

namespace NsFixture.Isolated.Tests;

/// <summary>What befalls packets befalls as many as was asked for, and with the same seed the same ones.</summary>
[Collection(nameof(Links))]
public class LinkLossTests
{
    private const int Count = 2000;

    [Theory, InlineData(1, false), InlineData(10, false), InlineData(50, false), InlineData(10, true)]
    public async Task As_many_are_lost_as_the_binomial_distribution_allows(double percent, bool ipv6)
    {
        await using VirtualNetwork network = await Pair(up: Perfect.WithLoss(percent));
        List<int> arrived = Datagrams(network["a"], network["b"], Count, ipv6: ipv6);
        double expected = Count * percent / 100, deviation = Math.Sqrt(expected * (1 - (percent / 100)));
        (Count - arrived.Count).Should().BeInRange((int)(expected - (4 * deviation)), (int)(expected + (4 * deviation)));
        LinkCounters counters = network["a"].Links[0].Counters();
        counters.Up.Lost.Should().Be(Count - arrived.Count);
        counters.Up.Passed.Should().Be(Count, "address resolution is not counted");
        counters.Down.Lost.Should().Be(0);
        network["a"].Links[0].DroppedPackets(LinkDirection.Up).Should().Equal(Enumerable.Range(0, Count).Except(arrived).Select(n => (long)n));
        network["a"].Links[0].DroppedPackets(LinkDirection.Down).Should().BeEmpty();
    }

    [Fact]
    public async Task Everything_is_lost_at_100_percent_and_nothing_is_told()
    {
        await using VirtualNetwork network = await Pair(down: Perfect.WithLoss(100));
        Datagrams(network["b"], network["a"], 50).Should().BeEmpty();
        network["a"].Links[0].Counters().Down.Lost.Should().Be(50);
    }

    [Fact]
    public async Task Correlated_losses_come_in_bursts()
    {
        await using VirtualNetwork network = await Pair(up: Perfect.WithLoss(10, correlation: 60));
        Datagrams(network["a"], network["b"], Count);
        IReadOnlyList<long> lost = network["a"].Links[0].DroppedPackets(LinkDirection.Up);
        lost.Count.Should().BeInRange(100, 310, "the share stays what it is");
        double inRow = lost.Zip(lost.Skip(1)).Count(p => p.Second == p.First + 1) / (double)lost.Count;
        inRow.Should().BeInRange(0.5, 0.78, "a loss follows a loss with 0.1 + 0.6 × 0.9 = 0.64");
    }

    [Fact]
    public async Task The_same_seed_loses_the_same_packets_in_twenty_runs()
    {
        LinkConditions rough = Perfect.WithDelay(Ms(1), Ms(1), JitterDistribution.Normal).WithLoss(10, 20).WithDuplication(3).WithReordering(3).WithCorruption(2);
        var runs = new List<string>();
        for (int run = 0; run < 20; run++)
        {
            await using VirtualNetwork network = await Pair(up: rough, down: rough, seed: 42);
            Datagrams(network["a"], network["b"], 300, quietMilliseconds: 30);
            Datagrams(network["b"], network["a"], 150, ipv6: true, quietMilliseconds: 30);
            VirtualLink link = network["a"].Links[0];
            LinkCounters c = link.Counters();
            runs.Add($"{string.Join(",", link.DroppedPackets(LinkDirection.Up))} | {string.Join(",", link.DroppedPackets(LinkDirection.Down))} | " +
                $"{c.Up.Duplicated} {c.Up.Reordered} {c.Up.Corrupted} {c.Down.Duplicated} {c.Down.Reordered} {c.Down.Corrupted} {c.Overruns}");
        }
        runs.Distinct().Should().ContainSingle();
        runs[0].Split(',').Length.Should().BeInRange(25, 90);
    }

    [Fact]
    public async Task Another_seed_or_another_direction_loses_other_packets()
    {
        var lists = new List<string>();
        foreach (long seed in (long[])[1, 2, -1])
        {
            await using VirtualNetwork network = await Pair(up: Perfect.WithLoss(10), down: Perfect.WithLoss(10), seed: seed);
            Datagrams(network["a"], network["b"], 300, quietMilliseconds: 50);
            Datagrams(network["b"], network["a"], 300, quietMilliseconds: 50);
            lists.Add(string.Join(",", network["a"].Links[0].DroppedPackets(LinkDirection.Up)));
            lists.Add(string.Join(",", network["a"].Links[0].DroppedPackets(LinkDirection.Down)));
        }
        lists.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Some_arrive_twice()
    {
        await using VirtualNetwork network = await Pair(up: Perfect.WithDuplication(10));
        List<int> arrived = Datagrams(network["a"], network["b"], Count);
        arrived.Distinct().Should().HaveCount(Count);
        (arrived.Count - Count).Should().BeInRange(146, 254);
        network["a"].Links[0].Counters().Up.Duplicated.Should().Be(arrived.Count - Count);
    }

    [Fact]
    public async Task Some_overtake_others()
    {
        await using VirtualNetwork network = await Pair(up: Perfect.WithDelay(Ms(20)).WithReordering(5));
        List<int> arrived = Datagrams(network["a"], network["b"], Count);
        arrived.Should().HaveCount(Count).And.OnlyHaveUniqueItems();
        long reordered = network["a"].Links[0].Counters().Up.Reordered;
        reordered.Should().BeInRange(60, 140);
        int late = 0, highest = -1;
        foreach (int number in arrived)
            (late, highest) = (late + (number < highest ? 1 : 0), Math.Max(highest, number));
        late.Should().BeGreaterThan((int)reordered, "each that skips the delay overtakes those of the 20 ms before it");
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task What_is_corrupted_is_discarded_by_its_checksum(bool ipv6)
    {
        await using VirtualNetwork network = await Pair(up: Perfect.WithCorruption(10));
        List<int> arrived = Datagrams(network["a"], network["b"], Count, 500, ipv6);
        long corrupted = network["a"].Links[0].Counters().Up.Corrupted;
        corrupted.Should().BeInRange(146, 254);
        (Count - arrived.Count).Should().BeInRange((int)corrupted - (ipv6 ? 10 : 0), (int)corrupted, "traffic class, flow label and hop limit of IPv6 have no checksum");
        arrived.Should().BeInAscendingOrder().And.OnlyContain(n => n >= 0 && n < Count, "no wrong byte is delivered");
    }

    [Fact]
    public async Task A_stream_is_intact_after_ten_percent_loss()
    {
        await using VirtualNetwork network = await Pair(up: Perfect.WithDelay(Ms(1)).WithLoss(10));
        (await IsIntact(network["a"], network["b"], 300_000)).Should().BeTrue();
        network["a"].Links[0].Counters().Up.Lost.Should().BeGreaterThan(5);
    }

    [Fact]
    public async Task A_stream_is_intact_after_everything_at_once()
    {
        LinkConditions rough = Perfect.WithDelay(Ms(2), Ms(1)).WithLoss(2).WithDuplication(5).WithReordering(5).WithCorruption(2).WithRate(50_000_000);
        await using VirtualNetwork network = await Pair(rough, rough);
        (await IsIntact(network["a"], network["b"], 300_000)).Should().BeTrue();
        DirectionCounters up = network["a"].Links[0].Counters().Up;
        ((long[])[up.Lost, up.Duplicated, up.Reordered, up.Corrupted]).Should().OnlyContain(n => n > 0);
    }
}
