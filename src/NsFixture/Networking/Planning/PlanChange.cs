namespace NsFixture.Networking;

/// <summary>What is different in a later plan of the same network: networks and hosts as they are to be, old ones by their index, new ones at the end.</summary>
internal sealed record PlanChange(IReadOnlyList<PlannedNetwork> Networks, IReadOnlyList<PlannedHost> Hosts)
{
    public static PlanChange Between(NetworkPlan from, NetworkPlan to) => new(
        [.. to.Networks.Where(n => n != from.Networks[n.Index])],
        [.. to.Hosts.Where(h => h.Index >= from.Hosts.Count || !ReferenceEquals(h, from.Hosts[h.Index]))]);

    /// <summary>The plan with the change in it.</summary>
    public NetworkPlan ApplyTo(NetworkPlan plan)
    {
        List<PlannedNetwork> networks = [.. plan.Networks];
        foreach (PlannedNetwork network in Networks)
            networks[network.Index] = network;
        List<PlannedHost> hosts = [.. plan.Hosts];
        foreach (PlannedHost host in Hosts)
            if (host.Index < hosts.Count)
                hosts[host.Index] = host;
            else
                hosts.Add(host);
        return plan with { Networks = networks, Hosts = hosts };
    }
}
