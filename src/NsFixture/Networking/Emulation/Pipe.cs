using System.Runtime.CompilerServices;
using Purpose = NsFixture.Networking.Draws.Purpose;

namespace NsFixture.Networking;

/// <summary>
/// One direction of a link, or the way from a region to another: decides what befalls each packet and when it comes out. Pure:
/// it holds no packet and knows no clock. In this order, as on a real line: what is too large vanishes; some are lost; some
/// are doubled; what the rate leaves no time for waits in the queue, which may be full; then it travels, and is late by delay and jitter.
/// <para>
/// Address resolution and multicast housekeeping (<see cref="Frame.IsHousekeeping"/>) take the delay and nothing else, and are not
/// counted: the kernel sends them when it pleases, and every packet after them would fare otherwise.
/// </para>
/// </summary>
internal sealed class Pipe(long seed, int stream)
{
    private const double ParetoShape = 3, ParetoMean = ParetoShape / (ParetoShape - 1), ParetoMost = 20;

    private readonly Draws draws = new(seed, stream);
    private readonly DropLog drops = new();
    private readonly Departures waiting = new();

    private bool isPerfect = true, lastWasLost;
    private long delay, jitter, nextFree, lastDue;
    private JitterDistribution distribution;
    private double loss, lossAfterLoss, duplication, reordering, corruption, nanosecondsPerByte;
    private int mtu, queueLength;

    /// <summary>What has happened so far.</summary>
    public PipeCounters Counters;

    /// <summary>The packets that did not come out, by their place in the stream.</summary>
    public DropLog Drops => drops;

    /// <summary>Sets what happens to further packets; those on their way are not affected.</summary>
    public void Set(LinkConditions? conditions)
    {
        LinkConditions c = conditions ?? LinkConditions.Perfect;
        isPerfect = c == LinkConditions.Perfect;
        (delay, jitter, distribution) = (Nanoseconds(c.Delay), Nanoseconds(c.Jitter), c.Distribution);
        (loss, duplication, reordering, corruption) = (c.Loss / 100, c.Duplication / 100, c.Reordering / 100, c.Corruption / 100);
        // Two states whose share of losses stays what was asked for, and whose correlation from packet to packet is what was asked for.
        double correlation = c.LossCorrelation / 100;
        lossAfterLoss = loss + (correlation * (1 - loss));
        loss *= loss < 1 ? 1 - correlation : 1;
        nanosecondsPerByte = c.Rate is { } rate ? 8e9 / rate : 0;
        mtu = c.Mtu ?? int.MaxValue;
        queueLength = c.QueueLength;
        // New conditions count at once: further packets do not wait for those that a slower line still holds.
        (nextFree, lastDue) = (0, 0);
        waiting.Empty(nanosecondsPerByte > 0 ? queueLength : 0);
    }

    /// <summary>Decides.</summary>
    /// <param name="length">The frame's length, with its Ethernet header.</param>
    /// <param name="housekeeping">Whether no lot is cast for it.</param>
    /// <param name="now">When it goes in, in nanoseconds.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Fate Pass(int length, bool housekeeping, long now)
    {
        if (housekeeping)
            return new Fate(1, now + delay, 0, -1);
        long index = Counters.Packets;
        Counters.Packets++;
        Counters.Bytes += length;
        if (isPerfect)
            return new Fate(1, now, 0, -1);
        if (length - Frame.EthernetHeader > mtu)
            return Drop(index, ref Counters.BlackHoled);
        if (loss > 0 || lossAfterLoss > 0)
        {
            lastWasLost = draws.Next(index, Purpose.Loss) < (lastWasLost ? lossAfterLoss : loss);
            if (lastWasLost)
                return Drop(index, ref Counters.Lost);
        }
        long sent = Transmit(length, now);
        if (sent < 0)
            return Drop(index, ref Counters.Overflowed);
        bool overtakes = reordering > 0 && draws.Next(index, Purpose.Reordering) < reordering;
        if (overtakes)
            Counters.Reordered++;
        long due = overtakes ? sent : Travel(sent, index);
        int bit = -1;
        if (corruption > 0 && draws.Next(index, Purpose.Corruption) < corruption)
        {
            Counters.Corrupted++;
            bit = (int)(draws.Bits(index, Purpose.Bit) % (ulong)Math.Max(1, (length - Frame.EthernetHeader) * 8));
        }
        if (duplication > 0 && draws.Next(index, Purpose.Duplication) < duplication && Transmit(length, now) is >= 0 and var again)
        {
            Counters.Duplicated++;
            return new Fate(2, due, Math.Max(due, again + delay), bit);
        }
        return new Fate(1, due, 0, bit);
    }

    private Fate Drop(long index, ref long counter)
    {
        counter++;
        drops.Add(index);
        return default;
    }

    /// <summary>When its last bit is on the line; -1: the queue is full.</summary>
    private long Transmit(int length, long now)
    {
        if (nanosecondsPerByte == 0)
            return now;
        if (nextFree > now && waiting.After(now) > queueLength) // one of them is not waiting, but on its way
            return -1;
        nextFree = Math.Max(nextFree, now) + (long)(length * nanosecondsPerByte);
        waiting.Add(nextFree);
        return nextFree;
    }

    /// <summary>When it is at the other end. Nothing overtakes by jitter alone: that is what reordering is for.</summary>
    private long Travel(long sent, long index)
    {
        long late = jitter == 0 ? delay : Math.Max(0, delay + (long)(jitter * Spread(index)));
        return lastDue = Math.Max(lastDue, sent + late);
    }

    /// <summary>A number of the distribution: its mean is 0.</summary>
    private double Spread(long index)
    {
        double u = draws.Next(index, Purpose.Jitter);
        return distribution switch
        {
            JitterDistribution.Normal => Math.Sqrt(-2 * Math.Log(1 - u)) * Math.Cos(2 * Math.PI * draws.Next(index, Purpose.Jitter2)), // Box and Muller's
            JitterDistribution.Pareto => Math.Min(ParetoMost, Math.Pow(1 - u, -1 / ParetoShape)) - ParetoMean,
            _ => (2 * u) - 1,
        };
    }

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;
}

/// <summary>What a <see cref="Pipe"/> has decided on a packet.</summary>
/// <param name="Copies">How many come out: 0, 1 or 2.</param>
/// <param name="Due">When the first does, in nanoseconds.</param>
/// <param name="SecondDue">When the second does.</param>
/// <param name="Bit">The bit behind the Ethernet header that is flipped; -1: none.</param>
internal readonly record struct Fate(int Copies, long Due, long SecondDue, int Bit);

/// <summary>What has happened to the packets of a <see cref="Pipe"/>.</summary>
internal struct PipeCounters
{
    public long Packets, Bytes, Lost, Overflowed, BlackHoled, Duplicated, Reordered, Corrupted;
}
