using System.Net;
using System.Net.Sockets;

namespace NsFixture.Networking;

/// <summary>A link, as far as NATs and firewalls need to know it.</summary>
internal sealed record FilterInterface(int Index, string Network, IPNetwork? Prefix4, IPNetwork? Prefix6);

/// <summary>
/// Resolves the names in NATs and firewalls, or says what is wrong with them: when a topology is planned, and when one is set at
/// run time.
/// </summary>
/// <param name="addressesOf">A host's addresses, by its name; null where there is none.</param>
/// <param name="prefixesOf">A network's prefixes, by its name; null where there is none.</param>
/// <param name="problems">Gets a sentence for all that is wrong.</param>
internal sealed class FilterPlanner(Func<string, IReadOnlyList<IPAddress>?> addressesOf, Func<string, IReadOnlyList<IPNetwork>?> prefixesOf, List<string> problems)
{
    /// <summary>For a network that runs.</summary>
    public FilterPlanner(NetworkPlan plan, List<string> problems)
        : this(
            name => plan.Find(name) is { } host ? [.. host.Interfaces.SelectMany(i => i.Addresses).Select(a => a.Address)] : null,
            name => plan.Networks.FirstOrDefault(n => Is(n.Name, name)) is { } network ? [.. ((IPNetwork?[])[network.Subnet, network.Subnet6]).OfType<IPNetwork>()] : null,
            problems)
    {
    }

    /// <summary>A router's NAT; null where it cannot be.</summary>
    public PlannedNat? Plan(string title, IReadOnlyList<FilterInterface> interfaces, OutsideDeclaration<Nat> declared)
    {
        Nat nat = declared.Value;
        string where = $"{title}, NAT";
        int before = problems.Count;
        problems.AddRange(nat.Problems(where));
        FilterInterface? outside = Outside(where, interfaces, declared.Network!);
        if (outside != null && nat.HasNat64)
            CheckNat64(where, interfaces, outside);
        PlannedForward[] forwards = [.. nat.Forwards.SelectMany(f => Resolve(where, f))];
        (IPNetwork? inside6, IPNetwork? outside6) = outside != null && nat.IPv6 == NatIPv6.PrefixTranslation ? Prefixes(where, interfaces, outside, nat.Prefix6!) : (null, null);
        return problems.Count > before || outside == null ? null : new PlannedNat(outside.Index, nat, forwards, inside6, outside6);
    }

    /// <summary>A host's or router's firewall; null where it cannot be.</summary>
    public PlannedFirewall? Plan(string title, IReadOnlyList<FilterInterface> interfaces, OutsideDeclaration<Firewall> declared)
    {
        Firewall firewall = declared.Value;
        string where = $"{title}, firewall";
        int before = problems.Count;
        problems.AddRange(firewall.Problems(where));
        FilterInterface? outside = declared.Network == null ? null : Outside(where, interfaces, declared.Network);
        PlannedFirewallRule[] rules = [.. firewall.Rules.Select(r => new PlannedFirewallRule(Resolve(where, r, r.From), Resolve(where, r, r.To)))];
        return problems.Count > before || (declared.Network != null && outside == null) ? null : new PlannedFirewall(outside?.Index ?? -1, firewall, rules);
    }

    private FilterInterface? Outside(string where, IReadOnlyList<FilterInterface> interfaces, string network)
    {
        FilterInterface? outside = interfaces.FirstOrDefault(i => Is(i.Network, network));
        if (outside == null)
            problems.Add($"{where}: the outside network \"{network}\" is none of its own: {string.Join(", ", interfaces.Select(i => i.Network).Distinct().DefaultIfEmpty("none"))}.");
        else if (interfaces.All(i => Is(i.Network, network)))
            problems.Add($"{where}: there is nothing inside: \"{network}\" is its only network. Put it on another one as well.");
        else
            return outside;
        return null;
    }

    private IEnumerable<PlannedForward> Resolve(string where, PortForward forward)
    {
        IReadOnlyList<IPAddress>? targets = NetworkAddress.TryParse(forward.To, out IPAddress? address) ? [address] : addressesOf(forward.To);
        if (targets == null)
            problems.Add($"{where}: the port forward {forward} leads nowhere: no host has the name \"{forward.To}\", and it is no address.");
        return (targets ?? []).GroupBy(a => a.AddressFamily).Select(g => new PlannedForward(forward.Protocol, forward.Port, g.First(), forward.ToPort));
    }

    private IPNetwork[] Resolve(string where, FirewallRule rule, string? name)
    {
        if (name == null)
            return [];
        if (NetworkAddress.ParsePrefix(name) is { } prefix)
            return [prefix];
        if (NetworkAddress.TryParse(name, out IPAddress? address))
            return [Single(address)];
        if ((addressesOf(name)?.Select(Single) ?? prefixesOf(name)) is { } known)
            return [.. known];
        problems.Add($"{where}: the rule \"{rule}\" is about nobody: \"{name}\" is neither a host nor a network, an address or a prefix such as \"10.0.0.0/24\".");
        return [];
    }

    private (IPNetwork? Inside, IPNetwork? Outside) Prefixes(string where, IReadOnlyList<FilterInterface> interfaces, FilterInterface outside, string text)
    {
        IPNetwork[] inside = [.. interfaces.Where(i => i.Network != outside.Network).Select(i => i.Prefix6).OfType<IPNetwork>().Distinct()];
        if (NetworkAddress.Prefix(text, AddressFamily.InterNetworkV6, nameof(Nat.Prefix6), out string? problem) is not { } prefix)
            problems.Add($"{where}: {problem}");
        else if (inside.Length != 1)
            problems.Add($"{where}: Prefix6 = \"{text}\" stands for the one inside network with IPv6, but there are {inside.Length}.");
        else if (inside[0].PrefixLength != prefix.PrefixLength)
            problems.Add($"{where}: Prefix6 = \"{text}\" must be as long as the prefix that it stands for, {inside[0]}.");
        else if (interfaces.FirstOrDefault(i => i.Prefix6 is { } own && (own.Contains(prefix.BaseAddress) || prefix.Contains(own.BaseAddress))) is { } taken)
            problems.Add($"{where}: Prefix6 = \"{text}\" overlaps with {taken.Prefix6} of network \"{taken.Network}\": take one that nobody has.");
        else
            return (inside[0], prefix);
        return (null, null);
    }

    private void CheckNat64(string where, IReadOnlyList<FilterInterface> interfaces, FilterInterface outside)
    {
        if (outside.Prefix4 == null)
            problems.Add($"{where}: NAT64 leads to IPv4, which the outside network \"{outside.Network}\" does not have.");
        if (interfaces.FirstOrDefault(i => i.Prefix4 is { } own && (own.Contains(Nat64Translator.Pool.BaseAddress) || Nat64Translator.Pool.Contains(own.BaseAddress))) is { } taken)
            problems.Add($"{where}: NAT64 uses {Nat64Translator.Pool} itself, which overlaps with {taken.Prefix4} of network \"{taken.Network}\": give that another prefix.");
    }

    private static IPNetwork Single(IPAddress address) => new(address, NetworkAddress.Bits(address.AddressFamily));

    private static bool Is(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
