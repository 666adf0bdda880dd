using NsFixture.Networking;

namespace NsFixture;

public sealed partial class VirtualNetwork
{
    private readonly Dictionary<(int From, int To), LinkConditions> regionConditions = [];

    /// <summary>All links, host by host.</summary>
    public IReadOnlyList<VirtualLink> Links => [.. Hosts.SelectMany(h => h.Links)];

    /// <summary>Sets the conditions of all links to a network from now on, each way; <see cref="VirtualLink.SetConditions(LinkConditions)"/> says more.</summary>
    /// <param name="network">The network's name, in any case.</param>
    /// <param name="eachWay">What happens to packets in either direction of each link: from one host to another a delay counts twice.</param>
    /// <exception cref="ArgumentException">There is no network of that name.</exception>
    /// <exception cref="InvalidTopologyException">The conditions are out of range; nothing was changed.</exception>
    public void SetConditions(string network, LinkConditions eachWay) => SetConditions(network, eachWay, eachWay);

    /// <inheritdoc cref="SetConditions(string, LinkConditions)"/>
    /// <param name="network">The network's name, in any case.</param>
    /// <param name="up">What happens to packets from a host to the network; null: what did before.</param>
    /// <param name="down">What happens to packets from the network to a host; null: what did before.</param>
    public void SetConditions(string network, LinkConditions? up = null, LinkConditions? down = null)
    {
        PlannedNetwork segment = plan.Networks.FirstOrDefault(n => n.Name.Equals(network, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"There is no network \"{network}\" here; there is {string.Join(", ", plan.Networks.Select(n => n.Name))}.", nameof(network));
        foreach (VirtualLink link in Links.Where(l => l.Network == segment.Name))
            link.SetConditions(up, down);
    }

    /// <summary>Sets how long packets take between two regions from now on, each way, besides what their links take.</summary>
    /// <param name="region">A region of the topology.</param>
    /// <param name="other">Another, or the same: then it is the delay among its hosts.</param>
    /// <param name="oneWay">The delay one way, 0 to 60 s.</param>
    /// <exception cref="ArgumentException">There is no region of that name.</exception>
    /// <exception cref="InvalidTopologyException">The delay is out of range; nothing was changed.</exception>
    public void SetRegionDelay(string region, string other, TimeSpan oneWay)
    {
        SetRegionConditions(region, other, LinkConditions.Perfect.WithDelay(oneWay));
        if (!region.Equals(other, StringComparison.OrdinalIgnoreCase))
            SetRegionConditions(other, region, LinkConditions.Perfect.WithDelay(oneWay));
    }

    /// <summary>Sets what happens to packets from one region to another from now on, in that direction, besides what happens on their links.</summary>
    /// <param name="from">The sender's region.</param>
    /// <param name="to">The receiver's region; the same one: what happens among its hosts.</param>
    /// <param name="conditions">The conditions. A rate is shared by all that goes from the one region to the other.</param>
    /// <exception cref="ArgumentException">There is no region of that name.</exception>
    /// <exception cref="InvalidTopologyException">The conditions are out of range; nothing was changed.</exception>
    public void SetRegionConditions(string from, string to, LinkConditions conditions)
    {
        int sender = Region(from).Index, receiver = Region(to).Index;
        LinkConditions.Require($"Region \"{from}\" to \"{to}\"", conditions, conditions);
        init.SetRegionConditions(sender, receiver, conditions.OrNull());
        regionConditions[(sender, receiver)] = conditions;
    }

    private PlannedRegion Region(string name) => plan.Regions.FirstOrDefault(r => r.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no region \"{name}\" in this network; there is {string.Join(", ", plan.Regions.Select(r => r.Name).DefaultIfEmpty("none"))}.", nameof(name));

    /// <summary>The plan with the conditions of now.</summary>
    private NetworkPlan Current() => plan with
    {
        Hosts = [.. plan.Hosts.Select(h => h with { Interfaces = [.. Hosts[h.Index].Links.Select(l => l.Current())] })],
        RegionConditions = [.. plan.RegionConditions.Where(r => !regionConditions.ContainsKey((r.From, r.To))),
            .. regionConditions.Where(r => r.Value != LinkConditions.Perfect).Select(r => new RegionConditions(r.Key.From, r.Key.To, r.Value))],
    };
}
