using System.Text;

namespace NsFixture.Networking;

/// <summary>A plan as tables of text.</summary>
internal static class PlanText
{
    public static string Describe(NetworkPlan plan)
    {
        var text = new StringBuilder();
        Table(text, ["NETWORK", "SUBNET", "SUBNET6", "MTU", "HOSTS"], plan.Networks.Select(n => (string[])
            [n.Name, $"{n.Subnet}", $"{n.Subnet6}", $"{n.Mtu}", string.Join(", ", plan.Hosts.Where(h => h.Interfaces.Any(i => i.Network == n.Index)).Select(h => h.Name))]));
        Table(text, ["HOST", "INTERFACE", "NETWORK", "ADDRESSES", "MTU", "CONDITIONS"], plan.Hosts.SelectMany(h => h.Interfaces.Select(i => (string[])
            [i.Index == 0 ? Title(plan, h) : "", i.Device, plan.Networks[i.Network].Name, string.Join(", ", i.Addresses), $"{i.Mtu}", Conditions(i)])));
        Table(text, ["NAME", "HOST"], plan.Hosts.SelectMany(h => h.DnsNames.Select(n => (string[])[n, h.Name])));
        Table(text, ["RECORD", "TYPE", "VALUE"], plan.Dns?.Records.Select(r => (string[])[r.Name, r.Type.ToString().ToUpperInvariant(), DnsRecordText.Value(r)]) ?? []);
        Table(text, ["RECORD", "GOES WRONG"], plan.Dns?.Behaviours.Select(b => (string[])[b.Name, $"{(b.Failure is { } f ? f : $"{b.Delay.TotalMilliseconds} ms late")}{(b.Times > 0 ? $", {b.Times} times" : "")}"]) ?? []);
        Table(text, ["ROUTES OF", "DESTINATION", "GATEWAY", "INTERFACE"], plan.Hosts.SelectMany(h => h.Routes.Select((r, i) => (string[])
            [i == 0 ? h.Name : "", Destination(r), $"{r.Gateway}", h.Interface(r.Interface).Device])));
        Table(text, ["NAT OF", "OUTSIDE", "NAT"], plan.Hosts.Where(h => h.Nat != null).Select(h => (string[])[h.Name, Outside(plan, h, h.Nat!.Outside), h.Nat.Settings.ToString()]));
        Table(text, ["WAY OUT", "THE MACHINE IS"], plan.Hosts.Where(h => h.Egress != null).Select(h => (string[])[h.Name, h.Egress!.Machine?.ToString() ?? ""]));
        Table(text, ["FIREWALL OF", "OUTSIDE", "RULES"], plan.Hosts.Where(h => h.Firewall != null).Select(h => (string[])[h.Name, Outside(plan, h, h.Firewall!.Outside), h.Firewall.Settings.ToString()]));
        Table(text, ["REGION", "HOSTS"], plan.Regions.Select(r => (string[])[r.Name, Hosts(plan, r)]));
        Table(text, ["FROM REGION", "TO REGION", "CONDITIONS"], plan.RegionConditions.Select(r => (string[])
            [plan.Regions[r.From].Name, plan.Regions[r.To].Name, r.Conditions.ToString()]));
        return text.ToString();
    }

    /// <summary>The link's conditions in both directions; empty where it is perfect.</summary>
    public static string Conditions(PlannedInterface link) =>
        link.Up == link.Down ? link.Up?.ToString() ?? ""
        : string.Join("; ", ((string[])[link.Up == null ? "" : $"up {link.Up}", link.Down == null ? "" : $"down {link.Down}"]).Where(s => s.Length > 0));

    /// <summary>A host's way out, NAT and firewall, as notes of it.</summary>
    public static IEnumerable<string> Filters(NetworkPlan plan, PlannedHost host)
    {
        if (host.Egress is { } egress)
            yield return $"leads to the machine's network{(egress.Machine == null ? "" : $", and to the machine itself by {egress.Machine}")}";
        if (host.Nat is { } nat)
            yield return $"NAT to {Outside(plan, host, nat.Outside)}: {nat.Settings}";
        if (host.Firewall is { } firewall)
            yield return $"firewall{(firewall.Outside < 0 ? "" : $" to {Outside(plan, host, firewall.Outside)}")}: {firewall.Settings}";
    }

    private static string Outside(NetworkPlan plan, PlannedHost host, int link) => link < 0 ? "" : plan.Networks[host.Interface(link).Network].Name;

    /// <summary>The names of a region's hosts.</summary>
    public static string Hosts(NetworkPlan plan, PlannedRegion region) => string.Join(", ", region.Hosts.Select(i => plan.Hosts[i].Name));

    /// <summary>A host's name and what is special about it.</summary>
    private static string Title(NetworkPlan plan, PlannedHost host)
    {
        string special = string.Join(", ", ((string[])[host == plan.Test ? "runs the test" : "", host.IsRouter ? "router" : ""]).Where(s => s.Length > 0));
        return special.Length == 0 ? host.Name : $"{host.Name} ({special})";
    }

    private static string Destination(PlannedRoute route) =>
        route.Destination.PrefixLength == 0 ? $"default ({NetworkAddress.Kind(route.Gateway.AddressFamily)})" : route.Destination.ToString();

    private static void Table(StringBuilder text, string[] header, IEnumerable<string[]> body)
    {
        string[][] rows = [header, .. body];
        if (rows.Length == 1)
            return;
        if (text.Length > 0)
            text.Append('\n');
        int[] widths = [.. header.Select((_, column) => rows.Max(r => r[column].Length))];
        foreach (string[] row in rows)
            text.AppendJoin("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd().Append('\n');
    }

    private static StringBuilder TrimEnd(this StringBuilder text)
    {
        while (text.Length > 0 && text[^1] == ' ')
            text.Length--;
        return text;
    }
}
