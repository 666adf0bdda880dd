using System.Net;
using NsFixture.Linux;
using NsFixture.Netlink;
using NsFixture.Networking;

namespace NsFixture;

/// <summary>
/// The interfaces, addresses and routes of a network namespace, to be made and changed as ip(8) does, by rtnetlink(7): of this process, of one that runs, of a container. It takes CAP_NET_ADMIN over the
/// namespace, which root has, and everybody in a sandbox. What is made stays when this is disposed of: it goes with the namespace.
/// </summary>
/// <example>
/// <code>
/// using NetworkControl here = NetworkControl.Current(), there = NetworkControl.OfProcess(pid);
/// here.AddVeth("left", "right", there);
/// here.AddAddress("left", "10.9.0.1/24");
/// there.AddAddress("right", "10.9.0.2/24");
/// here.SetUp("left");
/// there.SetUp("right");
/// </code>
/// </example>
public sealed class NetworkControl : IDisposable
{
    private readonly RouteSocket routes; // stays where it was opened
    private readonly LinuxNamespace network;

    private NetworkControl(LinuxNamespace network, RouteSocket routes) => (this.network, this.routes) = (network, routes);

    /// <summary>That of the calling thread.</summary>
    public static NetworkControl Current() => new(LinuxNamespace.Current(NamespaceTypes.Network), new RouteSocket());

    /// <summary>That of a process.</summary>
    /// <param name="processId">Its id, as this process's /proc has it.</param>
    /// <exception cref="NamespaceException">There is no such process, or its network may not be entered.</exception>
    public static NetworkControl OfProcess(int processId)
    {
        using LinuxNamespace network = LinuxNamespace.OfProcess(processId, NamespaceTypes.Network);
        return Of(network);
    }

    /// <summary>That of a namespace, which stays the caller's.</summary>
    /// <param name="network">A network namespace.</param>
    /// <exception cref="NamespaceException">It may not be entered.</exception>
    public static NetworkControl Of(LinuxNamespace network)
    {
        ArgumentNullException.ThrowIfNull(network);
        Require(network);
        LinuxNamespace kept = LinuxNamespace.FromHandle(network.Handle);
        try
        {
            using LinuxNamespace here = LinuxNamespace.Current(NamespaceTypes.Network);
            return new NetworkControl(kept, here.Equals(kept) ? new RouteSocket() : kept.Run(() => new RouteSocket()));
        }
        catch
        {
            kept.Dispose();
            throw;
        }
    }

    /// <summary>The names of its interfaces: <c>lo</c>, <c>eth0</c>…</summary>
    public IReadOnlyList<string> Interfaces => Do("list its interfaces", routes.GetLinkNames);

    /// <summary>Its addresses, but for those of the loopback interface.</summary>
    public IReadOnlyList<IPAddress> Addresses => Do("list its addresses", routes.GetAddresses);

    /// <summary>Makes a pair of interfaces, of which the one receives what the other sends (<c>ip link add NAME type veth peer name PEER</c>). Both are down.</summary>
    /// <param name="name">The one in this namespace.</param>
    /// <param name="peerName">The other.</param>
    /// <param name="peer">Where the other is to be; null: here as well.</param>
    /// <exception cref="NamespaceException">A name is taken, or the caller may not, here or there; nothing was made.</exception>
    public void AddVeth(string name, string peerName, NetworkControl? peer = null) =>
        Do($"make \"{Named(name)}\" with its peer \"{Named(peerName)}\"{(peer == null ? "" : $" in {peer}")}", () => routes.CreateVeth(name, peerName, (peer ?? this).network.Descriptor));

    /// <summary>Makes a bridge, a switch of interfaces (<c>ip link add NAME type bridge</c>). It is down.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="NamespaceException">The name is taken, or the caller may not.</exception>
    public void AddBridge(string name) => Do($"make the bridge \"{Named(name)}\"", () => routes.CreateBridge(name));

    /// <summary>Plugs an interface into a bridge (<c>ip link set NAME master BRIDGE</c>).</summary>
    /// <param name="name">The interface.</param>
    /// <param name="bridge">The bridge.</param>
    /// <exception cref="NamespaceException">There is no such interface or bridge, or the caller may not.</exception>
    public void Plug(string name, string bridge) => Do($"plug \"{name}\" into \"{bridge}\"", () => routes.Attach(name, routes.GetLink(bridge).Index));

    /// <summary>Takes an interface out of its bridge (<c>ip link set NAME nomaster</c>).</summary>
    /// <param name="name">The interface.</param>
    /// <exception cref="NamespaceException">There is no such interface, or the caller may not.</exception>
    public void Unplug(string name) => Do($"take \"{name}\" out of its bridge", () => routes.Attach(name, 0));

    /// <summary>
    /// Moves an interface into the network of a process that runs (<c>ip link set NAME netns PID</c>). There it is down and has none of its addresses.
    /// </summary>
    /// <param name="name">The interface.</param>
    /// <param name="processId">The process, as this process's /proc numbers it.</param>
    /// <param name="newName">Its name there; null: the same.</param>
    /// <exception cref="NamespaceException">There is no such interface or process, the name is taken there, or the caller may not, here or there. The interface is where it was.</exception>
    public void Move(string name, int processId, string? newName = null)
    {
        using LinuxNamespace there = LinuxNamespace.OfProcess(processId, NamespaceTypes.Network);
        Move(name, there, newName);
    }

    /// <summary>Moves an interface into another network namespace. There it is down and has none of its addresses.</summary>
    /// <param name="name">The interface.</param>
    /// <param name="destination">A network namespace.</param>
    /// <param name="newName">Its name there; null: the same.</param>
    /// <exception cref="NamespaceException">As <see cref="Move(string, int, string)"/>.</exception>
    public void Move(string name, LinuxNamespace destination, string? newName = null)
    {
        ArgumentNullException.ThrowIfNull(destination);
        Require(destination);
        Do($"move \"{name}\" to {destination}{(newName == null ? "" : $" as \"{newName}\"")}", () => routes.MoveLink(name, destination.Descriptor, Named(newName ?? name)));
    }

    /// <summary>Sets an interface up (<c>ip link set NAME up</c>).</summary>
    /// <param name="name">The interface.</param>
    /// <exception cref="NamespaceException">There is no such interface, or the caller may not.</exception>
    public void SetUp(string name) => Do($"set \"{name}\" up", () => routes.SetState(name, up: true));

    /// <summary>Sets an interface down (<c>ip link set NAME down</c>).</summary>
    /// <param name="name">The interface.</param>
    /// <exception cref="NamespaceException">There is no such interface, or the caller may not.</exception>
    public void SetDown(string name) => Do($"set \"{name}\" down", () => routes.SetState(name, up: false));

    /// <summary>Sets the largest packet of an interface (<c>ip link set NAME mtu BYTES</c>).</summary>
    /// <param name="name">The interface.</param>
    /// <param name="bytes">Its size, without the header of the link.</param>
    /// <exception cref="NamespaceException">There is no such interface, the size is none that it can have, or the caller may not.</exception>
    public void SetMtu(string name, int bytes) => Do($"set the MTU of \"{name}\" to {bytes}", () => routes.SetMtu(name, bytes));

    /// <summary>Takes an interface away, and with one end of a pair the other (<c>ip link delete NAME</c>).</summary>
    /// <param name="name">The interface.</param>
    /// <exception cref="NamespaceException">There is no such interface, it is one that stays, such as <c>lo</c>, or the caller may not.</exception>
    public void Remove(string name) => Do($"take \"{name}\" away", () =>
    {
        _ = routes.GetLink(name);
        routes.DeleteLink(name);
    });

    /// <summary>Gives an interface one more address (<c>ip address add 10.9.0.1/24 dev NAME</c>). One of IPv6 can be used at once: nobody is asked whether it has it already.</summary>
    /// <param name="name">The interface.</param>
    /// <param name="address">With the length of its network's prefix.</param>
    /// <exception cref="NamespaceException">There is no such interface, it has the address, or the caller may not.</exception>
    public void AddAddress(string name, string address)
    {
        NetworkAddress parsed = Parse(address);
        Do($"give \"{name}\" the address {address}", () => routes.AddAddress(routes.GetLink(name).Index, parsed.Address, parsed.PrefixLength));
    }

    /// <summary>Takes an address away (<c>ip address delete</c>); one that is not there is no error.</summary>
    /// <param name="name">The interface.</param>
    /// <param name="address">With the length of its network's prefix.</param>
    /// <exception cref="NamespaceException">There is no such interface, or the caller may not.</exception>
    public void RemoveAddress(string name, string address)
    {
        NetworkAddress parsed = Parse(address);
        Do($"take the address {address} from \"{name}\"", () => routes.DeleteAddress(routes.GetLink(name).Index, parsed.Address, parsed.PrefixLength));
    }

    /// <summary>Adds a route (<c>ip route add DESTINATION via GATEWAY</c>), by the interface whose network the gateway is on.</summary>
    /// <param name="destination">A prefix in CIDR notation, or <c>default</c>.</param>
    /// <param name="via">The gateway's address.</param>
    /// <exception cref="NamespaceException">There is such a route already, no interface that is up is on the gateway's network, or the caller may not.</exception>
    public void AddRoute(string destination, string via)
    {
        var (prefix, gateway) = Parse(destination, via);
        Do($"add a route to {destination} via {via}", () => routes.AddRoute(prefix, gateway, linkIndex: 0));
    }

    /// <summary>Removes a route (<c>ip route delete DESTINATION via GATEWAY</c>); one that is not there is no error.</summary>
    /// <param name="destination">A prefix in CIDR notation, or <c>default</c>.</param>
    /// <param name="via">The gateway's address.</param>
    /// <exception cref="NamespaceException">The caller may not.</exception>
    public void RemoveRoute(string destination, string via)
    {
        var (prefix, gateway) = Parse(destination, via);
        Do($"remove the route to {destination} via {via}", () => routes.DeleteRoute(prefix, gateway, linkIndex: 0));
    }

    /// <summary><c>net:[4026531840]</c>, as the kernel writes it.</summary>
    public override string ToString() => network.ToString();

    /// <summary>Lets go of the namespace. What was made in it stays.</summary>
    public void Dispose()
    {
        routes.Dispose();
        network.Dispose();
    }

    private static void Require(LinuxNamespace network)
    {
        if (network.Type != NamespaceTypes.Network)
            throw new ArgumentException($"{network} is no network namespace, and others have no interfaces: open that of {nameof(NamespaceTypes)}.{nameof(NamespaceTypes.Network)}.", nameof(network));
    }

    // What the kernel takes for a name (dev_valid_name in net/core/dev.c), so that the mistake is named.
    private static string Named(string name) =>
        name is { Length: > 0 and <= TopologyPlanner.MaxDeviceName } and not ("." or "..") && name.All(c => c is > ' ' and < '\x7f' and not ('/' or ':')) ? name
            : throw new ArgumentException($"\"{name}\" is no name for an interface: give 1 to {TopologyPlanner.MaxDeviceName} characters of ASCII, without spaces, colons and slashes.", nameof(name));

    private static NetworkAddress Parse(string text)
    {
        string[] parts = (text ?? "").Split('/');
        return parts.Length == 2 && NetworkAddress.TryParse(parts[0], out IPAddress? address) && int.TryParse(parts[1], System.Globalization.NumberStyles.None, null, out int length) && length <= NetworkAddress.Bits(address.AddressFamily)
            ? new NetworkAddress(address, length)
            : throw new ArgumentException($"\"{text}\" is no address with the length of its prefix: write 10.9.0.1/24 or fd00::1/64.", nameof(text));
    }

    private static (IPNetwork Destination, IPAddress Gateway) Parse(string destination, string via)
    {
        if (!NetworkAddress.TryParse(via, out IPAddress? gateway))
            throw new ArgumentException($"\"{via}\" is no gateway's address: write 10.9.0.254 or fd00::1.", nameof(via));
        IPNetwork? prefix = destination == NodeDeclaration.DefaultDestination ? new IPNetwork(gateway.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0) : NetworkAddress.ParsePrefix(destination);
        return prefix is { } network && network.BaseAddress.AddressFamily == gateway.AddressFamily ? (network, gateway)
            : throw new ArgumentException($"\"{destination}\" is no destination via {via}: write default, or a prefix of the same family with its host bits zero, such as 10.8.0.0/16.", nameof(destination));
    }

    private void Do(string what, Action action) => Do(what, () =>
    {
        action();
        return true;
    });

    private T Do<T>(string what, Func<T> action)
    {
        ObjectDisposedException.ThrowIf(network.Handle.IsClosed, this);
        try
        {
            return action();
        }
        catch (LinuxException e)
        {
            throw new NamespaceException($"{network}: cannot {what}: {Explain(e)}. ({e.Message})", e);
        }
    }

    private string Explain(LinuxException failure) => failure.Errno switch
    {
        Err.EPERM => "that takes CAP_NET_ADMIN over the user namespaces that own the networks it concerns: run as root, or in a sandbox, where everybody has it over its networks",
        Err.EEXIST => "that is there already: remove it first, or choose another",
        Err.ENODEV => $"there is no such interface; there is {string.Join(", ", routes.GetLinkNames())}",
        Err.ENOTSUP => "this kernel has no interfaces of that kind, or this one does not allow it: load the module (modprobe veth, modprobe bridge), or choose another interface",
        Err.ENETUNREACH or Err.EHOSTUNREACH or Err.ENETDOWN => "no interface that is up is on the gateway's network: give one an address there, and set it up, first",
        Err.EBUSY => "it is in use: take it out of its bridge first",
        _ => "the kernel does not take it",
    };
}
