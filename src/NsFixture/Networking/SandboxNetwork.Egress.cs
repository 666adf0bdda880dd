using System.Net;
using System.Net.Sockets;
using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>A router's way out of the sandbox: see <see cref="EgressProcess"/>.</summary>
internal sealed partial class SandboxNetwork
{
    private const int EgressIndex = 91_000, EgressMtu = 65_535, BeforeOthers = -110; // before NF_IP_PRI_NAT_DST
    private const string EgressTable = "egress";

    private (int Router, EgressProcess Process)? egress;

    /// <summary>Starts its process, if there is one to be started. Not before the root tree is entered, or that would hold the old one.</summary>
    /// <inheritdoc cref="EgressProcess.Start"/>
    public void StartEgress(int[] runtimeDescriptors, Func<int> connect) => egress?.Process.Start(runtimeDescriptors, connect);

    /// <summary>In the router's namespace.</summary>
    private void AddEgress(PlannedHost router, PlannedEgress planned)
    {
        byte[] address = [0x02, 0x65, 0, 0, (byte)(router.Index >> 8), (byte)router.Index];
        string port = EgressPort(router);
        using (var onRouter = new RouteSocket())
        {
            onRouter.CreateVeth(EgressIndex, EgressProcess.Device, address, EgressMtu, port, [.. address[..2], 1, .. address[3..]], switchNamespace);
            inSwitch.SetUp(port);
            onRouter.SetUpWithoutNeighbours(EgressProcess.Device);
            foreach (AddressFamily family in Families(router))
                onRouter.AddDeviceRoute(new IPNetwork(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0), EgressIndex, EgressMtu);
        }
        var listeners = new List<int>();
        var batch = new NftBatch(isFirst: true);
        foreach (AddressFamily family in Families(router))
        {
            int listener = LinuxException.Check(
                Libc.Socket(SocketConstants.Domain(family), SocketConstants.SOCK_STREAM | SocketConstants.SOCK_CLOEXEC | SocketConstants.SOCK_NONBLOCK, 0), "socket", "for what goes out");
            listeners.Add(listener);
            IPAddress own = First(router, family)!;
            InetSocket.Bind(listener, new IPEndPoint(own, 0));
            InetSocket.Listen(listener);
            AddEgressRules(batch, family, own, InetSocket.LocalPort(listener));
        }
        using (var tables = new NetfilterSocket())
            tables.Commit(batch);
        Enter(switchNamespace); // the caller goes back to the test's host from anywhere
        var (packets, index) = Nat64Process.OpenPort(port);
        egress = (router.Index, new EgressProcess(planned, [.. listeners], packets, index, address));
    }

    /// <summary>TCP to anyone but these networks comes to the listener.</summary>
    private void AddEgressRules(NftBatch batch, AddressFamily family, IPAddress own, int port)
    {
        bool ipv6 = family == AddressFamily.InterNetworkV6;
        byte protocols = ipv6 ? Nf.NFPROTO_IPV6 : Nf.NFPROTO_IPV4;
        int offset = ipv6 ? 24 : 16, length = ipv6 ? 16 : 4;
        const int address = 4, portRegister = 8, tcp = 6;
        batch.Table(protocols, EgressTable);
        foreach (var (chain, hook) in ((string, int)[])[("forwarded", Nf.NF_INET_PRE_ROUTING), ("own", Nf.NF_INET_LOCAL_OUT)])
        {
            batch.Chain(chain, "nat", hook, BeforeOthers);
            foreach (IPNetwork prefix in plan.Networks.Select(n => ipv6 ? n.Subnet6 : n.Subnet).OfType<IPNetwork>().Append(new IPNetwork(ipv6 ? IPAddress.IPv6Loopback : IPAddress.Parse("127.0.0.0"), ipv6 ? 128 : 8)))
                NatRules.InPrefix(batch.Rule(chain).LoadNetwork(address, offset, length), address, prefix).Verdict(Nf.NF_ACCEPT);
            batch.Rule(chain).Protocol(tcp).LoadConstant(address, own.GetAddressBytes()).LoadConstant(portRegister, [(byte)(port >> 8), (byte)port])
                .Translate(Nft.NFT_NAT_DNAT, protocols, address, portRegister);
        }
    }

    /// <summary>Takes it away with its device: its router is made anew, or has gone.</summary>
    private void RemoveEgress(PlannedHost router)
    {
        if (egress?.Router != router.Index)
            return;
        egress.Value.Process.Stop();
        egress = null;
        inSwitch.DeleteLink(EgressPort(router));
    }

    private static string EgressPort(PlannedHost router) => $"h{router.Index}egress";

    private IEnumerable<AddressFamily> Families(PlannedHost host) => AddressPlanner.Families.Where(f => Supports(f) && First(host, f) != null);

    private static IPAddress? First(PlannedHost host, AddressFamily family) =>
        host.Interfaces.SelectMany(i => i.Addresses).Select(a => a.Address).FirstOrDefault(a => a.AddressFamily == family);
}
