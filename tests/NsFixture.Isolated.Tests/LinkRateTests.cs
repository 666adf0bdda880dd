using FluentAssertions;
using static NsFixture.Isolated.Tests.LinkProbe;

namespace NsFixture.Isolated.Tests;

/// <summary>Rates are what was asked for, within 10 %, by the kernel's token buckets and by the emulator.</summary>
[Collection(nameof(Links))]
public class LinkRateTests
{
    private const int M = 1_000_000;

    // What a delay makes the emulator's; without one the kernel does it.
    private static LinkConditions At(long rate, bool emulated) => Perfect.WithRate(rate).WithDelay(emulated ? Ms(1) : TimeSpan.Zero).WithQueueLength(400); // long enough for what else the machine has to do

    private static LinkMechanism Mechanism(bool emulated) => emulated ? LinkMechanism.Emulator : LinkMechanism.TokenBucket;

    [Theory, InlineData(false), InlineData(true)]
    public async Task An_upload_has_the_rate_up(bool emulated)
    {
        await using VirtualNetwork network = await Pair(up: At(10 * M, emulated));
        (await RateNear(10 * M, network["a"], network["b"])).Should().BeInRange(9 * M, 11 * M);
        network["a"].Links[0].Counters().Mechanism.Should().Be(Mechanism(emulated));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_download_has_the_rate_down(bool emulated)
    {
        await using VirtualNetwork network = await Pair(up: At(5 * M, emulated), down: At(15 * M, emulated));
        (await RateNear(15 * M, network["b"], network["a"])).Should().BeInRange(13.5 * M, 16.5 * M);
        network["a"].Links[0].Counters().Mechanism.Should().Be(Mechanism(emulated));
    }

    [Theory, InlineData(false, 16), InlineData(true, 16), InlineData(false, 8), InlineData(true, 8)]
    public async Task Over_two_hops_the_slower_one_counts(bool emulated, int near)
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology().WithNetwork("near").WithNetwork("far")
            .WithRouter("gateway", r => r.On("near").On("far", i => i.WithConditions(At(10 * M, emulated))))
            .WithHost("a", h => h.On("near", i => i.WithConditions(At(near * M, emulated)))).WithHost("b", h => h.On("far")));
        double slower = Math.Min(near, 10) * M;
        (await RateNear(slower, network["a"], network["b"])).Should().BeInRange(slower * 0.9, slower * 1.1);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_full_queue_drops_and_says_how_many(bool emulated)
    {
        LinkConditions slow = Perfect.WithRate(M).WithQueueLength(10).WithDelay(emulated ? Ms(1) : TimeSpan.Zero);
        await using VirtualNetwork network = await Pair(down: slow);
        Meet(network["b"], network["a"]);
        List<int> arrived = Datagrams(network["b"], network["a"], 100, 1472, paced: false);
        arrived.Should().BeInAscendingOrder().And.StartWith([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        arrived.Count.Should().BeInRange(10, 20, "10 wait, one is on its way, and a few go while the others come");
        network["a"].Links[0].Counters().Down.QueueDrops.Should().BeInRange(100 - arrived.Count, 103 - arrived.Count, "a message of neighbour discovery may come in between");
    }

    [Fact]
    public async Task What_waits_in_the_queue_is_late()
    {
        await using VirtualNetwork network = await Pair(up: Perfect.WithRate(M).WithDelay(Ms(1)));
        VirtualHost a = network["a"], b = network["b"];
        Meet(a, b);
        using var flood = a.UdpClient();
        var sink = new System.Net.IPEndPoint(b.Address, 9);
        for (int i = 0; i < 20; i++)
            flood.Send(new byte[1200], sink); // 20 × 1242 bytes at 1 Mbit/s: 199 ms
        RoundTrips(a, b, 1)[0].Should().BeLessThan(190, "it is the second");
        for (int i = 0; i < 20; i++)
            flood.Send(new byte[1200], sink);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        RoundTrips(a, b, 1);
        System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds.Should().BeGreaterThan(120, "the first waited for all that was before it");
    }

    [Fact]
    public async Task The_kernel_limits_rates_where_that_is_all_there_is_to_do()
    {
        await using VirtualNetwork network = await Pair(up: Perfect.WithRate(50 * M));
        network["a"].Links[0].Counters().Mechanism.Should().Be(LinkMechanism.TokenBucket);
        network["b"].Links[0].Counters().Mechanism.Should().Be(LinkMechanism.Kernel);
    }
}
