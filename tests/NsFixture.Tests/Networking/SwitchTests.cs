using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using FluentAssertions;
using NsFixture.Linux;
using NsFixture.Netlink;
using NsFixture.Networking;

namespace NsFixture.Tests.Networking;

/// <summary>What a network's switch is, on the machine's own kernel: rules where it is small, a bridge where it is not or where the kernel does not forward by rules.</summary>
public class SwitchTests
{
    private static readonly FieldInfo WhyNoRules = typeof(SandboxNetwork).GetField("whyNoRules", BindingFlags.NonPublic | BindingFlags.Static)!;

    [Theory, InlineData(2, false), InlineData(3, false), InlineData(SwitchRules.MostPorts, false), InlineData(SwitchRules.MostPorts + 1, true)]
    public void A_network_of_few_has_no_bridge(int hosts, bool hasBridge) => InOwnNetwork(() => Build(hosts).Should().Be(hasBridge));

    [Fact]
    public void Where_nobody_may_make_rules_there_is_a_bridge() => InOwnNetwork(() =>
    {
        Refuse(SocketConstants.AF_NETLINK, Nl.NETLINK_NETFILTER);
        Build(3).Should().BeTrue();
        SandboxNetwork.WhyNoRules.Should().Be("nf_tables open a socket failed: EPROTONOSUPPORT (Protocol not supported)");
    });

    [Fact]
    public void Where_the_kernel_refuses_them_there_is_a_bridge() => InOwnNetwork(() =>
    {
        using (var filters = new NetfilterSocket()) // a set in the way, of another kind
            filters.Commit(new NftBatch(isFirst: true).Table(Nf.NFPROTO_NETDEV, "switch-n0").Set("ports", [NftField.IPv6]));
        Build(3).Should().BeTrue();
        SandboxNetwork.WhyNoRules.Should().StartWith("nf_tables create set ports failed: EEXIST");
    });

    /// <summary>Builds a network, has the last host connect to the first and the first to the last, and tells whether a bridge is between them.</summary>
    private static bool Build(int hosts)
    {
        NetworkPlan plan = Enumerable.Range(1, hosts - 1).Aggregate(new Topology().WithNetwork("lan"), (t, i) => t.WithHost($"host{i}")).Plan();
        using SandboxNetwork network = SandboxNetwork.Build(plan);
        plan.Hosts.Should().HaveCount(hosts);
        foreach (var (from, to) in (IEnumerable<(int, int)>)[(hosts - 1, 0), (0, hosts - 1)])
            foreach (AddressFamily family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
            {
                IPAddress there = plan.Hosts[to].Interfaces[0].Addresses.First(a => a.Address.AddressFamily == family).Address;
                using Socket listener = Open(network, to, family), client = Open(network, from, family);
                listener.Bind(new IPEndPoint(there, 80));
                listener.Listen();
                client.Connect(there, 80);
            }
        Libc.SetNs(network.SwitchNamespace, (int)Sched.CLONE_NEWNET).Should().Be(0);
        return NetworkInterface.GetAllNetworkInterfaces().Any(i => i.Name == plan.Networks[0].BridgeName);
    }

    private static Socket Open(SandboxNetwork network, int host, AddressFamily family) => new(new SafeSocketHandle(
        network.OpenSocket(host, family == AddressFamily.InterNetwork ? SocketConstants.AF_INET : SocketConstants.AF_INET6, SocketConstants.SOCK_STREAM, 0), ownsHandle: true));

    private static void InOwnNetwork(Action action)
    {
        if (!Root.IsTheMachines)
            return; // the isolated tests see to it there
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Libc.Unshare((int)Sched.CLONE_NEWNET).Should().Be(0);
                action();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        WhyNoRules.SetValue(null, null);
        if (failure != null)
            throw new InvalidOperationException(failure.Message, failure);
    }

    /// <summary>Has the kernel refuse the calling thread sockets of a kind.</summary>
    private static void Refuse(uint family, uint protocol)
    {
        const uint none = 0, first = 16, third = 32; // of struct seccomp_data: the call's number, its first argument and its third
        Libc.Prctl(PrctlOptions.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0).Should().Be(0);
        SeccompFilter.Install(
        [
            SeccompFilter.Load(none), SeccompFilter.JumpIfEqual(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 198u : 41u, 0, 4),
            SeccompFilter.Load(first), SeccompFilter.JumpIfEqual(family, 0, 2), SeccompFilter.Load(third), SeccompFilter.JumpIfEqual(protocol, 1, 0),
            SeccompFilter.Return(Seccomp.SECCOMP_RET_ALLOW), SeccompFilter.Return(Seccomp.SECCOMP_RET_ERRNO | 93 /* EPROTONOSUPPORT */),
        ]);
    }
}
