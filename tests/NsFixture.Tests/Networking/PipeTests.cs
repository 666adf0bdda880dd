using FluentAssertions;
using NsFixture.Networking;

namespace NsFixture.Tests.Networking;

/// <summary>What the emulator decides on packets, without any: shares, times, queues, and that the seed alone decides.</summary>
public class PipeTests
{
    private const long Ms = 1_000_000;
    private const int Count = 20_000;

    private static LinkConditions Perfect => LinkConditions.Perfect;

    private static Pipe With(LinkConditions conditions, long seed = 1, int stream = 0)
    {
        var pipe = new Pipe(seed, stream);
        pipe.Set(conditions);
        return pipe;
    }

    private static TimeSpan Time(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    [Fact]
    public void On_a_perfect_link_packets_just_pass()
    {
        Pipe pipe = With(Perfect);
        pipe.Pass(1514, false, 7).Should().Be(new Fate(1, 7, 0, -1));
        pipe.Counters.Packets.Should().Be(1);
    }

    [Theory, InlineData(0.1), InlineData(5), InlineData(50), InlineData(99)]
    public void As_many_are_lost_doubled_and_corrupted_as_was_asked_for(double percent)
    {
        double expected = Count * percent / 100, deviation = 4 * Math.Sqrt(expected * (1 - (percent / 100)));
        foreach (long seed in (long[])[1, 2, 3])
        {
            Run(With(Perfect.WithLoss(percent), seed)).Lost.Should().BeInRange((long)(expected - deviation), (long)(expected + deviation));
            Run(With(Perfect.WithDuplication(percent), seed)).Duplicated.Should().BeInRange((long)(expected - deviation), (long)(expected + deviation));
            Run(With(Perfect.WithCorruption(percent), seed)).Corrupted.Should().BeInRange((long)(expected - deviation), (long)(expected + deviation));
            Run(With(Perfect.WithDelay(Time(1)).WithReordering(percent), seed)).Reordered.Should().BeInRange((long)(expected - deviation), (long)(expected + deviation));
        }
    }

    [Theory, InlineData(5, 50), InlineData(20, 80), InlineData(50, 25)]
    public void Correlation_changes_the_bursts_and_not_the_share(double percent, double correlation)
    {
        Pipe pipe = With(Perfect.WithLoss(percent, correlation));
        bool[] lost = [.. Enumerable.Range(0, 200_000).Select(_ => pipe.Pass(100, false, 0).Copies == 0)];
        double share = lost.Average(l => l ? 1.0 : 0), p = percent / 100;
        share.Should().BeApproximately(p, p * 0.1);
        double afterLoss = lost.Zip(lost.Skip(1)).Where(x => x.First).Average(x => x.Second ? 1.0 : 0);
        afterLoss.Should().BeApproximately(p + (correlation / 100 * (1 - p)), 0.03);
    }

    [Theory, InlineData(0, 0), InlineData(100, 0), InlineData(100, 100), InlineData(0, 100)]
    public void The_ends_of_the_scale_are_exact(double percent, double correlation) =>
        Run(With(Perfect.WithLoss(percent, correlation).WithDelay(Time(1)))).Lost.Should().Be(percent == 0 ? 0 : Count);

    [Fact]
    public void The_seed_and_the_stream_decide_and_nothing_else()
    {
        LinkConditions rough = LinkConditions.WeakWifi.WithDuplication(5).WithReordering(5).WithCorruption(5);
        Fate[] Fates(long seed, int stream)
        {
            Pipe pipe = With(rough, seed, stream);
            return [.. Enumerable.Range(0, 500).Select(i => pipe.Pass(1000, false, i * Ms))];
        }
        Fates(3, 4).Should().Equal(Fates(3, 4));
        Fates(3, 4).Should().NotEqual(Fates(4, 4));
        Fates(3, 4).Should().NotEqual(Fates(3, 5));
    }

    [Fact]
    public void What_befalls_a_packet_does_not_depend_on_when_it_comes_nor_on_what_was_asked_for_before()
    {
        Pipe one = With(Perfect.WithLoss(10)), other = With(Perfect.WithLoss(90).WithDuplication(50).WithDelay(Time(5), Time(5)));
        for (int i = 0; i < 100; i++)
        {
            one.Pass(100, false, 0);
            other.Pass(1500, false, i * Ms);
        }
        other.Set(Perfect.WithLoss(10));
        for (int i = 0; i < 500; i++)
            one.Pass(100, false, 0).Copies.Should().Be(other.Pass(100, false, i * Ms).Copies);
    }

    [Fact]
    public void Housekeeping_takes_the_delay_and_no_lot()
    {
        Pipe disturbed = With(Perfect.WithLoss(50).WithDelay(Time(3))), other = With(Perfect.WithLoss(50).WithDelay(Time(3)));
        for (int i = 0; i < 300; i++)
        {
            disturbed.Pass(60, true, i * Ms).Should().Be(new Fate(1, (i + 3) * Ms, 0, -1));
            disturbed.Pass(100, false, i * Ms).Copies.Should().Be(other.Pass(100, false, i * Ms).Copies);
        }
        disturbed.Counters.Packets.Should().Be(300);
    }

    [Theory, InlineData(8), InlineData(1_000_000), InlineData(123_456_789), InlineData(100_000_000_000)]
    public void A_packet_leaves_when_its_last_bit_does(long rate)
    {
        Pipe pipe = With(Perfect.WithRate(rate));
        double each = 1000 * 8e9 / rate;
        for (int i = 1; i <= 20; i++)
            pipe.Pass(1000, false, 0).Due.Should().BeCloseTo((long)(i * each), (ulong)(20 + (each / 1000)));
        long idle = (long)(100 * each);
        pipe.Pass(1000, false, idle).Due.Should().BeCloseTo(idle + (long)each, 2, "a rate is not saved up");
    }

    [Fact]
    public void A_queue_takes_as_many_as_it_is_long_and_one_is_on_its_way()
    {
        Pipe pipe = With(Perfect.WithRate(8_000_000).WithQueueLength(5)); // 1000 bytes a millisecond
        int[] copies = [.. Enumerable.Range(0, 10).Select(_ => pipe.Pass(1000, false, 0).Copies)];
        copies.Should().Equal(1, 1, 1, 1, 1, 1, 0, 0, 0, 0);
        pipe.Counters.Overflowed.Should().Be(4);
        pipe.Drops.From(0, 10).ToArray().Should().Equal(6, 7, 8, 9);
        pipe.Pass(1000, false, 2 * Ms).Due.Should().Be(7 * Ms, "two have left");
        pipe.Pass(1000, false, 2 * Ms).Due.Should().Be(8 * Ms);
        pipe.Pass(1000, false, 2 * Ms).Copies.Should().Be(0);
    }

    [Fact]
    public void A_faster_line_does_not_wait_for_what_the_slower_one_still_holds()
    {
        Pipe pipe = With(Perfect.WithRate(8000).WithQueueLength(3));
        for (int i = 0; i < 4; i++)
            pipe.Pass(1000, false, 0).Copies.Should().Be(1);
        pipe.Pass(1000, false, 0).Copies.Should().Be(0);
        pipe.Set(Perfect.WithRate(8_000_000).WithQueueLength(1000));
        for (int i = 1; i <= 900; i++)
            pipe.Pass(1000, false, 0).Due.Should().Be(i * Ms);
    }

    [Theory, InlineData(JitterDistribution.Uniform, 1 / 1.7320508), InlineData(JitterDistribution.Normal, 1), InlineData(JitterDistribution.Pareto, 0.85)]
    public void Jitter_has_its_mean_and_spread(JitterDistribution distribution, double deviation)
    {
        Pipe pipe = With(Perfect.WithDelay(Time(100), Time(10), distribution));
        double[] delays = [.. Enumerable.Range(0, Count).Select(i => (pipe.Pass(100, false, i * 10_000L * Ms).Due - (i * 10_000L * Ms)) / (double)Ms)];
        double mean = delays.Average(), spread = Math.Sqrt(delays.Average(d => (d - mean) * (d - mean)));
        mean.Should().BeApproximately(100, 0.4);
        spread.Should().BeApproximately(10 * deviation, distribution == JitterDistribution.Pareto ? 2 : 0.3);
        if (distribution == JitterDistribution.Uniform)
            delays.Should().OnlyContain(d => d >= 90 && d <= 110);
    }

    [Fact]
    public void A_delay_never_falls_below_nothing_and_nothing_overtakes_by_jitter()
    {
        Pipe pipe = With(Perfect.WithDelay(Time(1), Time(50), JitterDistribution.Normal));
        long last = 0;
        for (long i = 0; i < 2000; i++)
        {
            long due = pipe.Pass(100, false, i * Ms).Due;
            due.Should().BeGreaterThanOrEqualTo(Math.Max(last, i * Ms));
            last = due;
        }
    }

    [Fact]
    public void What_is_reordered_skips_the_delay_and_not_the_rate()
    {
        Pipe pipe = With(Perfect.WithDelay(Time(50)).WithReordering(100).WithRate(8_000_000));
        pipe.Pass(1000, false, 0).Due.Should().Be(Ms);
        pipe.Pass(1000, false, 0).Due.Should().Be(2 * Ms);
    }

    [Fact]
    public void A_black_hole_counts_the_IP_packet_without_its_Ethernet_header()
    {
        Pipe pipe = With(Perfect.WithMtu(1400));
        pipe.Pass(1414, false, 0).Copies.Should().Be(1);
        pipe.Pass(1415, false, 0).Copies.Should().Be(0);
        pipe.Counters.BlackHoled.Should().Be(1);
    }

    [Fact]
    public void A_flipped_bit_lies_behind_the_Ethernet_header()
    {
        Pipe pipe = With(Perfect.WithCorruption(100));
        int[] bits = [.. Enumerable.Range(0, 5000).Select(_ => pipe.Pass(64, false, 0).Bit)];
        bits.Should().OnlyContain(b => b >= 0 && b < 50 * 8);
        bits.Distinct().Should().HaveCount(400, "each bit has its turn");
    }

    [Fact]
    public void Drops_beyond_those_that_are_remembered_are_counted()
    {
        Pipe pipe = With(Perfect.WithLoss(100));
        for (int i = 0; i < DropLog.Most + 10; i++)
            pipe.Pass(100, false, 0);
        pipe.Drops.Count.Should().Be(DropLog.Most);
        pipe.Counters.Lost.Should().Be(DropLog.Most + 10);
        pipe.Drops.From(DropLog.Most - 2, 10).ToArray().Should().Equal(DropLog.Most - 2, DropLog.Most - 1);
    }

    private static PipeCounters Run(Pipe pipe)
    {
        for (int i = 0; i < Count; i++)
            pipe.Pass(1000, false, 0);
        return pipe.Counters;
    }
}
