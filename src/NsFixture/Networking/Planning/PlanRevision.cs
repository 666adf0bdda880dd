namespace NsFixture.Networking;

/// <summary>
/// Makes the next plan of a running network. There is one set of rules for networks, and it is the planner's: what runs is declared
/// as it stands, every address, name and prefix given, so that nothing that is there moves; the declarations are edited and planned
/// again; and what comes out is told apart from what runs by the names of hosts and interfaces, which keep their numbers.
/// </summary>
internal static class PlanRevision
{
    /// <param name="current">What runs.</param>
    /// <param name="edit">Changes hosts; networks stay as they are.</param>
    /// <returns>The next plan, in which what does not change is the same object.</returns>
    /// <exception cref="InvalidTopologyException">That cannot be; all that is wrong is named.</exception>
    public static NetworkPlan Revise(NetworkPlan current, Func<TopologyDeclarations, TopologyDeclarations> edit)
    {
        NetworkPlan planned = TopologyPlanner.Plan(edit(Declare(current)));
        var running = current.Present.ToDictionary(h => h.Name, StringComparer.OrdinalIgnoreCase);
        var hardware = new HashSet<string>(current.Hosts.SelectMany(h => h.Interfaces).Select(i => Convert.ToHexString(i.HardwareAddress)));
        List<PlannedHost> hosts = [.. current.Hosts];
        foreach (PlannedHost host in planned.Hosts)
        {
            if (running.Remove(host.Name, out PlannedHost? old))
                hosts[old.Index] = Next(old, host, hardware);
            else
                hosts.Add(Next(host with { Index = hosts.Count, Interfaces = [], Routes = [] }, host, hardware));
        }
        foreach (PlannedHost gone in running.Values)
            hosts[gone.Index] = gone with { IsRemoved = true, DnsNames = [], Interfaces = [], Routes = [] };
        return current with
        {
            Networks = [.. current.Networks.Select(n => n.InterfaceCount == planned.Networks[n.Index].InterfaceCount ? n : n with { InterfaceCount = planned.Networks[n.Index].InterfaceCount })],
            Hosts = hosts,
            Regions = [.. current.Regions.Select(r => r with { Hosts = [.. r.Hosts.Where(h => !hosts[h].IsRemoved)] })],
        };
    }

    /// <summary>The same network with its hosts and interfaces numbered anew, without gaps: as if it had been declared so.</summary>
    public static NetworkPlan Compact(NetworkPlan plan)
    {
        if (plan.Hosts.All(h => !h.IsRemoved && h.Interfaces.Select((i, place) => i.Index == place).All(same => same)))
            return plan;
        PlannedHost[] there = [.. plan.Present];
        return plan with
        {
            Hosts = [.. there.Select((h, host) => h with
            {
                Index = host,
                Interfaces = [.. h.Interfaces.Select((i, place) => i with { Host = host, Index = place })],
                Routes = [.. h.Routes.Select(r => r with { Interface = Place(h, r.Interface) })],
                Nat = h.Nat is { } nat ? nat with { Outside = Place(h, nat.Outside) } : null,
                Firewall = h.Firewall is { Outside: >= 0 } firewall ? firewall with { Outside = Place(h, firewall.Outside) } : h.Firewall,
            })],
            Regions = [.. plan.Regions.Select(r => r with { Hosts = [.. r.Hosts.Select(index => Array.FindIndex(there, h => h.Index == index))] })],
        };
    }

    /// <summary>A running network as declarations, with all that was derived given, but for the routes.</summary>
    private static TopologyDeclarations Declare(NetworkPlan plan) => new()
    {
        TestHostName = plan.Test.Name,
        Networks = [.. plan.Networks.Select(n => new NetworkDeclaration(n.Name)
        {
            Subnet = n.Subnet?.ToString(), HasIPv4 = n.Subnet != null, Subnet6 = n.Subnet6?.ToString(), HasIPv6 = n.Subnet6 != null, Mtu = n.Mtu, Up = n.Up, Down = n.Down,
        })],
        Nodes = [.. plan.Present.Select(h => Declare(plan, h))],
    };

    private static NodeDeclaration Declare(NetworkPlan plan, PlannedHost host)
    {
        NodeDeclaration node = host.IsRouter ? new RouterDeclaration(host.Name) : new HostDeclaration(host.Name);
        return node with
        {
            DnsNames = host.DnsNames,
            Interfaces = [.. host.Interfaces.Select(i => Declare(plan.Networks[i.Network], i))],
            Routes = [.. host.Routes.Where(r => r.Via != null).Select(r => new RouteDeclaration(r.Destination.ToString(), r.Via!))],
            HasDerivedRoutes = host.HasDerivedRoutes,
            Egress = host.Egress is { } egress ? new EgressDeclaration(egress.Machine?.ToString()) : null,
            Nat = host.Nat is { } nat ? new OutsideDeclaration<Nat>(Outside(nat.Outside), nat.Settings) : null,
            Firewall = host.Firewall is { } firewall ? new OutsideDeclaration<Firewall>(Outside(firewall.Outside), firewall.Settings) : null,
        };

        string? Outside(int link) => link < 0 ? null : plan.Networks[host.Interface(link).Network].Name;
    }

    private static InterfaceDeclaration Declare(PlannedNetwork network, PlannedInterface link)
    {
        bool isAsOthers = link.Up == network.Up && link.Down == network.Down;
        return new InterfaceDeclaration(network.Name)
        {
            Name = link.Device,
            Addresses = [.. link.Addresses.Select(a => a.Address.ToString())],
            HasDerivedAddresses = false,
            Mtu = link.Mtu == network.Mtu ? null : link.Mtu,
            Up = isAsOthers ? null : link.Up ?? LinkConditions.Perfect,
            Down = isAsOthers ? null : link.Down ?? LinkConditions.Perfect,
        };
    }

    private static PlannedHost Next(PlannedHost old, PlannedHost planned, HashSet<string> hardware)
    {
        List<PlannedInterface> links = [.. planned.Interfaces.Select(i => Next(old, i, hardware))];
        for (int i = 0, free = old.Interfaces.Select(l => l.Index).DefaultIfEmpty(-1).Max() + 1; i < links.Count; i++)
            if (links[i].Index < 0)
                links[i] = links[i] with { Index = free++ };
        List<PlannedRoute> routes = [.. planned.Routes.Select(r => r with { Interface = links[r.Interface].Index })];
        bool isSame = links.SequenceEqual(old.Interfaces) && routes.SequenceEqual(old.Routes) && planned.DnsNames.SequenceEqual(old.DnsNames) && planned.HasDerivedRoutes == old.HasDerivedRoutes;
        return isSame ? old : old with { DnsNames = planned.DnsNames, Interfaces = links, Routes = routes, HasDerivedRoutes = planned.HasDerivedRoutes };
    }

    // A card stays what it is wherever it is plugged in and whatever addresses it has. Index -1: it is new.
    private static PlannedInterface Next(PlannedHost host, PlannedInterface planned, HashSet<string> hardware)
    {
        if (host.Interfaces.FirstOrDefault(i => i.Device == planned.Device) is not { } old)
            return planned with { Host = host.Index, Index = -1, HardwareAddress = Free(planned.HardwareAddress, hardware) };
        bool isSame = old.Network == planned.Network && old.Addresses.SequenceEqual(planned.Addresses) && old.Mtu == planned.Mtu && old.Up == planned.Up && old.Down == planned.Down;
        return isSame ? old : old with { Network = planned.Network, Addresses = planned.Addresses, Mtu = planned.Mtu, Up = planned.Up, Down = planned.Down };
    }

    // The address that the usual one follows from may have been another's, which keeps its card. Odd second bytes are the switch's.
    private static byte[] Free(byte[] wanted, HashSet<string> taken)
    {
        byte[] address = [.. wanted];
        while (!taken.Add(Convert.ToHexString(address)))
            address[1] += 8;
        return address;
    }

    private static int Place(PlannedHost host, int link) => host.Interfaces.TakeWhile(i => i.Index != link).Count();
}
