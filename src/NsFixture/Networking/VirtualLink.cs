using NsFixture.Launching;
using NsFixture.Networking;

namespace NsFixture;

/// <summary>A host's link to a network, while it runs.</summary>
/// <example>
/// <code>
/// VirtualLink link = network["laptop"].Links[0];
/// link.SetConditions(up: LinkConditions.Umts, down: LinkConditions.Lte);
/// Console.WriteLine(link.Counters().Up.Lost);
/// </code>
/// </example>
public sealed class VirtualLink
{
    private readonly PlannedInterface link;
    private readonly InitConnection init;

    internal VirtualLink(VirtualHost host, string network, PlannedInterface link, InitConnection init)
    {
        (Host, Network, this.link, this.init) = (host, network, link, init);
        (Up, Down) = (link.Up ?? LinkConditions.Perfect, link.Down ?? LinkConditions.Perfect);
    }

    /// <summary>The host.</summary>
    public VirtualHost Host { get; }

    /// <summary>The network's name.</summary>
    public string Network { get; }

    /// <summary>The interface's name on the host.</summary>
    public string Device => link.Device;

    /// <summary>What happens to packets from the host to the network.</summary>
    public LinkConditions Up { get; private set; }

    /// <summary>What happens to packets from the network to the host.</summary>
    public LinkConditions Down { get; private set; }

    /// <summary>Sets the conditions from now on, each way. Packets on their way are not affected.</summary>
    /// <param name="eachWay">What happens to packets in either direction: a delay counts once on the way there and once back.</param>
    /// <exception cref="InvalidTopologyException">The conditions are out of range; nothing was changed.</exception>
    /// <exception cref="SandboxException">The kernel refused, or the sandbox is gone.</exception>
    public void SetConditions(LinkConditions eachWay) => SetConditions(eachWay, eachWay);

    /// <summary>Sets the conditions from now on. Packets on their way are not affected.</summary>
    /// <param name="up">What happens to packets from the host to the network; null: what did before.</param>
    /// <param name="down">What happens to packets from the network to the host; null: what did before.</param>
    /// <exception cref="InvalidTopologyException">The conditions are out of range; nothing was changed.</exception>
    /// <exception cref="SandboxException">The kernel refused, or the sandbox is gone.</exception>
    /// <remarks>
    /// The first condition on a network that takes more than limiting rates makes NsFixture's emulator its switch, in place of the
    /// kernel's bridge; packets may be lost in that moment. A network that has conditions from the start has no such moment.
    /// </remarks>
    public void SetConditions(LinkConditions? up = null, LinkConditions? down = null)
    {
        (up, down) = (up ?? Up, down ?? Down);
        LinkConditions.Require($"{Host.Name}, {Device}", up, down);
        init.SetConditions(link.Host, link.Index, up.OrNull(), down.OrNull());
        (Up, Down) = (up, down);
    }

    /// <summary>Pulls the plug: nothing gets in or out.</summary>
    public void Disconnect() => init.SetLink(link.Host, link.Index, up: false);

    /// <summary>Puts the plug in again.</summary>
    public void Reconnect() => init.SetLink(link.Host, link.Index, up: true);

    /// <summary>What has happened on it so far.</summary>
    public LinkCounters Counters()
    {
        LinkStatus status = init.LinkStatus(link.Host, link.Index);
        return new LinkCounters(status.Mechanism, Counters(status.Up), Counters(status.Down), status.Overruns);
    }

    /// <summary>
    /// The packets that the conditions of a direction have dropped, by their place in its stream (0 is the first), up to the
    /// 100,000th. The same seed and the same packets give the same list. Only the emulator keeps it.
    /// </summary>
    /// <param name="direction">Seen from the host.</param>
    public IReadOnlyList<long> DroppedPackets(LinkDirection direction) => init.Drops(link.Host, link.Index, direction == LinkDirection.Down);

    /// <inheritdoc cref="Device"/>
    public override string ToString() => $"{Host.Name}, {Device}";

    internal PlannedInterface Current() => link with { Up = Up.OrNull(), Down = Down.OrNull() };

    private static DirectionCounters Counters((ulong Packets, ulong Bytes, PipeCounters Pipe) d) => new(
        (long)d.Packets, (long)d.Bytes, d.Pipe.Packets, d.Pipe.Lost, d.Pipe.Overflowed, d.Pipe.BlackHoled, d.Pipe.Duplicated, d.Pipe.Reordered, d.Pipe.Corrupted);
}
