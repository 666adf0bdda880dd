using System.Net;
using System.Net.Sockets;
using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>
/// A container's end of a link. Init cannot make it: the container's network belongs to the user namespace of its engine, and a sandbox's root
/// has no say there. So this process does, on a thread that goes there, where it is allowed to: as the root that the engine belongs to. The
/// other end is put into the switch, over which that root has power as well, its user namespace being a descendant.
/// </summary>
internal static class ContainerLink
{
    /// <summary>The container's network namespace; the caller's to close.</summary>
    /// <exception cref="SandboxException">It cannot be had from here; why.</exception>
    public static int Open(InspectedContainer container)
    {
        string path = $"/proc/{container.ProcessId}/ns/net";
        try
        {
            return FileSystem.OpenDescriptor(path, Fcntl.O_RDONLY);
        }
        catch (LinuxException e)
        {
            throw new SandboxException(e.Errno == Err.ENOENT
                ? $"Container \"{container.Name}\" runs as process {container.ProcessId}, which is not to be seen here: its engine is in a virtual machine, or this process is in a container itself. Run the tests where the engine runs."
                : NotAllowed(container, e), e);
        }
    }

    /// <summary>The name for a link more: the first of eth0, eth1… that the container has not.</summary>
    public static string FreeDevice(InspectedContainer container, int network) => On(container, network, () =>
    {
        string[] taken = [.. FileSystem.ReadText("/proc/thread-self/net/dev").Split('\n').Select(line => line.Split(':')[0].Trim())];
        return Enumerable.Range(0, int.MaxValue).Select(i => $"eth{i}").First(name => !taken.Contains(name));
    });

    /// <summary>Makes the link, its other end in the switch, with the addresses and routes of the plan. Where that fails, nothing is left.</summary>
    public static void Create(InspectedContainer container, int network, int switchNetwork, NetworkPlan plan, PlannedHost host) => On(container, network, () =>
    {
        PlannedInterface link = host.Interfaces[0];
        using var routes = new RouteSocket();
        routes.CreateVeth(0, link.Device, link.HardwareAddress, link.Mtu, link.PortName, link.PortHardwareAddress, switchNetwork);
        try
        {
            // Docker switches IPv6 off where its own networks have none.
            string off = $"/proc/sys/net/ipv6/conf/{link.Device}/disable_ipv6";
            if (FileSystem.Exists(off))
                FileSystem.WriteFile(off, "0");
            routes.SetUp(link.Device);
            int index = Libc.IfNameToIndex(link.Device);
            foreach (NetworkAddress address in link.Addresses.Where(a => a.Address.AddressFamily == AddressFamily.InterNetwork || FileSystem.Exists(off)))
                routes.AddAddress(index, address.Address, address.PrefixLength);
            // The container's default route is its engine's: it gets a way to each network of this one instead.
            foreach (PlannedRoute way in host.Routes.Where(r => r.Gateway.AddressFamily == AddressFamily.InterNetwork || FileSystem.Exists(off)))
                foreach (IPNetwork destination in way.Destination.PrefixLength > 0 ? [way.Destination] : Others(plan, link, way.Gateway.AddressFamily))
                    routes.SetRoute(destination, way.Gateway, index);
        }
        catch
        {
            routes.DeleteLink(link.Device);
            throw;
        }
        return true;
    });

    /// <summary>Takes the link away from the container's end.</summary>
    public static void Delete(InspectedContainer container, int network, string device) => On(container, network, () =>
    {
        using var routes = new RouteSocket();
        routes.DeleteLink(device);
        return true;
    });

    private static IEnumerable<IPNetwork> Others(NetworkPlan plan, PlannedInterface link, AddressFamily family) =>
        plan.Networks.Where(n => n.Index != link.Network).Select(n => family == AddressFamily.InterNetwork ? n.Subnet : n.Subnet6).OfType<IPNetwork>();

    private static T On<T>(InspectedContainer container, int network, Func<T> action)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (Libc.SetNs(network, (int)Sched.CLONE_NEWNET) != 0)
                    throw new SandboxException(NotAllowed(container, LinuxException.Last("setns", "net")));
                result = action();
            }
            catch (Exception e)
            {
                failure = e;
            }
        }) { IsBackground = true, Name = "in container " + container.Name };
        thread.Start();
        thread.Join();
        return failure switch
        {
            null => result,
            LinuxException e => throw new SandboxException($"Container \"{container.Name}\" could not be given an interface: {e.Message}.", e),
            _ => throw failure,
        };
    }

    private static string NotAllowed(InspectedContainer container, LinuxException failure) => Libc.GetEUid() == 0
        ? $"The network of container \"{container.Name}\" may not be entered ({failure.Message}): its engine belongs to another user namespace, or this process has no CAP_SYS_ADMIN. Run the tests as the root that the engine belongs to."
        : $"The network of container \"{container.Name}\" may not be entered by an ordinary user ({failure.Message}): it belongs to the engine. Run these tests as root, with Docker or a rootful podman; a rootless engine's containers cannot be attached.";
}
