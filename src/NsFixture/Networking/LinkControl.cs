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
internal sealed class LinkControl(NetworkPlan plan, SandboxNetwork network, int[] runtimeDescriptors)
{
    private NetworkPlan plan = plan;

    private readonly Dictionary<(int Host, int Link), (LinkConditions? Up, LinkConditions? Down)> conditions =
        plan.Hosts.SelectMany(h => h.Interfaces).ToDictionary(i => (i.Host, i.Index), i => (i.Up, i.Down));

    private readonly Dictionary<(int From, int To), LinkConditions?> regions = plan.RegionConditions.ToDictionary(r => (r.From, r.To), r => (LinkConditions?)r.Conditions);
    private readonly HashSet<int> emulated = [];
    private readonly HashSet<(int Host, int Link, bool Down)> limited = [];
    private EmulatorClient? emulator;

    /// <summary>Puts the conditions of the plan into effect, and says how.</summary>
    public void Apply(List<string> notes)
    {
        PlannedNetwork[] byEmulator = [.. plan.Networks.Where(plan.IsEmulated)];
        foreach (PlannedNetwork segment in byEmulator)
            Emulate(segment.Index);
        if (byEmulator.Length > 0)
            notes.Add($"link conditions: NsFixture's own emulator is the switch of {string.Join(", ", byEmulator.Select(n => n.Name))}, with seed {plan.Seed}");
        foreach (PlannedInterface link in plan.Hosts.SelectMany(h => h.Interfaces).Where(i => (i.Up ?? i.Down) != null))
            SetRates(link);
        if (limited.Count > 0)
            notes.Add($"link conditions: the kernel's token buckets on links of {string.Join(", ", limited.Select(l => plan.Hosts[l.Host].Name).Distinct())}");
    }

    /// <summary>Changes a link's conditions, both ways.</summary>
    public void Set(int host, int link, LinkConditions? up, LinkConditions? down)
    {
        conditions[(host, link)] = (up, down);
        PlannedInterface planned = plan.Hosts[host].Interface(link);
        if (emulated.Contains(planned.Network))
            emulator!.SetConditions([(host, link, up, down)]);
        else if (NetworkPlan.NeedsEmulator(up) || NetworkPlan.NeedsEmulator(down))
            Emulate(planned.Network);
        else
            SetRates(planned);
    }

    /// <summary>Changes what happens between two regions, in that direction.</summary>
    public void SetRegions(int from, int to, LinkConditions? value)
    {
        regions[(from, to)] = value;
        foreach (int segment in plan.Regions[from].Hosts.SelectMany(h => plan.Hosts[h].Interfaces).Select(i => i.Network).Distinct())
            if (!emulated.Contains(segment))
                Emulate(segment);
        emulator!.SetRegionConditions(from, to, value);
    }

    /// <summary>How a link's conditions are put into effect, and what has been counted on it.</summary>
    public LinkStatus Status(int host, int link)
    {
        PlannedInterface planned = plan.Hosts[host].Interface(link);
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
        emulated.Contains(plan.Hosts[host].Interface(link).Network) ? emulator!.Drops(host, link, down, first) : (0, []);

    /// <summary>Follows a change of the network: links that have come, or were made anew or plugged in elsewhere, have their conditions.</summary>
    public void Changed(NetworkPlan current)
    {
        var before = plan.Hosts.SelectMany(h => h.Interfaces).ToDictionary(i => (i.Host, i.Index));
        plan = current;
        HashSet<(int, int)> there = [.. plan.Hosts.SelectMany(h => h.Interfaces).Select(i => (i.Host, i.Index))];
        foreach (var gone in conditions.Keys.Where(k => !there.Contains(k)).ToArray())
            conditions.Remove(gone);
        limited.RemoveWhere(l => !there.Contains((l.Host, l.Link)));
        foreach (PlannedInterface link in plan.Hosts.SelectMany(h => h.Interfaces))
            if (!before.TryGetValue((link.Host, link.Index), out PlannedInterface? old) || old.Up != link.Up || old.Down != link.Down)
                conditions[(link.Host, link.Index)] = (link.Up, link.Down); // else those that were set while it ran
        foreach (int segment in emulated.ToArray())
            Emulate(segment);
        if (emulator != null && plan.Regions.Count > 0)
            SetRegions(emulator);
        foreach (PlannedInterface link in plan.Hosts.SelectMany(h => h.Interfaces).Where(i => !emulated.Contains(i.Network)))
        {
            var (up, down) = conditions[(link.Host, link.Index)];
            if (NetworkPlan.NeedsEmulator(up) || NetworkPlan.NeedsEmulator(down))
                Emulate(link.Network);
            else if ((up ?? down) != null)
                SetRates(link);
        }
    }

    /// <summary>Makes the emulator the switch of a network, or has it see all its links.</summary>
    private void Emulate(int segment)
    {
        PlannedInterface[] links = [.. plan.LinksOf(segment)];
        if (links.FirstOrDefault(l => plan.Hosts[l.Host].IsContainer) is { } container)
            throw new SandboxException($"Network \"{plan.Networks[segment].Name}\" cannot have link conditions and container \"{plan.Hosts[container.Host].Name}\" at once: what it sends comes in bundles, which the emulator cannot take apart. Give the container a network of its own, behind a router.");
        if (emulator == null)
        {
            int largest = plan.Hosts.SelectMany(h => h.Interfaces).Max(i => i.Mtu);
            emulator = EmulatorClient.Start(network.SwitchNamespace, runtimeDescriptors, plan.Seed, largest);
            SetRegions(emulator);
        }
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
        emulated.Add(segment);
        network.GiveToEmulator(segment);
        emulator.SetPorts([.. emulated.Order().SelectMany(plan.LinksOf).Select(l => (network.InSwitch.GetLink(l.PortName).Index, l))]);
        emulator.SetConditions(links.Select(l => (l.Host, l.Index, conditions[(l.Host, l.Index)].Up, conditions[(l.Host, l.Index)].Down)));
    }

    private void SetRegions(EmulatorClient to)
    {
        if (plan.Regions.Count > 0)
            to.SetRegions(plan);
        foreach (var ((from, destination), value) in regions)
            to.SetRegionConditions(from, destination, value);
    }

    /// <summary>Has the kernel limit a link to the rates of its conditions; where it has no token buckets, the emulator.</summary>
    private void SetRates(PlannedInterface link)
    {
        if (emulated.Contains(link.Network))
            return;
        var (up, down) = conditions[(link.Host, link.Index)];
        try
        {
            network.OnHost(link.Host, s => SetRate(s, link.Device, link, false, up));
            SetRate(network.InSwitch, link.PortName, link, true, down);
        }
        catch (LinuxException e) when (e.Errno is Err.ENOENT or Err.ENOTSUP)
        {
            Emulate(link.Network);
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
