using System.Text;

namespace NsFixture.Networking;

/// <summary>A plan as a Mermaid flowchart: networks stadium-shaped, routers hexagonal, hosts in boxes, regions around theirs.</summary>
internal static class PlanMermaid
{
    public static string Draw(NetworkPlan plan)
    {
        var text = new StringBuilder("graph LR\n");
        foreach (PlannedNetwork network in plan.Networks)
            text.Append($"    n{network.Index}([\"{Lines([network.Name, network.Subnet?.ToString(), network.Subnet6?.ToString()])}\"]):::network\n");
        foreach (PlannedRegion region in plan.Regions)
        {
            text.Append($"    subgraph g{region.Index}[\"{region.Name}\"]\n");
            foreach (int host in region.Hosts)
                text.Append("    ").Append(Node(plan, plan.Hosts[host]));
            text.Append("    end\n");
        }
        foreach (PlannedHost host in plan.Hosts)
            if (!plan.Regions.Any(r => r.Hosts.Contains(host.Index)))
                text.Append(Node(plan, host));
        foreach (PlannedInterface link in plan.Hosts.SelectMany(h => h.Interfaces))
        {
            string label = Lines([$"{link.Device} {string.Join(", ", link.Addresses.Select(a => a.Address))}", PlanText.Conditions(link)]);
            text.Append($"    h{link.Host} ---|\"{label}\"| n{link.Network}\n");
        }
        foreach (RegionConditions pair in plan.RegionConditions)
            if (pair.From != pair.To && !IsSecond(plan, pair))
                text.Append($"    g{pair.From} {(HasBack(plan, pair) ? "<-.->" : "-.->")}|\"{pair.Conditions}\"| g{pair.To}\n");
        text.Append("    classDef network fill:#dbe9f6,stroke:#2f6fab,color:#12314d\n");
        text.Append("    classDef router fill:#fde8cf,stroke:#c2701c,color:#4d2b08\n");
        text.Append("    classDef test stroke-width:3px\n");
        return text.ToString();
    }

    private static string Node(NetworkPlan plan, PlannedHost host)
    {
        string label = Lines([host.Name, .. host.DnsNames, .. PlanText.Filters(plan, host)]), style = (host.IsRouter ? ":::router" : "") + (host == plan.Test ? ":::test" : "");
        return host.IsRouter ? $"    h{host.Index}{{{{\"{label}\"}}}}{style}\n" : $"    h{host.Index}[\"{label}\"]{style}\n";
    }

    // Two ways that are alike are one arrow with two heads.
    private static bool HasBack(NetworkPlan plan, RegionConditions pair) => plan.RegionConditions.Contains(new RegionConditions(pair.To, pair.From, pair.Conditions));

    private static bool IsSecond(NetworkPlan plan, RegionConditions pair) =>
        HasBack(plan, pair) && plan.RegionConditions.TakeWhile(p => p != pair).Contains(new RegionConditions(pair.To, pair.From, pair.Conditions));

    private static string Lines(IEnumerable<string?> lines) => string.Join("<br/>", lines.Where(l => !string.IsNullOrEmpty(l)));
}
