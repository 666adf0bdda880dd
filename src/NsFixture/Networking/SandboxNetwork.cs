using System.Net;
using System.Net.Sockets;
using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>
/// The network of a sandbox, as init builds and holds it. The namespace that init was born in is the switch, where bridges are;
/// every host gets a namespace of its own, with a veth for each link, its other end in the switch. Without a route out a
/// connection to an address off the network fails at once with ENETUNREACH.
/// <para>
/// A network with one interface gets no bridge, and neither does one whose switch is the emulator, or a few rules. The test's host is built last, which leaves init, and the test with it, in
/// that namespace.
/// </para>
/// </summary>
internal sealed partial class SandboxNetwork : IDisposable
{
    // Given, not left to the kernel: some kernels put tunnel devices into every new namespace and the numbers would vary.
    private const int FirstDeviceIndex = 100;

    private static readonly TimeSpan AddressLimit = TimeSpan.FromSeconds(30);

    private NetworkPlan plan;
    private readonly RouteSocket inSwitch = new();

    // No process need live in the switch or on a host, and with the last reference the kernel destroys a namespace and its veths.
    private readonly int switchNamespace = OpenCurrent();
    private int[] hostNamespaces;
    private bool isOpenToTheUnprivileged;

    private SandboxNetwork(NetworkPlan plan)
    {
        this.plan = plan;
        hostNamespaces = new int[plan.Hosts.Count];
        ChooseSwitches();
    }

    /// <summary>The plan that is in force now.</summary>
    public NetworkPlan Plan => plan;

    /// <summary>Where bridges and the hosts' ports are.</summary>
    public RouteSocket InSwitch => inSwitch;

    /// <inheritdoc cref="InSwitch"/>
    public int SwitchNamespace => switchNamespace;

    /// <summary>Whether the kernel has IPv6.</summary>
    public bool HasIPv6 { get; private set; }

    /// <summary>
    /// Builds the network and leaves the calling thread in the namespace of the test's host. Bridges come up last: one that is up carries
    /// what each new host multicasts of itself (its group memberships, RFC 3810) to all that are there, which is half of the work for 500 hosts.
    /// </summary>
    public static SandboxNetwork Build(NetworkPlan plan)
    {
        var network = new SandboxNetwork(plan) { HasIPv6 = FileSystem.Exists("/proc/thread-self/net/if_inet6") };
        network.CreateBridges();
        for (int i = plan.Hosts.Count - 1; i >= 0; i--)
            network.BuildHost(plan.Hosts[i]);
        network.BeginSwitching();
        if (network.HasIPv6)
            foreach (PlannedHost host in plan.Hosts)
                network.In(host.Index, () => WaitForAddresses(host));
        return network;
    }

    /// <summary>A network that another process has built; the calling thread is in its switch, and is left on the test's host.</summary>
    public static SandboxNetwork Of(NetworkPlan plan, int[] hostNamespaces)
    {
        var network = new SandboxNetwork(plan) { HasIPv6 = FileSystem.Exists("/proc/thread-self/net/if_inet6"), hostNamespaces = hostNamespaces };
        foreach (PlannedHost host in plan.Hosts)
            if (host.Nat is { } nat)
                network.nats.Add(host.Index, nat);
        Enter(hostNamespaces[plan.Test.Index]);
        return network;
    }

    /// <summary>Has routers forward, through their NATs and firewalls. Needs the sandbox's own /proc.</summary>
    /// <param name="root">Where its root tree is now.</param>
    public void EnableForwarding(string root)
    {
        AddFilters(root);
        foreach (PlannedHost host in plan.Hosts)
            if (host.IsRouter)
                EnableForwarding(host, root);
    }

    /// <summary>Gives ports below 1024, and pings, to processes without capabilities. Needs the sandbox's own /proc.</summary>
    /// <param name="root">Where its root tree is now.</param>
    public void OpenToTheUnprivileged(string root)
    {
        isOpenToTheUnprivileged = true;
        foreach (PlannedHost host in plan.Hosts)
            OpenToTheUnprivileged(host, root);
    }

    /// <summary>A socket on a host, wherever it is used.</summary>
    public int OpenSocket(int host, int domain, int type, int protocol) => In(host, () =>
        LinuxException.Check(Libc.Socket(domain, type | SocketConstants.SOCK_CLOEXEC, protocol), "socket", $"on host {plan.Hosts[host].Name}"));

    /// <summary>A socket on a host, from any thread of this process, wherever that is; -1: there is none to be had so.</summary>
    public int OpenSocketFromAnywhere(int host, int domain, int type, int protocol)
    {
        int here = OpenCurrent();
        if (Libc.SetNs(hostNamespaces[host], (int)Sched.CLONE_NEWNET) != 0)
        {
            Descriptors.Close(here);
            return -1;
        }
        try
        {
            return Libc.Socket(domain, type | SocketConstants.SOCK_CLOEXEC, protocol);
        }
        finally
        {
            Enter(here);
            Descriptors.Close(here);
        }
    }

    /// <summary>The hosts' network namespaces, by index; they stay this object's.</summary>
    public int[] HostNamespaces => hostNamespaces;

    /// <summary>The network namespace of a host, or by -1 of the switch; stays this object's.</summary>
    public int NamespaceOf(int host) => host < 0 ? switchNamespace : hostNamespaces[host];

    /// <summary>Whether a namespace, as /proc shows it, is that of a host.</summary>
    /// <param name="target">Such as <c>net:[4026531840]</c>.</param>
    /// <param name="except">A host that does not count.</param>
    public bool IsOfHost(string target, int except)
    {
        for (int host = 0; host < hostNamespaces.Length; host++)
            if (host != except && FileSystem.LinkTargetIfThere($"/proc/self/fd/{hostNamespaces[host]}") == target)
                return true;
        return false;
    }

    /// <summary>Does something with the links of a host.</summary>
    public T OnHost<T>(int host, Func<RouteSocket, T> function) => In(host, () =>
    {
        using var socket = new RouteSocket();
        return function(socket);
    });

    /// <summary>Plugs a link in or out at the switch: the host's own end loses its carrier, and nothing else.</summary>
    public void SetLink(int host, int link, bool up)
    {
        BridgeAll(); // which forgets who was behind a port that goes down
        inSwitch.SetState(plan.Hosts[host].Interface(link).PortName, up);
    }

    /// <summary>Closes what keeps the network alive.</summary>
    public void Dispose()
    {
        inSwitch.Dispose();
        Descriptors.Close(switchNamespace);
        foreach (int fd in hostNamespaces)
            Descriptors.Close(fd);
    }

    /// <summary>
    /// An IPv6 address is there at once, but the kernel adds its local route later, from a work queue (addrconf.c, also without
    /// duplicate address detection). Who connects to it before that is sent looking for a neighbour that does not exist.
    /// </summary>
    private static void WaitForAddresses(PlannedHost host)
    {
        long limit = Environment.TickCount64 + (long)AddressLimit.TotalMilliseconds;
        foreach (PlannedInterface link in host.Interfaces)
            foreach (NetworkAddress address in link.Addresses)
                while (address.Address.AddressFamily == AddressFamily.InterNetworkV6 && !HasRoute(address.Address))
                {
                    if (Environment.TickCount64 > limit)
                        throw new SandboxException($"host \"{host.Name}\" did not get its address {address.Address} within {AddressLimit.TotalSeconds} s: the machine is overloaded");
                    Poller.Wait([], 1); // the work queue waits for the lock on all networks, which may take a while
                }

        static bool HasRoute(IPAddress address)
        {
            string route = Convert.ToHexStringLower(address.GetAddressBytes()) + " 80 "; // prefix length 128, in hexadecimal
            return FileSystem.ReadText("/proc/thread-self/net/ipv6_route").Contains(route, StringComparison.Ordinal);
        }
    }

    private static int OpenCurrent() => FileSystem.OpenDescriptor("/proc/thread-self/ns/net", Fcntl.O_RDONLY);

    private void BuildHost(PlannedHost host)
    {
        if (Libc.Unshare((int)Sched.CLONE_NEWNET) != 0)
            throw LinuxException.Last("unshare", $"net, for host {host.Name}");
        hostNamespaces[host.Index] = OpenCurrent();
        if (HasIPv6 && plan.Hosts.Count > 1)
            TrustAddresses();
        using var onHost = new RouteSocket();
        onHost.SetUp("lo");
        foreach (PlannedInterface link in host.Interfaces)
            AddLink(onHost, link);
        foreach (PlannedRoute route in host.Routes)
            if (Supports(route.Gateway.AddressFamily))
                onHost.AddRoute(route.Destination, route.Gateway, FirstDeviceIndex + route.Interface);
    }

    /// <summary>
    /// Has link-local addresses count at once (accept_dad, ip-sysctl.rst). A router looks for its neighbours by its own, and for the one or
    /// two seconds that the kernel makes sure of it, would pass nothing on.
    /// </summary>
    private static void TrustAddresses()
    {
        try
        {
            FileSystem.WriteFile("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
        }
        catch (LinuxException)
        {
            // A container engine's read-only /proc/sys: those seconds it is.
        }
    }

    private void AddLink(RouteSocket onHost, PlannedInterface link)
    {
        int index = FirstDeviceIndex + link.Index;
        onHost.CreateVeth(index, link.Device, link.HardwareAddress, link.Mtu, link.PortName, link.PortHardwareAddress, switchNamespace, link.PortIndex);
        PlugIn(link);
        onHost.SetUp(link.Device);
        foreach (NetworkAddress address in link.Addresses)
            if (Supports(address.Address.AddressFamily))
                onHost.AddAddress(index, address.Address, address.PrefixLength);
    }

    private bool Supports(AddressFamily family) => HasIPv6 || family == AddressFamily.InterNetwork;

    private void OpenToTheUnprivileged(PlannedHost host, string root) => In(host.Index, () =>
    {
        FileSystem.WriteFile(root + "/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
        FileSystem.WriteFile(root + "/proc/sys/net/ipv4/ping_group_range", "0 0"); // the group inside
    });

    private void EnableForwarding(PlannedHost router, string root) => In(router.Index, () =>
    {
        string net = root + "/proc/sys/net/";
        FileSystem.WriteFile(net + "ipv4/ip_forward", "1");
        if (HasIPv6)
            FileSystem.WriteFile(net + "ipv6/conf/all/forwarding", "1");
    });

    private void In(int host, Action action) => In(host, () =>
    {
        action();
        return true;
    });

    private T In<T>(int host, Func<T> function)
    {
        if (host == plan.Test.Index)
            return function(); // the thread is there
        Enter(hostNamespaces[host]);
        try
        {
            return function();
        }
        finally
        {
            Enter(hostNamespaces[plan.Test.Index]);
        }
    }

    private static void Enter(int networkNamespace)
    {
        if (Libc.SetNs(networkNamespace, (int)Sched.CLONE_NEWNET) != 0)
            throw LinuxException.Last("setns", "net");
    }
}
