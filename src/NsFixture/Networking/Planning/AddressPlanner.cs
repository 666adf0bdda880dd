using System.Net;
using System.Net.Sockets;

namespace NsFixture.Networking;

/// <summary>
/// Gives networks their prefixes and links their addresses. All that is given goes first, so that nothing derived is in its
/// way, wherever it is declared.
/// </summary>
internal sealed class AddressPlanner(IReadOnlyList<NetworkDraft> networks, IReadOnlyList<NodeDraft> nodes, List<string> problems)
{
    public static readonly AddressFamily[] Families = [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];

    private const int DerivedPrefixes = 1 << 16;

    public void Plan()
    {
        foreach (NetworkDraft network in networks)
            TakeGivenPrefixes(network);
        DerivePrefixes();
        foreach (LinkDraft link in nodes.SelectMany(n => n.Links))
            foreach (string address in link.Declaration.Addresses)
                TakeGivenAddress(link, address);
        foreach (NetworkDraft network in networks)
            if (network.Links.Find(l => l.Node.IsRouter) is { } first)
                GiveFirstAddress(first);
        foreach (NetworkDraft network in networks)
            DeriveAddresses(network);
    }

    private void TakeGivenPrefixes(NetworkDraft network)
    {
        NetworkDeclaration declared = network.Declaration;
        if (!declared.HasIPv4 && !declared.HasIPv6)
            problems.Add($"{network.Title} has neither IPv4 nor IPv6: leave out one of WithoutIPv4 and WithoutIPv6.");
        if (declared is { HasIPv4: true, Subnet: { } subnet })
            network.Pool4 = Given(network, subnet, AddressFamily.InterNetwork, nameof(declared.Subnet));
        if (declared is { HasIPv6: true, Subnet6: { } subnet6 })
            network.Pool6 = Given(network, subnet6, AddressFamily.InterNetworkV6, nameof(declared.Subnet6));
    }

    private AddressPool? Given(NetworkDraft network, string text, AddressFamily family, string setting)
    {
        if (NetworkAddress.Prefix(text, family, setting, out string? problem) is not { } prefix)
        {
            problems.Add($"{network.Title}: {problem}");
            return null;
        }
        if (networks.FirstOrDefault(n => n.Pool(family) is { } other && Overlap(other.Prefix, prefix)) is { } taken)
            problems.Add($"{network.Title}: {setting} = \"{text}\" overlaps with {taken.Pool(family)!.Prefix} of network \"{taken.Name}\": give each network a prefix of its own.");
        return new AddressPool(prefix);
    }

    /// <summary>
    /// Networks have the prefixes of their places, whatever the others are given. Where those meet a given one, the next number
    /// is taken that is no other network's place.
    /// </summary>
    private void DerivePrefixes()
    {
        IPNetwork[] given4 = [.. networks.Select(n => n.Pool4?.Prefix).OfType<IPNetwork>()], given6 = [.. networks.Select(n => n.Pool6?.Prefix).OfType<IPNetwork>()];
        int next = networks.Count;
        foreach (NetworkDraft network in networks)
        {
            bool needs4 = network.Declaration is { HasIPv4: true, Subnet: null }, needs6 = network.Declaration is { HasIPv6: true, Subnet6: null };
            bool IsFree(int number) => !(needs4 && given4.Any(g => Overlap(g, Derived4(number)))) && !(needs6 && given6.Any(g => Overlap(g, Derived6(number))));
            int number = network.Index;
            while (number < DerivedPrefixes && !IsFree(number))
                number = next++;
            if (number >= DerivedPrefixes)
            {
                problems.Add($"{network.Title}: no prefix is left for it of 10.0.0.0/8 in steps of /24 and fd00::/48 in steps of /64: set {(needs4 ? "Subnet" : "Subnet6")}.");
                continue;
            }
            if (needs4)
                network.Pool4 = new AddressPool(Derived4(number));
            if (needs6)
                network.Pool6 = new AddressPool(Derived6(number));
        }
    }

    private void TakeGivenAddress(LinkDraft link, string text)
    {
        string setting = $"{link.Title}: Address = \"{text}\"";
        NetworkDraft network = link.Network;
        if (!NetworkAddress.TryParse(text, out IPAddress? address))
            problems.Add($"{setting} is not an IPv4 or IPv6 address without a prefix length, such as \"{Example(network)}\".");
        else if (!network.Has(address.AddressFamily))
            problems.Add($"{setting} cannot be: network \"{network.Name}\" has no {NetworkAddress.Kind(address.AddressFamily)}.");
        else if (network.Pool(address.AddressFamily) is not { } pool)
            return; // the network's prefix is wrong, and named already
        else if (!NetworkAddress.IsHost(pool.Prefix, address))
            problems.Add($"{setting} is not on network \"{network.Name}\": {pool.Prefix} has the host addresses {NetworkAddress.HostRange(pool.Prefix)}.");
        else if (pool.OwnerOf(address) is { } owner)
            problems.Add($"{setting} is that of {owner.Title} already: give each its own.");
        else
            pool.Take(address, link);
    }

    private static void GiveFirstAddress(LinkDraft router)
    {
        foreach (AddressFamily family in Families)
            if (NeedsAddress(router, family) && router.Network.Pool(family)!.IsFree(1))
                router.Network.Pool(family)!.Take(1, router);
    }

    /// <summary>A host has the same number in both families, as long as both have it free: 10.0.0.7 and fd00::7.</summary>
    private void DeriveAddresses(NetworkDraft network)
    {
        var without = new Dictionary<AddressFamily, int>();
        foreach (LinkDraft link in network.Links)
        {
            AddressFamily[] needed = [.. Families.Where(f => NeedsAddress(link, f))];
            if (needed.Length == 0)
                continue;
            int offset = needed.Max(f => network.Pool(f)!.Next);
            while (needed.All(f => offset <= network.Pool(f)!.Size) && !needed.All(f => network.Pool(f)!.IsFree(offset)))
                offset++;
            bool same = needed.All(f => network.Pool(f)!.IsFree(offset));
            foreach (AddressFamily family in needed)
            {
                AddressPool pool = network.Pool(family)!;
                int own = same ? offset : pool.Next;
                if (own <= pool.Size)
                    pool.Take(own, link);
                else
                    without[family] = without.GetValueOrDefault(family) + 1;
            }
        }
        foreach (var (family, count) in without)
        {
            IPNetwork prefix = network.Pool(family)!.Prefix;
            int bits = NetworkAddress.Bits(family), enough = bits;
            while (NetworkAddress.HostCount(new IPNetwork(Zero(family), enough)) <= network.Links.Count)
                enough--;
            problems.Add($"{network.Title}: {(family == AddressFamily.InterNetwork ? "Subnet" : "Subnet6")} = \"{prefix}\" is exhausted: {count} of its {network.Links.Count} " +
                         $"interfaces have no address. Use a prefix of at most {enough} bits.");
        }
    }

    // A link with a given address that was refused needs none besides: its problem is named.
    private static bool NeedsAddress(LinkDraft link, AddressFamily family) =>
        link.Network.Pool(family) != null && link.Address(family) == null && link.Declaration.HasDerivedAddresses &&
        !link.Declaration.Addresses.Any(a => NetworkAddress.TryParse(a, out IPAddress? address) && address.AddressFamily == family);

    private static string Example(NetworkDraft network) => network.Pool4 is { } four ? $"{NetworkAddress.Add(four.Prefix.BaseAddress, 2)}" : "10.0.0.2";

    private static IPAddress Zero(AddressFamily family) => family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;

    /// <summary>Whether two prefixes have addresses in common.</summary>
    public static bool Overlap(IPNetwork a, IPNetwork b) => a.Contains(b.BaseAddress) || b.Contains(a.BaseAddress);

    private static IPNetwork Derived4(int number) => new(new IPAddress([10, (byte)(number >> 8), (byte)number, 0]), 24);

    private static IPNetwork Derived6(int number) => new(new IPAddress([0xfd, 0, 0, 0, 0, 0, (byte)(number >> 8), (byte)number, 0, 0, 0, 0, 0, 0, 0, 0]), 64);
}
