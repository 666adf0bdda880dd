using System.Reflection;
using FluentAssertions;

namespace NsFixture.Tests.Networking;

/// <summary>Conditions are refused where they are used, value by value.</summary>
public class LinkConditionsTests
{
    private static readonly TimeSpan Ms = TimeSpan.FromMilliseconds(1);

    public static TheoryData<string, LinkConditions> OutOfRange() => new()
    {
        { "Delay = -1 ms", LinkConditions.Perfect.WithDelay(-Ms) },
        { "Delay = 60001 ms", LinkConditions.Perfect.WithDelay(60_001 * Ms) },
        { "Jitter = -1 ms", LinkConditions.Perfect.WithDelay(Ms, -Ms) },
        { "Distribution = 9", LinkConditions.Perfect.WithDelay(Ms, Ms, (JitterDistribution)9) },
        { "Loss = -0.1", LinkConditions.Perfect.WithLoss(-0.1) },
        { "Loss = 100.1", LinkConditions.Perfect.WithLoss(100.1) },
        { "Loss = NaN", LinkConditions.Perfect.WithLoss(double.NaN) },
        { "LossCorrelation = 101", LinkConditions.Perfect.WithLoss(1, 101) },
        { "Duplication = 101", LinkConditions.Perfect.WithDuplication(101) },
        { "Reordering = 101", LinkConditions.Lan.WithReordering(101) },
        { "Reordering = 1 has no effect", LinkConditions.Perfect.WithReordering(1) },
        { "Corruption = -1", LinkConditions.Perfect.WithCorruption(-1) },
        { "Rate = 7", LinkConditions.Perfect.WithRate(7) },
        { "Rate = 100000000001", LinkConditions.Perfect.WithRate(100_000_000_001) },
        { "QueueLength = 0", LinkConditions.Perfect.WithQueueLength(0) },
        { "QueueLength = 1000001", LinkConditions.Perfect.WithQueueLength(1_000_001) },
        { "Mtu = 67", LinkConditions.Perfect.WithMtu(67) },
        { "Mtu = 65536", LinkConditions.Perfect.WithMtu(65536) },
    };

    [Theory, MemberData(nameof(OutOfRange))]
    public void A_value_out_of_range_is_named_with_what_it_may_be(string problem, LinkConditions conditions) =>
        conditions.Problems("here").Should().ContainSingle().Which.Should().StartWith($"here: {problem}").And.EndWith(".");

    [Fact]
    public void Every_preset_is_in_range()
    {
        LinkConditions[] presets = [.. typeof(LinkConditions).GetProperties(BindingFlags.Public | BindingFlags.Static).Select(p => (LinkConditions)p.GetValue(null)!)];
        presets.Should().HaveCountGreaterThan(10).And.OnlyHaveUniqueItems().And.OnlyContain(p => !p.Problems("preset").Any());
    }

    [Fact]
    public void The_limits_themselves_are_in_range() =>
        LinkConditions.Perfect.WithDelay(60_000 * Ms, 60_000 * Ms).WithLoss(100, 100).WithReordering(100).WithRate(8).WithQueueLength(1).WithMtu(68).Problems("here").Should().BeEmpty();

    [Fact]
    public void Conditions_do_not_change_by_what_is_set_on_them()
    {
        LinkConditions wifi = LinkConditions.Wifi;
        wifi.WithLoss(50).WithMtu(100);
        wifi.Should().Be(LinkConditions.Wifi);
        LinkConditions.Wifi.Loss.Should().Be(0.2);
    }

    [Fact]
    public void Conditions_say_in_words_what_they_do()
    {
        LinkConditions.Perfect.ToString().Should().Be("perfect");
        LinkConditions.Lte.WithReordering(1).WithMtu(1400).ToString().Should().Be("25 ms ± 5 ms normal, 0.2 % loss, 1 % reordered, 30 Mbit/s, black hole above 1400 bytes");
    }
}
