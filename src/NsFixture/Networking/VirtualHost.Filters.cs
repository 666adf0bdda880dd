using NsFixture.Networking;

namespace NsFixture;

public sealed partial class VirtualHost
{
    /// <summary>Gives this router another NAT, at once. It forgets all mappings, and connections through it end.</summary>
    /// <param name="nat">What it is to do; <see cref="Nat.Public"/>: nothing.</param>
    /// <param name="outside">The name of the network that is outside; null: as declared.</param>
    /// <exception cref="InvalidOperationException">It is no router, or declared without NAT and <paramref name="outside"/> is not given.</exception>
    /// <exception cref="InvalidTopologyException">The NAT cannot be; all that is wrong is named. Nothing has changed.</exception>
    /// <exception cref="SandboxException">The kernel refused it; nothing has changed.</exception>
    public void SetNat(Nat nat, string? outside = null)
    {
        ArgumentNullException.ThrowIfNull(nat);
        var declared = new OutsideDeclaration<Nat>(outside ?? DeclaredOutside("NAT", nameof(SetNat)), nat);
        init.SetNat(host.Index, Planned(planner => planner.Plan(Title, FilterInterfaces, declared)));
    }

    /// <summary>
    /// Has this router's NAT forget all mappings, as if it had been switched off and on: connections through it end, and inside
    /// endpoints get other outside ports than they had.
    /// </summary>
    /// <exception cref="SandboxException">The kernel refused it.</exception>
    public void RebindNat() => init.RebindNat(host.Index);

    /// <summary>Gives this host another firewall, at once, also for connections that are there already.</summary>
    /// <param name="firewall">The rules; <see cref="Firewall.Open"/>: all passes.</param>
    /// <param name="outside">Of a router, the name of the network that is outside; null: as declared.</param>
    /// <exception cref="InvalidOperationException">It is a router, declared with neither NAT nor firewall, and <paramref name="outside"/> is not given.</exception>
    /// <exception cref="InvalidTopologyException">The firewall cannot be; all that is wrong is named. Nothing has changed.</exception>
    /// <exception cref="SandboxException">The kernel refused it; nothing has changed.</exception>
    public void SetFirewall(Firewall firewall, string? outside = null)
    {
        ArgumentNullException.ThrowIfNull(firewall);
        var declared = new OutsideDeclaration<Firewall>(host.IsRouter ? outside ?? DeclaredOutside("firewall", nameof(SetFirewall)) : null, firewall);
        init.SetFirewall(host.Index, Planned(planner => planner.Plan(Title, FilterInterfaces, declared)));
    }

    private string Title => $"{(host.IsRouter ? "Router" : "Host")} \"{Name}\"";

    private FilterInterface[] FilterInterfaces => [.. host.Interfaces.Select(i => new FilterInterface(i.Index, plan.Networks[i.Network].Name, plan.Networks[i.Network].Subnet, plan.Networks[i.Network].Subnet6))];

    private T? Planned<T>(Func<FilterPlanner, T?> planned)
    {
        var problems = new List<string>();
        T? result = planned(new FilterPlanner(plan, problems));
        return problems.Count == 0 ? result : throw new InvalidTopologyException(problems);
    }

    private string DeclaredOutside(string what, string method)
    {
        if (!host.IsRouter)
            throw new InvalidOperationException($"Host \"{Name}\" does not forward, so it has no {what} with an outside: declare it by WithRouter.");
        int link = (what == "NAT" ? host.Nat?.Outside ?? host.Firewall?.Outside : host.Firewall?.Outside ?? host.Nat?.Outside)
            ?? throw new InvalidOperationException($"Router \"{Name}\" was declared with neither NAT nor firewall, so it is unknown which of its networks is outside: give {method} the name of one.");
        return plan.Networks[host.Interface(link).Network].Name;
    }
}
