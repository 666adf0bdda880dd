using System.Net.Sockets;
using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>What changes while the network runs.</summary>
internal sealed partial class SandboxNetwork
{
    /// <summary>The index of the host that the calling process lives on.</summary>
    public int TestHost => plan.Test.Index;

    public bool IsRemoved(int host) => plan.Hosts[host].IsRemoved;

    /// <summary>Throws where a container cannot be attached: what it sends comes in bundles, which the emulator cannot take apart.</summary>
    public void RequireBundles(PlannedHost container)
    {
        if (emulated.Contains(container.Interfaces[0].Network))
            throw new SandboxException($"Container \"{container.Name}\" cannot be attached to network \"{plan.Networks[container.Interfaces[0].Network].Name}\", which has link conditions: give it a network of its own, behind a router.");
    }

    public bool IsContainer(int host) => plan.Hosts[host].IsContainer;

    public string NameOf(int host) => plan.Hosts[host].Name;

    /// <summary>Plugs all links of a host in or out.</summary>
    public void SetLinks(int host, bool up)
    {
        foreach (PlannedInterface link in plan.Hosts[host].Interfaces)
            SetLink(host, link.Index, up);
    }

    /// <summary>Ends all sockets of a host, whoever holds them.</summary>
    public void EndSockets(int host) => In(host, () =>
    {
        _ = SocketDiagnostics.DestroyAll(); // without it they stay, and reach nothing
    });

    /// <summary>Makes a host anew as it is planned, in a network namespace of its own: nothing of the old one is left but what others hold.</summary>
    /// <returns>The plan.</returns>
    public NetworkPlan Rebuild(int host)
    {
        BridgeAll();
        foreach (PlannedInterface link in plan.Hosts[host].Interfaces)
            inSwitch.DeleteLink(link.PortName);
        RemoveTranslator(plan.Hosts[host]);
        RemoveEgress(plan.Hosts[host]);
        int old = hostNamespaces[host];
        Build(plan.Hosts[host]);
        Descriptors.Close(old);
        return plan;
    }

    /// <summary>Brings the network to a later plan. Where the kernel refuses a part of it, all is as it was.</summary>
    /// <param name="change">What is different.</param>
    /// <param name="isOff">Whether a host is switched off: then it is made as planned when it is switched on.</param>
    /// <returns>The plan that is in force now.</returns>
    /// <exception cref="LinuxException">The kernel refused something.</exception>
    public NetworkPlan Change(PlanChange change, Func<int, bool> isOff)
    {
        BridgeAll();
        NetworkPlan before = plan;
        plan = change.ApplyTo(before);
        Array.Resize(ref hostNamespaces, plan.Hosts.Count);
        hostNamespaces.AsSpan(before.Hosts.Count).Fill(-1);
        var begun = new List<PlannedHost>();
        try
        {
            foreach (PlannedNetwork segment in change.Networks.Where(n => n.InterfaceCount > 1 && !bridges.Contains(n.Index) && !emulated.Contains(n.Index)))
                BridgeUp(segment, before);
            foreach (PlannedHost host in change.Hosts.OrderByDescending(h => h.IsRemoved))
            {
                begun.Add(host);
                if (host.Index >= before.Hosts.Count && host.IsContainer)
                    PlugIn(host.Interfaces[0]); // the link itself is made by who may enter the container
                else if (host.Index >= before.Hosts.Count)
                    Build(host);
                else if (host.IsContainer && !host.IsRemoved)
                    continue; // its routes are given to it once, when it is attached
                else if (host.IsRemoved || isOff(host.Index))
                    RemoveLinks(before.Hosts[host.Index].Interfaces.Where(i => !host.Interfaces.Any(n => n.Index == i.Index)));
                else
                    Alter(before.Hosts[host.Index], host);
            }
        }
        catch
        {
            foreach (PlannedHost host in begun)
                Undo(host, before, isOff);
            plan = before;
            Array.Resize(ref hostNamespaces, plan.Hosts.Count);
            throw;
        }
        foreach (PlannedHost host in change.Hosts.Where(h => h.IsRemoved))
        {
            RemoveTranslator(host);
            RemoveEgress(host);
            nats.Remove(host.Index);
            Descriptors.Close(hostNamespaces[host.Index]);
            hostNamespaces[host.Index] = -1;
        }
        return plan;
    }

    private void Undo(PlannedHost host, NetworkPlan before, Func<int, bool> isOff)
    {
        try
        {
            if (host.Index >= before.Hosts.Count)
                RemoveLinks(host.Interfaces);
            else if (host is { IsRemoved: false, IsContainer: false } && !isOff(host.Index))
                Alter(host, before.Hosts[host.Index]);
        }
        catch (Exception e) when (e is LinuxException or SandboxException)
        {
            // What made the change fail may stand in the way back as well; the first failure is the one that is told.
        }
    }

    private void RemoveLinks(IEnumerable<PlannedInterface> links)
    {
        foreach (PlannedInterface link in links)
            inSwitch.DeleteLink(link.PortName);
    }

    /// <summary>
    /// Each step bears that it was done already, or that the kernel has done it: it takes routes away with the address or the link
    /// that they need, and further IPv4 addresses of a prefix with the first.
    /// </summary>
    private void Alter(PlannedHost from, PlannedHost to)
    {
        using RouteSocket onHost = In(to.Index, () => new RouteSocket());
        foreach (PlannedRoute route in from.Routes.Where(old => Supports(old.Gateway.AddressFamily) && !to.Routes.Any(r => r.Destination == old.Destination)))
            onHost.DeleteRoute(route.Destination, route.Gateway, FirstDeviceIndex + route.Interface);
        RemoveLinks(from.Interfaces.Where(old => !to.Interfaces.Any(i => i.Index == old.Index)));
        foreach (PlannedInterface link in to.Interfaces)
            if (from.Interfaces.FirstOrDefault(i => i.Index == link.Index) is not { } old)
                AddLink(onHost, link);
            else if (!ReferenceEquals(old, link))
                Alter(onHost, old, link);
        foreach (PlannedRoute route in to.Routes.Where(r => Supports(r.Gateway.AddressFamily)))
            onHost.SetRoute(route.Destination, route.Gateway, FirstDeviceIndex + route.Interface);
        if (HasIPv6)
            In(to.Index, () => WaitForAddresses(to));
        Announce(to, to.Interfaces.Where(link => !from.Interfaces.Contains(link)));
    }

    /// <summary>
    /// Tells the neighbours whose a link's addresses are, by gratuitous ARP and unsolicited neighbour advertisements: they may remember
    /// another host's card for some seconds more (arp(7), RFC 4861 7.2.6). The kernel does it when a hardware address is set.
    /// </summary>
    private void Announce(PlannedHost host, IEnumerable<PlannedInterface> links) => In(host.Index, () =>
    {
        using var onHost = new RouteSocket();
        foreach (PlannedInterface link in links)
        {
            List<string> switches = [$"/proc/sys/net/ipv4/conf/{link.Device}/arp_notify"];
            if (HasIPv6)
                switches.Add($"/proc/sys/net/ipv6/conf/{link.Device}/ndisc_notify");
            try
            {
                foreach (string path in switches)
                    FileSystem.WriteFile(path, "1");
                onHost.SetHardwareAddress(link.Device, link.HardwareAddress);
                foreach (string path in switches)
                    FileSystem.WriteFile(path, "0");
            }
            catch (LinuxException)
            {
                // In a container /proc/sys may be read-only: the neighbours find out by themselves, some seconds later.
            }
        }
    });

    private void Alter(RouteSocket onHost, PlannedInterface from, PlannedInterface to)
    {
        int index = FirstDeviceIndex + to.Index;
        foreach (AddressFamily family in AddressPlanner.Families.Where(Supports))
        {
            // The first address is the one that a host connects from, so their order counts: what follows a difference goes, and comes anew.
            NetworkAddress[] old = Of(from, family), wanted = Of(to, family);
            int same = 0;
            while (same < old.Length && same < wanted.Length && old[same] == wanted[same])
                same++;
            foreach (NetworkAddress address in old[same..])
                onHost.DeleteAddress(index, address.Address, address.PrefixLength);
        }
        if (from.Mtu != to.Mtu)
        {
            onHost.SetMtu(to.Device, to.Mtu);
            inSwitch.SetMtu(to.PortName, to.Mtu);
        }
        if (from.Network != to.Network)
            inSwitch.Attach(to.PortName, bridges.Contains(to.Network) ? FirstBridgeIndex + to.Network : 0);
        foreach (NetworkAddress address in AddressPlanner.Families.Where(Supports).SelectMany(f => Of(to, f)))
            onHost.SetAddress(index, address.Address, address.PrefixLength);
    }

    private static NetworkAddress[] Of(PlannedInterface link, AddressFamily family) => [.. link.Addresses.Where(a => a.Address.AddressFamily == family)];

    /// <summary>Builds a host and leaves the calling thread where it is; where that fails, nothing is left of it.</summary>
    private void Build(PlannedHost host)
    {
        int old = hostNamespaces[host.Index];
        try
        {
            try
            {
                BuildHost(host);
            }
            finally
            {
                Enter(hostNamespaces[plan.Test.Index]);
            }
            AddFilters(host, root: "");
            if (host.IsRouter)
                EnableForwarding(host, root: "");
            if (isOpenToTheUnprivileged)
                OpenToTheUnprivileged(host, root: "");
            if (HasIPv6)
                In(host.Index, () => WaitForAddresses(host));
            Announce(host, host.Interfaces);
        }
        catch
        {
            if (hostNamespaces[host.Index] != old)
                Descriptors.Close(hostNamespaces[host.Index]);
            hostNamespaces[host.Index] = old;
            throw;
        }
    }
}
