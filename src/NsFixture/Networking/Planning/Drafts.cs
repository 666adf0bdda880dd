using System.Net;
using System.Net.Sockets;

namespace NsFixture.Networking;

/// <summary>A network while a plan is made.</summary>
internal sealed class NetworkDraft(int index, NetworkDeclaration declaration)
{
    public int Index => index;

    public NetworkDeclaration Declaration => declaration;

    public string Name => declaration.Name;

    public string Title => $"Network \"{declaration.Name}\"";

    /// <summary>The addresses of each family; null without the family, or where its prefix is wrong.</summary>
    public AddressPool? Pool4 { get; set; }

    public AddressPool? Pool6 { get; set; }

    /// <summary>The links to it, in the order of their nodes.</summary>
    public List<LinkDraft> Links { get; } = [];

    public AddressPool? Pool(AddressFamily family) => family == AddressFamily.InterNetwork ? Pool4 : Pool6;

    public bool Has(AddressFamily family) => family == AddressFamily.InterNetwork ? declaration.HasIPv4 : declaration.HasIPv6;
}

/// <summary>A host or router while a plan is made.</summary>
internal sealed class NodeDraft(int index, NodeDeclaration declaration)
{
    public int Index => index;

    public NodeDeclaration Declaration => declaration;

    public string Title => declaration.Title;

    public bool IsRouter => declaration.IsRouter;

    public List<LinkDraft> Links { get; } = [];

    public List<PlannedRoute> Routes { get; } = [];

    public PlannedNat? Nat { get; set; }

    public PlannedFirewall? Firewall { get; set; }

    public PlannedEgress? Egress { get; set; }

    /// <summary>The destinations of the routes that were declared.</summary>
    public HashSet<IPNetwork> GivenDestinations { get; } = [];

    /// <summary>Whether nothing was wrong with its links: what they lack, they were not to have.</summary>
    public bool IsWhole => Links.Count > 0 && Links.Count >= declaration.Interfaces.Count && Links.TrueForAll(l => l.IsWhole);

    /// <summary>The first of its links to a network, where both have the family.</summary>
    public LinkDraft? LinkTo(NetworkDraft network, AddressFamily family) => Links.Find(l => l.Network == network && l.Address(family) != null);
}

/// <summary>A link while a plan is made.</summary>
internal sealed class LinkDraft(NodeDraft node, int index, InterfaceDeclaration declaration, NetworkDraft network)
{
    public NodeDraft Node => node;

    public int Index => index;

    public InterfaceDeclaration Declaration => declaration;

    public NetworkDraft Network => network;

    public string Device => declaration.Name ?? $"eth{index}";

    public string Title => $"{node.Title}, {Device}";

    public int Mtu => declaration.Mtu ?? network.Declaration.Mtu;

    public List<NetworkAddress> Addresses { get; } = [];

    /// <summary>Whether it has what it was to have.</summary>
    public bool IsWhole => AddressPlanner.Families.All(f => Address(f) != null == network.Has(f) || IsToBeWithout(f));

    /// <summary>Its first address of a family.</summary>
    public IPAddress? Address(AddressFamily family) => Addresses.Find(a => a.Address.AddressFamily == family)?.Address;

    private bool IsToBeWithout(AddressFamily family) => !declaration.HasDerivedAddresses && Address(family) == null &&
        !declaration.Addresses.Any(a => NetworkAddress.TryParse(a, out IPAddress? address) && address.AddressFamily == family);
}

/// <summary>The host addresses of a prefix, by their distance from its base.</summary>
internal sealed class AddressPool(IPNetwork prefix)
{
    private readonly Dictionary<IPAddress, LinkDraft> owners = [];

    // The first is left to a router.
    private int next = 2;

    public IPNetwork Prefix => prefix;

    public int Size { get; } = NetworkAddress.HostCount(prefix);

    /// <summary>The lowest that may be free, from the second on.</summary>
    public int Next
    {
        get
        {
            while (next <= Size && !IsFree(next))
                next++;
            return next;
        }
    }

    public LinkDraft? OwnerOf(IPAddress address) => owners.GetValueOrDefault(address);

    public bool IsFree(int offset) => offset <= Size && !owners.ContainsKey(NetworkAddress.Add(prefix.BaseAddress, offset));

    public void Take(IPAddress address, LinkDraft owner)
    {
        owners.Add(address, owner);
        owner.Addresses.Add(new NetworkAddress(address, prefix.PrefixLength));
    }

    public void Take(int offset, LinkDraft owner) => Take(NetworkAddress.Add(prefix.BaseAddress, offset), owner);
}
