using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>The NATs and firewalls of hosts and routers. Their tables are the host's network namespace's, and go with it.</summary>
internal sealed partial class SandboxNetwork
{
    private readonly Dictionary<int, PlannedNat> nats = [];

    /// <summary>Gives a router another NAT, or none. All it translated ends.</summary>
    public void SetNat(int host, PlannedNat? nat) => In(host, () => SetNat(plan.Hosts[host], nat, root: "", isNew: false));

    /// <summary>Gives a host another firewall, or none.</summary>
    public void SetFirewall(int host, PlannedFirewall? firewall) => SetFirewall(host, firewall, isNew: false);

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
            AddFilters(host, root);
    }

    private void AddFilters(PlannedHost host, string root)
    {
        if (host.Nat is { } nat)
            In(host.Index, () => SetNat(host, nat, root, isNew: true));
        if (host.Egress is { } egress)
            In(host.Index, () => AddEgress(host, egress));
        if (host.Firewall is { } firewall)
            SetFirewall(host.Index, firewall, isNew: true);
    }

    private void SetFirewall(int host, PlannedFirewall? firewall, bool isNew) => In(host, () =>
    {
        using var socket = new NetfilterSocket();
        socket.Commit(FirewallRules.Replace(plan.Hosts[host], firewall, isNew));
    });

    private void SetNat(PlannedHost host, PlannedNat? nat, string root, bool isNew)
    {
        using var socket = new NetfilterSocket();
        socket.Commit(NatRules.Replace(host, nat, HasIPv6, isNew));
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
}
