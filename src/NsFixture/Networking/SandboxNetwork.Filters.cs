using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>The NATs and firewalls of hosts and routers. Their tables are the host's network namespace's, and go with it.</summary>
internal sealed partial class SandboxNetwork
{
    private const int Nat64Index = 90_000;

    private readonly Dictionary<int, PlannedNat> nats = [];
    private readonly Dictionary<int, Nat64Process> translators = [];

    /// <summary>Starts the process that translates a router's packets, if it has NAT64. Not before the root tree is entered, or it would hold the old one.</summary>
    /// <param name="host">The router's index.</param>
    /// <param name="kept">The descriptors that the runtime needs in it.</param>
    public void StartTranslator(int host, int[] kept)
    {
        if (nats.TryGetValue(host, out PlannedNat? nat) && nat.Settings.HasNat64)
            translators[host].Start(kept);
    }

    /// <summary>Gives a router another NAT, or none. All it translated ends.</summary>
    public void SetNat(int host, PlannedNat? nat) => In(host, () => SetNat(plan.Hosts[host], nat, root: "", isNew: false));

    /// <summary>Gives a host another firewall, or none.</summary>
    public void SetFirewall(int host, PlannedFirewall? firewall) => In(host, () =>
    {
        using var socket = new NetfilterSocket();
        socket.Commit(FirewallRules.Replace(plan.Hosts[host], firewall));
    });

    /// <summary>Has a router's NAT forget its mappings, as if it had been switched off and on.</summary>
    public void RebindNat(int host)
    {
        if (nats.TryGetValue(host, out PlannedNat? nat))
            In(host, () =>
            {
                using var socket = new NetfilterSocket();
                socket.Commit(NatRules.Forget(nat, HasIPv6));
                socket.ForgetConnections();
            });
    }

    private void AddFilters(string root)
    {
        foreach (PlannedHost host in plan.Hosts)
        {
            if (host.Nat is { } nat)
                In(host.Index, () => SetNat(host, nat, root, isNew: true));
            if (host.Firewall is { } firewall)
                SetFirewall(host.Index, firewall);
        }
    }

    private void SetNat(PlannedHost host, PlannedNat? nat, string root, bool isNew)
    {
        using var socket = new NetfilterSocket();
        socket.Commit(NatRules.Replace(host, nat, HasIPv6));
        if (!isNew)
            socket.ForgetConnections();
        if (nats.Remove(host.Index, out PlannedNat? before) && before.Settings.HasNat64)
            StopTranslator(host);
        if (nat == null)
            return;
        nats.Add(host.Index, nat);
        // Connection tracking has timeouts of its own, which are the network namespace's.
        foreach (var (name, timeout) in ((string, TimeSpan)[])
            [("udp_timeout", nat.Settings.UdpTimeout), ("udp_timeout_stream", nat.Settings.UdpTimeout), ("tcp_timeout_established", nat.Settings.TcpTimeout)])
            FileSystem.WriteFile($"{root}/proc/sys/net/netfilter/nf_conntrack_{name}", $"{timeout.TotalSeconds:0}");
        if (nat.Settings.HasNat64)
            AddTranslator(host, nat);
    }

    private void AddTranslator(PlannedHost router, PlannedNat nat)
    {
        using var onRouter = new RouteSocket();
        int mtu = router.Interfaces.Where(i => i.Index != nat.Outside).Min(i => i.Mtu);
        bool isNew = !translators.TryGetValue(router.Index, out _);
        if (isNew)
        {
            byte[] address = Nat64Process.DeviceAddress(router);
            onRouter.CreateVeth(Nat64Index, Nat64Process.Device, address, mtu, Nat64Process.PortName(router), [.. address[..2], 1, .. address[3..]], switchNamespace);
            inSwitch.SetUp(Nat64Process.PortName(router));
        }
        Nat64Process.AddRoutes(onRouter, Nat64Index, mtu);
        if (isNew)
        {
            Enter(switchNamespace);
            translators.Add(router.Index, Nat64Process.Open(router));
        }
    }

    private void StopTranslator(PlannedHost router)
    {
        translators[router.Index].Stop();
        using var onRouter = new RouteSocket();
        onRouter.SetState(Nat64Process.Device, up: false); // its routes go with that
    }
}
