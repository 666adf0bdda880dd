using System.Text;

namespace NsFixture;

/// <summary>
/// What happens to the packets of a link in one direction. Immutable: each <c>WithX</c> gives a new one. Values out of range are
/// refused where the conditions are used, all at once.
/// </summary>
/// <example>
/// <code>
/// var train = LinkConditions.Lte.WithLoss(4, correlation: 25).WithRate(2_000_000);
/// </code>
/// </example>
public sealed record LinkConditions
{
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(60);
    private const long MinRate = 8, MaxRate = 100_000_000_000;
    private const int MaxQueue = 1_000_000;

    /// <summary>The kernel's own link: no delay, no loss, no limit.</summary>
    public static LinkConditions Perfect { get; } = new();

    /// <summary>A wired office network: 0.2 ms, 1 Gbit/s.</summary>
    public static LinkConditions Lan { get; } = Perfect.WithDelay(Ms(0.2)).WithRate(1_000_000_000);

    /// <summary>A good wireless network: 3 ± 2 ms, 0.2 % loss, 100 Mbit/s.</summary>
    public static LinkConditions Wifi { get; } = Perfect.WithDelay(Ms(3), Ms(2)).WithLoss(0.2).WithRate(100_000_000);

    /// <summary>A wireless network two walls away: 15 ± 15 ms, 3 % loss in bursts, 8 Mbit/s.</summary>
    public static LinkConditions WeakWifi { get; } = Perfect.WithDelay(Ms(15), Ms(15)).WithLoss(3, 25).WithRate(8_000_000);

    /// <summary>A DSL line: 12 ± 2 ms, 16 Mbit/s.</summary>
    public static LinkConditions Dsl { get; } = Perfect.WithDelay(Ms(12), Ms(2)).WithRate(16_000_000);

    /// <summary>5G: 8 ± 2 ms, 0.1 % loss, 200 Mbit/s.</summary>
    public static LinkConditions FiveG { get; } = Perfect.WithDelay(Ms(8), Ms(2)).WithLoss(0.1).WithRate(200_000_000);

    /// <summary>LTE (4G): 25 ± 5 ms, 0.2 % loss, 30 Mbit/s.</summary>
    public static LinkConditions Lte { get; } = Perfect.WithDelay(Ms(25), Ms(5), JitterDistribution.Normal).WithLoss(0.2).WithRate(30_000_000);

    /// <summary>UMTS (3G): 75 ± 15 ms, 1 % loss, 2 Mbit/s.</summary>
    public static LinkConditions Umts { get; } = Perfect.WithDelay(Ms(75), Ms(15), JitterDistribution.Normal).WithLoss(1).WithRate(2_000_000);

    /// <summary>EDGE (2G): 200 ± 50 ms, 2 % loss, 200 kbit/s.</summary>
    public static LinkConditions Edge { get; } = Perfect.WithDelay(Ms(200), Ms(50), JitterDistribution.Normal).WithLoss(2).WithRate(200_000);

    /// <summary>A geostationary satellite: 280 ± 10 ms, 0.5 % loss, 20 Mbit/s.</summary>
    public static LinkConditions Satellite { get; } = Perfect.WithDelay(Ms(280), Ms(10)).WithLoss(0.5).WithRate(20_000_000);

    /// <summary>Satellites in a low orbit: 20 ± 6 ms, 0.5 % loss, 100 Mbit/s.</summary>
    public static LinkConditions LowOrbitSatellite { get; } = Perfect.WithDelay(Ms(20), Ms(6)).WithLoss(0.5).WithRate(100_000_000);

    /// <summary>How long each packet takes, one way. 0 to 60 s; default: 0.</summary>
    public TimeSpan Delay { get; internal init; }

    /// <summary>How far single packets are from <see cref="Delay"/>; a delay never falls below 0. 0 to 60 s; default: 0.</summary>
    public TimeSpan Jitter { get; internal init; }

    /// <summary>How the jitter spreads.</summary>
    public JitterDistribution Distribution { get; internal init; }

    /// <summary>The share of packets that is lost, in percent. Default: 0.</summary>
    public double Loss { get; internal init; }

    /// <summary>How much the fate of a packet depends on that of the one before it, in percent: above 0, losses come in bursts. Default: 0.</summary>
    public double LossCorrelation { get; internal init; }

    /// <summary>The share of packets that arrives twice, in percent. Default: 0.</summary>
    public double Duplication { get; internal init; }

    /// <summary>The share of packets that skips <see cref="Delay"/>, and so overtakes others, in percent. Default: 0.</summary>
    public double Reordering { get; internal init; }

    /// <summary>The share of packets that arrives with one bit flipped, in percent. Default: 0.</summary>
    public double Corruption { get; internal init; }

    /// <summary>The most that passes, in bits per second (8 to 100,000,000,000). Null: no limit.</summary>
    public long? Rate { get; internal init; }

    /// <summary>How many packets wait before further ones are dropped, 1 to 1,000,000. Default: 1,000.</summary>
    public int QueueLength { get; internal init; } = 1000;

    /// <summary>
    /// The largest IP packet that passes, in bytes (68 to 65,535). A larger one vanishes, and the sender is not told: a
    /// black hole. Null: the link's own limit, which senders know of.
    /// </summary>
    public int? Mtu { get; internal init; }

    /// <summary>Sets the delay, one way, and how it spreads.</summary>
    /// <param name="delay">The delay, 0 to 60 s.</param>
    /// <param name="jitter">How far single packets are from it, 0 to 60 s.</param>
    /// <param name="distribution">How they spread.</param>
    public LinkConditions WithDelay(TimeSpan delay, TimeSpan jitter = default, JitterDistribution distribution = JitterDistribution.Uniform) =>
        this with { Delay = delay, Jitter = jitter, Distribution = distribution };

    /// <summary>Sets the loss.</summary>
    /// <param name="percent">The share of packets lost, in percent.</param>
    /// <param name="correlation">How much one packet's fate depends on the one before it, in percent.</param>
    public LinkConditions WithLoss(double percent, double correlation = 0) => this with { Loss = percent, LossCorrelation = correlation };

    /// <summary>Sets the share of packets that arrives twice, in percent.</summary>
    public LinkConditions WithDuplication(double percent) => this with { Duplication = percent };

    /// <summary>Sets the share of packets that overtakes others, in percent. There is nothing to overtake without a delay.</summary>
    public LinkConditions WithReordering(double percent) => this with { Reordering = percent };

    /// <summary>Sets the share of packets that arrives with one bit flipped, in percent.</summary>
    public LinkConditions WithCorruption(double percent) => this with { Corruption = percent };

    /// <summary>Sets the rate in bits per second; null: no limit.</summary>
    public LinkConditions WithRate(long? bitsPerSecond) => this with { Rate = bitsPerSecond };

    /// <summary>Sets how many packets wait before further ones are dropped.</summary>
    public LinkConditions WithQueueLength(int packets) => this with { QueueLength = packets };

    /// <summary>Sets the largest IP packet that passes, in bytes, larger ones vanishing; null: the link's own limit.</summary>
    public LinkConditions WithMtu(int? bytes) => this with { Mtu = bytes };

    /// <summary>What is not as on a perfect link: <c>25 ms ± 5 ms, 0.2 % loss, 30 Mbit/s</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        void Add(bool said, string what) => text.Append(said ? (text.Length > 0 ? ", " : "") + what : "");
        Add(Delay != TimeSpan.Zero || Jitter != TimeSpan.Zero, $"{Delay.TotalMilliseconds:0.###} ms" + (Jitter == TimeSpan.Zero ? "" :
            $" ± {Jitter.TotalMilliseconds:0.###} ms" + (Distribution == JitterDistribution.Uniform ? "" : $" {Distribution.ToString().ToLowerInvariant()}")));
        Add(Loss != 0, $"{Loss:0.###} % loss" + (LossCorrelation == 0 ? "" : $" ({LossCorrelation:0.###} % correlated)"));
        Add(Duplication != 0, $"{Duplication:0.###} % duplicated");
        Add(Reordering != 0, $"{Reordering:0.###} % reordered");
        Add(Corruption != 0, $"{Corruption:0.###} % corrupted");
        Add(Rate != null, Rate switch
        {
            >= 1_000_000_000 => $"{Rate / 1e9:0.###} Gbit/s",
            >= 1_000_000 => $"{Rate / 1e6:0.###} Mbit/s",
            >= 1000 => $"{Rate / 1e3:0.###} kbit/s",
            _ => $"{Rate} bit/s",
        });
        Add(QueueLength != Perfect.QueueLength, $"queue {QueueLength}");
        Add(Mtu != null, $"black hole above {Mtu} bytes");
        return text.Length == 0 ? "perfect" : text.ToString();
    }

    /// <summary>One sentence for each value that is out of range.</summary>
    /// <param name="where">The link and direction, to begin each sentence with.</param>
    internal IEnumerable<string> Problems(string where)
    {
        foreach (var (name, value) in ((string, TimeSpan)[])[(nameof(Delay), Delay), (nameof(Jitter), Jitter)])
            if (value < TimeSpan.Zero || value > MaxDelay)
                yield return $"{where}: {name} = {value.TotalMilliseconds:0.###} ms is out of range: 0 to {MaxDelay.TotalMilliseconds:0} ms.";
        if (!Enum.IsDefined(Distribution))
            yield return $"{where}: {nameof(Distribution)} = {(int)Distribution} is unknown: use {string.Join(", ", Enum.GetNames<JitterDistribution>())}.";
        foreach (var (name, value) in ((string, double)[])[(nameof(Loss), Loss), (nameof(LossCorrelation), LossCorrelation),
            (nameof(Duplication), Duplication), (nameof(Reordering), Reordering), (nameof(Corruption), Corruption)])
            if (value is not (>= 0 and <= 100)) // NaN is neither
                yield return $"{where}: {name} = {value:0.###} is out of range: 0 to 100 percent.";
        if (Reordering > 0 && Delay == TimeSpan.Zero)
            yield return $"{where}: {nameof(Reordering)} = {Reordering:0.###} has no effect without a delay to skip: set {nameof(Delay)} too.";
        if (Rate is < MinRate or > MaxRate)
            yield return $"{where}: {nameof(Rate)} = {Rate} is out of range: {MinRate} to {MaxRate} bits per second, or null for no limit.";
        if (QueueLength is < 1 or > MaxQueue)
            yield return $"{where}: {nameof(QueueLength)} = {QueueLength} is out of range: 1 to {MaxQueue} packets.";
        if (Mtu is < 68 or > 65535)
            yield return $"{where}: {nameof(Mtu)} = {Mtu} is out of range: 68 to 65535 bytes, or null for the link's own.";
    }

    /// <exception cref="InvalidTopologyException">A value is out of range; all that are are named.</exception>
    internal static void Require(string where, LinkConditions up, LinkConditions down)
    {
        string[] problems = up == down ? [.. up.Problems(where)] : [.. up.Problems(where + ", up"), .. down.Problems(where + ", down")];
        if (problems.Length > 0)
            throw new InvalidTopologyException(problems);
    }

    /// <summary>Null for <see cref="Perfect"/>, as plans have it.</summary>
    internal LinkConditions? OrNull() => this == Perfect ? null : this;

    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
