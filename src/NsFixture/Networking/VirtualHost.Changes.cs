using System.Net;
using System.Net.Sockets;
using NsFixture.Networking;

namespace NsFixture;

// Each change is checked by the rules of a Topology as a whole before anything is done. Those of one network happen one after another.
public sealed partial class VirtualHost
{
    /// <summary>Adds an interface to the running host.</summary>
    /// <param name="network">The network that it is on.</param>
    /// <param name="configure">Its address, name, MTU and conditions, where the derived ones will not do.</param>
    /// <returns>The interface's name; by default the first of <c>eth0</c>, <c>eth1</c>… that is free.</returns>
    /// <exception cref="InvalidTopologyException">That cannot be; all that is wrong is named, and nothing has changed.</exception>
    /// <exception cref="SandboxException">The host is switched off; or the kernel refused it, and nothing has changed.</exception>
    public string AddInterface(string network, Func<InterfaceDeclaration, InterfaceDeclaration>? configure = null)
    {
        var added = new InterfaceDeclaration(network);
        added = configure?.Invoke(added) ?? added;
        added = added with { Name = added.Name ?? Enumerable.Range(0, int.MaxValue).Select(i => $"eth{i}").First(name => !Interfaces.Contains(name)) };
        Change(node => node with { Interfaces = [.. node.Interfaces, added] });
        return added.Name;
    }

    /// <summary>Removes an interface, with its addresses and the routes through it.</summary>
    /// <param name="device">The interface's name.</param>
    /// <exception cref="ArgumentException">There is no such interface.</exception>
    /// <exception cref="InvalidOperationException">It is the host's only one.</exception>
    /// <exception cref="InvalidTopologyException">Others need it: a static route leads through it. Nothing has changed.</exception>
    /// <exception cref="SandboxException">The host is switched off.</exception>
    public void RemoveInterface(string device)
    {
        RequireInterface(device);
        if (host.Interfaces.Count == 1)
            throw new InvalidOperationException($"Host \"{Name}\": {device} is its only interface, and it needs one. Disconnect() it, move the interface to another network, or remove the host.");
        Change(node => node with { Interfaces = [.. node.Interfaces.Where(i => i.Name != device)] });
    }

    /// <summary>Gives an interface other addresses, in place of all that it has. Connections from or to those it loses hear of nothing any more.</summary>
    /// <param name="device">The interface's name.</param>
    /// <param name="addresses">Addresses of its network, without prefix lengths, the ones to connect from first; none: it has none.</param>
    /// <exception cref="ArgumentException">There is no such interface.</exception>
    /// <inheritdoc cref="AddInterface"/>
    public void SetAddresses(string device, params string[] addresses) => Change(device, i => i with { Addresses = [.. addresses], HasDerivedAddresses = false });

    /// <summary>Gives an interface one more address.</summary>
    /// <param name="device">The interface's name.</param>
    /// <param name="address">An address of its network, without a prefix length.</param>
    /// <exception cref="ArgumentException">There is no such interface.</exception>
    /// <inheritdoc cref="AddInterface"/>
    public void AddAddress(string device, string address) => Change(device, i => i.WithAddress(address));

    /// <summary>Takes an address from the host, the last one of a family included.</summary>
    /// <param name="address">The address.</param>
    /// <exception cref="ArgumentException">The host does not have it.</exception>
    /// <inheritdoc cref="AddInterface"/>
    public void RemoveAddress(string address)
    {
        string device = IPAddress.TryParse(address, out IPAddress? parsed) && host.Interfaces.FirstOrDefault(i => i.Addresses.Any(a => a.Address.Equals(parsed))) is { } link ? link.Device
            : throw new ArgumentException($"Host \"{Name}\" does not have the address \"{address}\"; it has {string.Join(", ", Addresses)}.", nameof(address));
        Change(device, i => i with { Addresses = [.. i.Addresses.Where(a => a != parsed!.ToString())] });
    }

    /// <summary>Plugs an interface into another network. Its name and its hardware address stay; its addresses are the other network's.</summary>
    /// <param name="device">The interface's name.</param>
    /// <param name="network">The network's name.</param>
    /// <param name="addresses">Addresses of the network. Each family that has none gets one of the network's free ones.</param>
    /// <exception cref="ArgumentException">There is no such interface.</exception>
    /// <inheritdoc cref="AddInterface"/>
    public void Move(string device, string network, params string[] addresses) =>
        Change(device, i => new InterfaceDeclaration(network) { Name = i.Name, Mtu = i.Mtu, Up = i.Up, Down = i.Down, Addresses = [.. addresses] });

    /// <summary>Switches the default routes to another gateway, of IPv4 and IPv6 both where it is given by name.</summary>
    /// <param name="via">A router on a network that this host is on as well: its name, or its address there.</param>
    /// <inheritdoc cref="AddInterface"/>
    public void SetDefaultRoute(string via) => Change(node => node with
    {
        Routes = [.. node.Routes.Where(r => !IsDefault(r.Destination, of: IPAddress.TryParse(via, out IPAddress? gateway) ? gateway.AddressFamily : null)), new RouteDeclaration(NodeDeclaration.DefaultDestination, via)],
    });

    /// <summary>Adds a route. It takes the place of a derived one to the same destination.</summary>
    /// <param name="destination">A prefix in CIDR notation: <c>10.9.0.0/16</c>, <c>::/0</c>.</param>
    /// <param name="via">A router on a network that this host is on as well: its name, or its address there.</param>
    /// <inheritdoc cref="AddInterface"/>
    public void AddRoute(string destination, string via) => Change(node => node with { Routes = [.. node.Routes, new RouteDeclaration(destination, via)] });

    /// <summary>Removes a route. After that of a derived one, the host derives none any more: it keeps those that it has.</summary>
    /// <param name="destination">A prefix in CIDR notation; <c>default</c>: the default routes of both families.</param>
    /// <exception cref="ArgumentException">The host has no such route.</exception>
    /// <inheritdoc cref="AddInterface"/>
    public void RemoveRoute(string destination) => Change(node =>
    {
        PlannedRoute[] removed = [.. host.Routes.Where(r => destination == NodeDeclaration.DefaultDestination ? r.Destination.PrefixLength == 0 : r.Destination.ToString() == destination)];
        if (removed.Length == 0)
            throw new ArgumentException($"Host \"{Name}\" has no route to \"{destination}\"; it has those to {string.Join(", ", host.Routes.Select(r => r.Destination.ToString()).DefaultIfEmpty("its own networks alone"))}.", nameof(destination));
        bool keeps = removed.All(r => r.Via != null);
        return node with
        {
            HasDerivedRoutes = node.HasDerivedRoutes && keeps,
            Routes = [.. host.Routes.Except(removed).Where(r => r.Via != null || !keeps).Select(r => new RouteDeclaration(r.Destination.ToString(), r.Via ?? r.Gateway.ToString()))],
        };
    });

    internal void Remove()
    {
        RequireThere();
        if (ReferenceEquals(network.TestHost, this))
            throw new SandboxException($"RemoveHost: host \"{Name}\" is the one that the test itself and the sandbox run on.");
        network.Change(this, declared => declared with { Nodes = [.. declared.Nodes.Where(n => n.Name != Name)] });
        State = HostState.Removed;
        sockets.End();
    }

    internal void Update(NetworkPlan next)
    {
        (plan, host) = (next, next.Hosts[host.Index]);
        if (links is { } before)
            links = [.. host.Interfaces.Select(i => Array.Find(before, l => l.Index == i.Index)?.Update(next.Networks[i.Network].Name, i) ?? new VirtualLink(this, next.Networks[i.Network].Name, i, init))];
    }

    private void Change(string device, Func<InterfaceDeclaration, InterfaceDeclaration> edit)
    {
        RequireInterface(device);
        Change(node => node with { Interfaces = [.. node.Interfaces.Select(i => i.Name == device ? edit(i) : i)] });
    }

    private void Change(Func<NodeDeclaration, NodeDeclaration> edit)
    {
        RequireThere();
        network.Change(this, declared => declared with { Nodes = [.. declared.Nodes.Select(n => n.Name == Name ? edit(n) : n)] });
    }

    // Another host may have its name by now.
    private void RequireThere()
    {
        if (State == HostState.Removed)
            throw new SandboxException($"Host \"{Name}\" has been removed from the network.");
    }

    private void RequireInterface(string device)
    {
        RequireThere();
        if (!Interfaces.Contains(device))
            throw new ArgumentException($"Host \"{Name}\" has no interface \"{device}\"; it has {string.Join(", ", Interfaces)}.", nameof(device));
    }

    private static bool IsDefault(string destination, AddressFamily? of) =>
        NetworkAddress.ParsePrefix(destination) is { PrefixLength: 0 } prefix && (of == null || prefix.BaseAddress.AddressFamily == of);
}
