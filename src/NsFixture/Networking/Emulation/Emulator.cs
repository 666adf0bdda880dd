using System.Runtime.CompilerServices;
using NsFixture.Launching;
using NsFixture.Linux;

namespace NsFixture.Networking;

/// <summary>
/// The switch of the networks that have conditions: a process of its own under init, so that no pause of a test's runtime delays a
/// packet. It takes frames from the ports that face the hosts, passes them through the sender's pipe up, through that of a pair of
/// regions if there is one, and through the receiver's pipe down, and puts them out on the receiver's port. There is no
/// bridge behind it: it learns where hardware addresses are itself.
/// <para>
/// Nothing is allocated per packet, so there is nothing to collect. Every step reckons with the time that the packet was due at the step
/// before, not with the time the process got round to it: being scheduled late delays packets, but does not add up, nor use up a rate.
/// </para>
/// </summary>
internal sealed unsafe class Emulator
{
    private const int FewestPackets = 4096, MostPackets = 1 << 17, MostBytes = 256 * 1024 * 1024, MostAtOnce = 512;

    private readonly int control;
    private readonly PacketSocket socket;
    private readonly PacketPool pool;
    private readonly DueQueue due;
    private readonly List<EmulatedPort> ports = [];
    private readonly KeyTable portsByDevice = new(), portsByAddress = new(), hostsByAddress = new();
    private readonly long seed;
    private EmulatedPort[][] networks = [];
    private int[] regionsOfHosts = [];
    private Pipe?[,] regionPipes = new Pipe?[0, 0];
    private long overruns;

    /// <param name="control">Where init gives its orders.</param>
    /// <param name="seed">What lots are cast by.</param>
    /// <param name="maxPacket">The largest IP packet of any link, in bytes.</param>
    public Emulator(int control, long seed, int maxPacket)
    {
        (this.control, this.seed) = (control, seed);
        socket = new PacketSocket(maxPacket);
        socket.Select([]);
        socket.Listen();
        int size = Frame.Note + Frame.EthernetHeader + maxPacket, packets = Math.Clamp(MostBytes / size, FewestPackets, MostPackets);
        pool = new PacketPool(packets, size);
        due = new DueQueue(2 * packets); // a flooded packet is due at several ports
    }

    /// <summary>Serves until init is gone, and with it this process.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run()
    {
        PollFd* poll = stackalloc PollFd[2];
        poll[0] = Poller.Reading(socket.Descriptor);
        poll[1] = Poller.Reading(control);
        TimeSpec wait;
        while (true)
        {
            long now = Now(ClockIds.CLOCK_MONOTONIC);
            bool more = Receive(now);
            Forward(now);
            socket.Flush(pool);
            long idle = more ? 0 : due.Count == 0 ? long.MaxValue : Math.Max(0, due.NextDue - Now(ClockIds.CLOCK_MONOTONIC));
            wait = new TimeSpec { tv_sec = (nint)(idle / 1_000_000_000), tv_nsec = (nint)(idle % 1_000_000_000) };
            poll[1].revents = 0;
            if (Libc.PPoll(poll, 2, idle == long.MaxValue ? null : &wait, null) > 0 && poll[1].revents != 0)
                Obey();
        }
    }

    /// <summary>Takes in what has come; true: there may be more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Receive(long now)
    {
        long ahead = 0;
        for (int i = 0; i < MostAtOnce; i++)
        {
            if (!socket.TryReceive(out PacketSocket.Received frame))
                return false;
            if (ahead == 0)
                ahead = Now(ClockIds.CLOCK_REALTIME) - Now(ClockIds.CLOCK_MONOTONIC);
            int port = portsByDevice.Find(0, (uint)frame.Device), packet;
            if (port >= 0 && !frame.IsOutgoing && frame.Length >= Frame.EthernetHeader && frame.Length <= pool.Size - Frame.Note)
                if ((packet = pool.Take()) < 0)
                    overruns++;
                else
                {
                    Unsafe.CopyBlockUnaligned(pool.Bytes(packet), (byte*)frame.Note, (uint)(Frame.Note + frame.Length));
                    pool.Length(packet) = frame.Length;
                    // When it came, unless someone has set the clock just now.
                    long came = frame.RealTime - ahead;
                    Enter(ports[port].Up, packet, Stage.Up, port, came <= now && came > now - 1_000_000_000 ? came : now);
                }
            socket.Done();
        }
        return true;
    }

    /// <summary>Moves on what is due.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Forward(long now)
    {
        while (due.Count > 0 && due.NextDue <= now)
        {
            DueQueue.Entry entry = due.Take();
            Leave(entry.Packet, entry.Stage, entry.Port, entry.Due);
        }
    }

    /// <summary>A packet goes into a pipe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Enter(Pipe pipe, int packet, Stage stage, int port, long time)
    {
        int length = pool.Length(packet);
        Fate fate = pipe.Pass(length, Frame.IsHousekeeping(pool.Bytes(packet) + Frame.Note, length), time);
        if (fate.Copies == 0)
        {
            pool.Release(packet);
            return;
        }
        if (fate.Bit >= 0)
        {
            packet = Own(packet);
            Frame.Corrupt(pool.Bytes(packet), length, fate.Bit);
        }
        if (fate.Copies == 2)
        {
            pool.Share(packet);
            Arrive(packet, stage, port, fate.SecondDue, time);
        }
        Arrive(packet, stage, port, fate.Due, time);
    }

    private void Arrive(int packet, Stage stage, int port, long when, long time)
    {
        if (when == time && (due.Count == 0 || due.NextDue > time))
            Leave(packet, stage, port, when);
        else if (!due.Add(when, packet, stage, port))
        {
            overruns++;
            pool.Release(packet);
        }
    }

    /// <summary>A packet has come out of a pipe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Leave(int packet, Stage stage, int port, long time)
    {
        if (port < 0)
            pool.Release(packet); // unplugged while it was on its way
        else if (stage == Stage.Down)
            socket.Send(pool, packet, ports[port].Device);
        else if (stage == Stage.Up && RegionPipe(packet, port) is { } pipe)
            Enter(pipe, packet, Stage.Region, port, time);
        else
            Switch(packet, port, time);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Switch(int packet, int port, long time)
    {
        byte* ethernet = pool.Bytes(packet) + Frame.Note;
        EmulatedPort from = ports[port];
        ulong network = (ulong)from.Network + 1, source = Frame.Source(ethernet);
        if (portsByAddress.Find(network, source) != port)
            portsByAddress.Set(network, source, port);
        int to = Frame.IsGroup(ethernet) ? -1 : portsByAddress.Find(network, Frame.Destination(ethernet));
        if (to >= 0)
        {
            if (to == port)
                pool.Release(packet);
            else
                Enter(ports[to].Down, packet, Stage.Down, to, time);
            return;
        }
        EmulatedPort[] all = networks[from.Network];
        for (int i = 0; i < all.Length; i++)
            if (all[i] != from)
            {
                pool.Share(packet);
                Enter(all[i].Down, packet, Stage.Down, all[i].Number, time);
            }
        pool.Release(packet);
    }

    /// <summary>The way between two regions; null where there is none, or the sender is a router that only passes the packet on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Pipe? RegionPipe(int packet, int port)
    {
        if (regionPipes.Length == 0 || !Frame.TryGetAddresses(pool.Bytes(packet) + Frame.Note, pool.Length(packet), out var source, out var destination))
            return null;
        int sender = hostsByAddress.Find(source.High, source.Low), receiver = hostsByAddress.Find(destination.High, destination.Low);
        if (receiver < 0 || sender != ports[port].Host)
            return null;
        int from = regionsOfHosts[sender], to = regionsOfHosts[receiver];
        return from < 0 || to < 0 ? null : regionPipes[from, to];
    }

    /// <summary>The same packet in a buffer that no one else uses.</summary>
    private int Own(int packet)
    {
        if (!pool.IsShared(packet))
            return packet;
        int own = pool.Take();
        if (own < 0)
            return packet;
        pool.Length(own) = pool.Length(packet);
        Unsafe.CopyBlockUnaligned(pool.Bytes(own), pool.Bytes(packet), (uint)(Frame.Note + pool.Length(packet)));
        pool.Release(packet);
        return own;
    }

    private static long Now(int clock)
    {
        TimeSpec time;
        _ = Libc.ClockGetTime(clock, &time);
        return (time.tv_sec * 1_000_000_000L) + time.tv_nsec;
    }

    private void Obey()
    {
        byte[]? message = UnixSocket.Receive(control, out _, wait: false);
        if (message == null)
            return;
        if (message.Length == 0)
            Libc.Exit(0);
        var answer = new ByteWriter();
        try
        {
            answer.String(null);
            var reader = new ByteReader(message);
            switch ((EmulatorOrder)reader.Byte())
            {
                case EmulatorOrder.SetPorts:
                    SetPorts(ref reader);
                    break;
                case EmulatorOrder.SetConditions:
                    for (int count = reader.Int32(); count > 0; count--)
                    {
                        EmulatedPort changed = Port(ref reader);
                        changed.Up.Set(reader.Conditions());
                        changed.Down.Set(reader.Conditions());
                    }
                    break;
                case EmulatorOrder.SetRegions:
                    SetRegions(ref reader);
                    break;
                case EmulatorOrder.SetRegionConditions:
                    int from = reader.Int32(), to = reader.Int32();
                    (regionPipes[from, to] ??= new Pipe(seed, LinkStream.OfRegions(from, to))).Set(reader.Conditions());
                    break;
                case EmulatorOrder.Count:
                    EmulatedPort port = Port(ref reader);
                    overruns += socket.TakeOverruns();
                    answer.Counters(port.Up.Counters).Counters(port.Down.Counters).Int64(overruns);
                    break;
                case EmulatorOrder.Drops:
                    port = Port(ref reader);
                    DropLog drops = (reader.Boolean() ? port.Down : port.Up).Drops;
                    int first = reader.Int32();
                    answer.Int32(drops.Count);
                    foreach (long place in drops.From(first, EmulatorClient.DropsAtOnce))
                        answer.Int64(place);
                    break;
            }
        }
        catch (Exception e) when (e is LinuxException or InvalidOperationException)
        {
            answer.Clear();
            answer.String(e.Message);
        }
        UnixSocket.Send(control, answer.Written);
    }

    private void SetPorts(ref ByteReader reader)
    {
        EmulatedPort[] before = [.. ports];
        ports.Clear();
        portsByDevice.Clear();
        portsByAddress.Clear(); // learnt again with the next frames
        for (int count = reader.Int32(); count > 0; count--)
        {
            int device = reader.Int32(), network = reader.Int32(), host = reader.Int32(), link = reader.Int32();
            EmulatedPort? known = Array.Find(before, p => p.Host == host && p.Link == link);
            portsByDevice.Set(0, (uint)device, ports.Count);
            ports.Add(new EmulatedPort(ports.Count, device, network, host, link,
                known?.Up ?? new Pipe(seed, LinkStream.Of(host, link, down: false)), known?.Down ?? new Pipe(seed, LinkStream.Of(host, link, down: true))));
        }
        networks = [.. Enumerable.Range(0, ports.Count == 0 ? 0 : ports.Max(p => p.Network) + 1).Select(n => ports.Where(p => p.Network == n).ToArray())];
        // Packets on their way know their port by its number.
        due.Renumber([.. before.Select(old => ports.FindIndex(p => p.Host == old.Host && p.Link == old.Link))]);
        socket.Select(ports.Select(p => p.Device));
    }

    private void SetRegions(ref ByteReader reader)
    {
        int regions = reader.Int32();
        var pipes = new Pipe?[regions, regions];
        regionsOfHosts = new int[reader.Int32()];
        hostsByAddress.Clear();
        for (int host = 0; host < regionsOfHosts.Length; host++)
        {
            regionsOfHosts[host] = reader.Int32();
            for (int count = reader.Int32(); count > 0; count--)
            {
                var (high, low) = Frame.Key(new System.Net.IPAddress(reader.Bytes()));
                hostsByAddress.Set(high, low, host);
            }
        }
        regionPipes = pipes;
    }

    private EmulatedPort Port(ref ByteReader reader)
    {
        int host = reader.Int32(), link = reader.Int32();
        return ports.Find(p => p.Host == host && p.Link == link) ?? throw new InvalidOperationException($"the emulator has no link {link} of host {host}");
    }
}

/// <summary>A link's end at the emulator.</summary>
internal sealed record EmulatedPort(int Number, int Device, int Network, int Host, int Link, Pipe Up, Pipe Down);

/// <summary>What init has the emulator do; each is answered.</summary>
internal enum EmulatorOrder : byte
{
    /// <summary>All links that it has the other end of: device, network, host, link. It keeps the conditions of those it had.</summary>
    SetPorts = 1,

    /// <summary>Links: host, link, conditions up and down.</summary>
    SetConditions,

    /// <summary>How many regions there are, and for each host its region or -1 and its addresses.</summary>
    SetRegions,

    /// <summary>From, to, conditions.</summary>
    SetRegionConditions,

    /// <summary>Host, link: answers counters up and down, and how many frames the emulator itself lost.</summary>
    Count,

    /// <summary>Host, link, direction, first: answers how many drops there are in all, and some of them.</summary>
    Drops,
}

/// <summary>The number that a direction's lots are cast with, which follows from the topology alone.</summary>
internal static class LinkStream
{
    public static int Of(int host, int link, bool down) => (host << 10) | (link << 1) | (down ? 1 : 0);

    public static int OfRegions(int from, int to) => int.MinValue | (from << 12) | to;
}

internal static class CountersCodec
{
    public static ByteWriter Counters(this ByteWriter writer, in PipeCounters c) => writer
        .Int64(c.Packets).Int64(c.Bytes).Int64(c.Lost).Int64(c.Overflowed).Int64(c.BlackHoled).Int64(c.Duplicated).Int64(c.Reordered).Int64(c.Corrupted);

    public static PipeCounters Counters(this ref ByteReader reader) => new()
    {
        Packets = reader.Int64(), Bytes = reader.Int64(), Lost = reader.Int64(), Overflowed = reader.Int64(),
        BlackHoled = reader.Int64(), Duplicated = reader.Int64(), Reordered = reader.Int64(), Corrupted = reader.Int64(),
    };
}
