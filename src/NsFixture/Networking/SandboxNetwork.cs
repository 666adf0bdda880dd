using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>
/// The network of a sandbox. The namespace that init was born in is the switch, in which later hosts and routers are plugged
/// together; the test gets a second one, the host <c>test</c>, whose <c>eth0</c> is a veth with its other end in the switch.
/// There is no bridge while there is one host (destroying one costs 20 ms), no default route, and no way out: a connection to
/// an address off the network fails at once with ENETUNREACH.
/// </summary>
internal static class SandboxNetwork
{
    public const string Device = "eth0";

    // Given, not left to the kernel: some kernels put tunnel devices into every new namespace and the number would vary.
    private const int DeviceIndex = 100;

    /// <summary>Builds the network and leaves the calling thread in the namespace of the host <c>test</c>.</summary>
    /// <param name="address4">The host's address.</param>
    /// <param name="address6">The host's IPv6 address.</param>
    /// <param name="switchNamespace">
    /// To be kept open: no process lives in the switch, and with the last reference to it the kernel destroys the
    /// veth's end there, and <c>eth0</c> with it.
    /// </param>
    /// <returns>Whether the kernel has IPv6.</returns>
    public static bool Build(NetworkAddress address4, NetworkAddress address6, out int switchNamespace)
    {
        switchNamespace = FileSystem.OpenDescriptor("/proc/self/ns/net", Fcntl.O_RDONLY);
        using var inSwitch = new RouteSocket();
        if (Libc.Unshare((int)Sched.CLONE_NEWNET) != 0)
            throw LinuxException.Last("unshare", "net");
        using var inTest = new RouteSocket();
        inTest.CreateVeth(DeviceIndex, Device, NetworkAddress.HardwareAddress(address4.Address, 0), "test",
            NetworkAddress.HardwareAddress(address4.Address, 1), switchNamespace);
        inSwitch.SetUp("test");
        inTest.SetUp("lo");
        inTest.SetUp(Device);
        inTest.AddAddress(DeviceIndex, address4.Address, address4.PrefixLength);
        bool ipv6 = FileSystem.Exists("/proc/self/net/if_inet6");
        if (ipv6)
            inTest.AddAddress(DeviceIndex, address6.Address, address6.PrefixLength);
        return ipv6;
    }
}
