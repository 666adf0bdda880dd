namespace NsFixture;

/// <summary>What has happened on a link so far.</summary>
/// <param name="Mechanism">What puts its conditions into effect.</param>
/// <param name="Up">From the host to the network.</param>
/// <param name="Down">From the network to the host.</param>
/// <param name="Overruns">
/// Packets of any link that the emulator itself lost because it was not given the processor for too long, or held too many. Where this is not 0,
/// runs may differ.
/// </param>
public sealed record LinkCounters(LinkMechanism Mechanism, DirectionCounters Up, DirectionCounters Down, long Overruns);

/// <summary>What has happened to the packets of a link in one direction.</summary>
/// <param name="Packets">What the host has sent, or received, as its kernel counts: all frames, ARP and the like included.</param>
/// <param name="Bytes">The same in bytes, with Ethernet headers.</param>
/// <param name="Passed">The packets that conditions were applied to since there were any: no ARP, IGMP, neighbour or multicast discovery.</param>
/// <param name="Lost">Lost by <see cref="LinkConditions.Loss"/>.</param>
/// <param name="QueueDrops">Dropped because <see cref="LinkConditions.QueueLength"/> packets waited for the rate already.</param>
/// <param name="BlackHoled">Vanished, being larger than <see cref="LinkConditions.Mtu"/>.</param>
/// <param name="Duplicated">Arrived twice.</param>
/// <param name="Reordered">Skipped the delay.</param>
/// <param name="Corrupted">Arrived with a bit flipped.</param>
public sealed record DirectionCounters(
    long Packets, long Bytes, long Passed, long Lost, long QueueDrops, long BlackHoled, long Duplicated, long Reordered, long Corrupted)
{
    /// <summary>All that did not arrive.</summary>
    public long Dropped => Lost + QueueDrops + BlackHoled;
}

/// <summary>A direction of a link, seen from its host.</summary>
public enum LinkDirection
{
    /// <summary>From the host to the network.</summary>
    Up,

    /// <summary>From the network to the host.</summary>
    Down,
}
