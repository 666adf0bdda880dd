using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>
/// Init's hand on the links: puts conditions into effect when a sandbox is built and while it runs.
/// <para>
/// What takes no decision, a rate, is the kernel's: a token bucket at either end of the link. All else is the <see cref="Emulator"/>'s, which
/// casts its lots by a seed and remembers what it has dropped, as no kernel does. A network that needs it once has it as its switch
/// from then on, in place of the bridge.
/// </para>
/// </summary>
internal sealed class LinkControl(SandboxNetwork network, int[] runtimeDescriptors)
{
    // What was set at run time; all else is as planned.
    private readonly Dictionary<(int Host, int Link), (LinkConditions? Up, LinkConditions? Down)> conditions = [];
    private readonly Dictionary<(int From, int To), LinkConditions?> regions = network.Plan.RegionConditions.ToDictionary(r => (r.From, r.To), r => (LinkConditions?)r.Conditions);
    private readonly HashSet<int> emulated = [];
    private readonly HashSet<(int Host, int Link, bool Down)> limited = [];
    private EmulatorClient? emulator;

    private NetworkPlan Plan => network.Plan;

    /// <summary>Puts the conditions of the plan into effect, and says how.</summary>
    public void Apply(List<string> notes)
    {
        PlannedNetwork[] byEmulator = [.. Plan.Networks.Where(Plan.IsEmulated)];
        if (byEmulator.Length > 0)
        {
            Emulate(byEmulator.Select(n => n.Index));
            notes.Add($"link conditions: NsFixture's own emulator is the switch of {string.Join(", ", byEmulator.Select(n => n.Name))}, with seed {Plan.Seed}");
        }
        foreach (PlannedInterface link in Plan.Hosts.SelectMany(h => h.Interfaces).Where(i => (i.Up ?? i.Down) != null))
            SetRates(link);
        if (limited.Count > 0)
            notes.Add($"link conditions: the kernel's token buckets on links of {string.Join(", ", limited.Select(l => Plan.Hosts[l.Host].Name).Distinct())}");
    }

    /// <summary>Changes a link's conditions, both ways.</summary>
    public void Set(int host, int link, LinkConditions? up, LinkConditions? down)
    {
        PlannedInterface planned = Link(host, link);
        conditions[(host, link)] = (up, down);
        if (emulated.Contains(planned.Network))
            emulator!.SetConditions([(host, link, up, down)]);
        else if (NetworkPlan.NeedsEmulator(up) || NetworkPlan.NeedsEmulator(down))
            Emulate([planned.Network]);
        else
            SetRates(planned);
    }

    /// <summary>Changes what happens between two regions, in that direction.</summary>
    public void SetRegions(int from, int to, LinkConditions? value)
    {
        regions[(from, to)] = value;
        Emulate(Plan.Regions[from].Hosts.SelectMany(h => Plan.Hosts[h].Interfaces).Select(i => i.Network));
        emulator!.SetRegionConditions(from, to, value);
    }

    /// <summary>How a link's conditions are put into effect, and what has been counted on it.</summary>
    public LinkStatus Status(int host, int link)
    {
        PlannedInterface planned = Link(host, link);
        RtnlLinkStats64 statistics = network.OnHost(host, s => s.GetLink(planned.Device)).Statistics;
        PipeCounters up = default, down = default;
        long overruns = 0;
        bool isEmulated = emulated.Contains(planned.Network);
        if (isEmulated)
            (up, down, overruns) = emulator!.Count(host, link);
        else
        {
            up.Overflowed = limited.Contains((host, link, false)) ? network.OnHost(host, s => s.DroppedByRate(planned.Device)) : 0;
            down.Overflowed = limited.Contains((host, link, true)) ? network.InSwitch.DroppedByRate(planned.PortName) : 0;
        }
        return new LinkStatus(
            isEmulated ? LinkMechanism.Emulator : limited.Any(l => l.Host == host && l.Link == link) ? LinkMechanism.TokenBucket : LinkMechanism.Kernel,
            (statistics.tx_packets, statistics.tx_bytes, up), (statistics.rx_packets, statistics.rx_bytes, down), overruns);
    }

    /// <summary>The places of dropped packets; none where no emulator is.</summary>
    public (int Count, byte[] Places) Drops(int host, int link, bool down, int first) =>
        emulated.Contains(Link(host, link).Network) ? emulator!.Drops(host, link, down, first) : (0, []);

    /// <summary>Makes the emulator the switch of networks that have another one.</summary>
    private void Emulate(IEnumerable<int> segments)
    {
        int[] more = [.. segments.Where(s => !emulated.Contains(s)).Distinct()];
        if (more.Length == 0)
            return;
        emulator ??= EmulatorClient.Start(network.SwitchNamespace, runtimeDescriptors, Plan.Seed, Plan.Hosts.SelectMany(h => h.Interfaces).Max(i => i.Mtu));
        foreach (int segment in more)
        {
            network.LeaveBridge(segment);
            emulated.Add(segment);
        }
        Refresh();
        foreach (var ((from, to), value) in regions)
            emulator.SetRegionConditions(from, to, value);
    }

    /// <summary>Tells the emulator about its links as they are now; what it knows already stays as it is.</summary>
    private void Refresh()
    {
        PlannedInterface[] links = [.. Plan.Hosts.SelectMany(h => h.Interfaces).Where(i => emulated.Contains(i.Network))];
        foreach (PlannedInterface link in links)
        {
            network.OnHost(link.Host, s =>
            {
                if (limited.Remove((link.Host, link.Index, false)))
                    s.ClearRate(link.Device);
                s.SetUnbundled(link.Device);
                return true;
            });
            if (limited.Remove((link.Host, link.Index, true)))
                network.InSwitch.ClearRate(link.PortName);
        }
        emulator!.SetPorts([.. links.Select(l => (network.InSwitch.GetLink(l.PortName).Index, l))]);
        emulator.SetConditions(links.Select(l => (l.Host, l.Index, Conditions(l).Up, Conditions(l).Down)));
        if (Plan.Regions.Count > 0)
            emulator.SetRegions(Plan);
    }

    private PlannedInterface Link(int host, int link) => Plan.Hosts[host].Interfaces.First(i => i.Index == link);

    private (LinkConditions? Up, LinkConditions? Down) Conditions(PlannedInterface link) =>
        conditions.TryGetValue((link.Host, link.Index), out var set) ? set : (link.Up, link.Down);

    /// <summary>Has the kernel limit a link to the rates of its conditions; where it has no token buckets, the emulator.</summary>
    private void SetRates(PlannedInterface link)
    {
        if (emulated.Contains(link.Network))
            return;
        var (up, down) = Conditions(link);
        try
        {
            network.OnHost(link.Host, s => SetRate(s, link.Device, link, false, up));
            SetRate(network.InSwitch, link.PortName, link, true, down);
        }
        catch (LinuxException e) when (e.Errno is Err.ENOENT or Err.ENOTSUP)
        {
            Emulate([link.Network]);
        }
    }

    private bool SetRate(RouteSocket socket, string device, PlannedInterface link, bool isDown, LinkConditions? wanted)
    {
        int largestFrame = link.Mtu + Frame.EthernetHeader;
        if (wanted?.Rate is { } rate)
        {
            socket.SetRate(device, rate, (long)wanted.QueueLength * largestFrame, largestFrame);
            limited.Add((link.Host, link.Index, isDown));
        }
        else if (limited.Remove((link.Host, link.Index, isDown)))
            socket.ClearRate(device);
        return true;
    }
}

/// <summary>What is known of a link while it runs: packets and bytes as its host sees them, and what became of them on the way.</summary>
internal sealed record LinkStatus(
    LinkMechanism Mechanism, (ulong Packets, ulong Bytes, PipeCounters Pipe) Up, (ulong Packets, ulong Bytes, PipeCounters Pipe) Down, long Overruns);
