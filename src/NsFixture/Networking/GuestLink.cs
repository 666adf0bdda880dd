using System.Net;
using System.Net.Sockets;
using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>Whose network namespace is given an interface on a network: what messages call it.</summary>
/// <param name="Title">What it is, as a sentence begins with it.</param>
/// <param name="Remedy">What to do where it may not be entered.</param>
internal sealed record Guest(string Title, string Remedy)
{
    /// <summary>What a message calls it in the middle of a sentence.</summary>
    public string Words => char.ToLowerInvariant(Title[0]) + Title[1..];

    public static Guest Container(InspectedContainer container) => new($"Container \"{container.Name}\"", Libc.GetEUid() == 0
        ? "its engine belongs to another user namespace, or this process has no CAP_SYS_ADMIN. Run the tests as the root that the engine belongs to."
        : "it belongs to the engine. Run these tests as root, with Docker or a rootful podman; a rootless engine's containers cannot be attached.");

    public static Guest Process(string title) => new(title,
        "that takes CAP_SYS_ADMIN over the user namespace that owns it, and over this process's own. Run as root; or in an isolated test, which may do that with what it has made itself.");
}

/// <summary>
/// A guest's end of a link: a container's, a process's, another network's host's. Init cannot make it: the guest's network belongs to another user namespace, a container's to that of its engine, and a sandbox's root
/// has no say there. So this process does, on a thread that goes there, where it is allowed to: as the root that the engine belongs to. The
/// other end is put into the switch, over which that root has power as well, its user namespace being a descendant.
/// </summary>
internal static class GuestLink
{
    /// <summary>A container's network namespace; the caller's to close.</summary>
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
                : NotAllowed(Guest.Container(container), e), e);
        }
    }

    /// <summary>The name for a link more: the first of eth0, eth1… that the guest has not.</summary>
    public static string FreeDevice(Guest guest, int network) => On(guest, network, () =>
    {
        string[] taken = [.. FileSystem.ReadText("/proc/thread-self/net/dev").Split('\n').Select(line => line.Split(':')[0].Trim())];
        return Enumerable.Range(0, int.MaxValue).Select(i => $"eth{i}").First(name => !taken.Contains(name));
    });

    /// <summary>Makes the link, its other end in the switch, with the addresses and routes of the plan. Where that fails, nothing is left.</summary>
    public static void Create(Guest guest, int network, int switchNetwork, NetworkPlan plan, PlannedHost host) => On(guest, network, () =>
    {
        PlannedInterface link = host.Interfaces[0];
        using var routes = new RouteSocket();
        routes.CreateVeth(0, link.Device, link.HardwareAddress, link.Mtu, link.PortName, link.PortHardwareAddress, switchNetwork);
        try
        {
            // Docker switches IPv6 off where its own networks have none.
            string off = $"/proc/sys/net/ipv6/conf/{link.Device}/disable_ipv6";
            if (FileSystem.ReadTextIfThere(off).Trim() == "1")
                FileSystem.WriteFile(off, "0");
            routes.SetUp(link.Device);
            int index = Libc.IfNameToIndex(link.Device);
            foreach (NetworkAddress address in link.Addresses.Where(a => a.Address.AddressFamily == AddressFamily.InterNetwork || FileSystem.Exists(off)))
                routes.AddAddress(index, address.Address, address.PrefixLength);
            // A guest's default route is its engine's, or its network's: it gets a way to each network of this one instead.
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

    /// <summary>Takes the link away from the guest's end.</summary>
    public static void Delete(Guest guest, int network, string device) => On(guest, network, () =>
    {
        using var routes = new RouteSocket();
        routes.DeleteLink(device);
        return true;
    });

    private static IEnumerable<IPNetwork> Others(NetworkPlan plan, PlannedInterface link, AddressFamily family) =>
        plan.Networks.Where(n => n.Index != link.Network).Select(n => family == AddressFamily.InterNetwork ? n.Subnet : n.Subnet6).OfType<IPNetwork>();

    private static T On<T>(Guest guest, int network, Func<T> action)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (Libc.SetNs(network, (int)Sched.CLONE_NEWNET) != 0)
                    throw new SandboxException(NotAllowed(guest, LinuxException.Last("setns", "net")));
                result = action();
            }
            catch (Exception e)
            {
                failure = e;
            }
        }) { IsBackground = true, Name = "in " + guest.Words };
        thread.Start();
        thread.Join();
        return failure switch
        {
            null => result,
            LinuxException e => throw new SandboxException($"{guest.Title} could not be given an interface: {e.Message}.", e),
            _ => throw failure,
        };
    }

    private static string NotAllowed(Guest guest, LinuxException failure) => $"The network of {guest.Words} may not be entered ({failure.Message}): {guest.Remedy}";
}
