using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>
/// The switch of a small network as a table of nf_tables, in place of a bridge: what comes in by a port is sent on by that of the hardware address that it is for, or by all others. Destroying a
/// bridge has the kernel wait for a grace period of RCU, some 10 ms, with the lock that every new network needs (br_multicast_dev_del); a table goes with its namespace.
/// <para>
/// The addresses are known, so none are learned. Once one shows up behind another port, a fail-over's for example, it is forgotten, and what is for it goes to all.
/// </para>
/// </summary>
internal static class SwitchRules
{
    /// <summary>With more ports than this, a bridge is made sooner.</summary>
    public const int MostPorts = 6;

    private const int AddressLength = 6; // ETH_ALEN: the destination's is the first of a frame, then comes the source's
    private const int Known = 0, Out = 2; // registers

    /// <summary>Makes the switch of a network.</summary>
    /// <param name="segment">The network.</param>
    /// <param name="ports">What is plugged in there, and the indices of the ports.</param>
    public static NftBatch Of(PlannedNetwork segment, (PlannedInterface Link, int Port)[] ports)
    {
        NftBatch batch = new NftBatch(isFirst: true).Table(Nf.NFPROTO_NETDEV, Table(segment));
        bool isPair = ports.Length == 2;
        if (!isPair)
        {
            batch.Set("ports", [NftField.HardwareAddress], NftField.Link);
            foreach (var (link, port) in ports)
                batch.Element("ports", link.HardwareAddress, BitConverter.GetBytes(port));
        }
        foreach (var (link, port) in ports)
        {
            batch.Chain(link.PortName, Nf.NF_NETDEV_INGRESS, 0, link.PortName);
            if (!isPair)
            {
                batch.Rule(link.PortName).LoadEthernet(Known, AddressLength, AddressLength).Compare(Known, Nft.NFT_CMP_NEQ, link.HardwareAddress)
                    .LoadConstant(Out, BitConverter.GetBytes(port)).TakeOut("ports", Known, Out);
                batch.Rule(link.PortName).LoadEthernet(Known, 0, AddressLength).Lookup("ports", Known, Out).Forward(Out);
            }
            int last = port == ports[^1].Port ? ports[^2].Port : ports[^1].Port;
            foreach (var (_, other) in ports)
                if (other != port && other != last)
                    batch.Rule(link.PortName).LoadConstant(Out, BitConverter.GetBytes(other)).Duplicate(Out);
            batch.Rule(link.PortName).LoadConstant(Out, BitConverter.GetBytes(last)).Forward(Out);
        }
        return batch;
    }

    /// <summary>Takes it away.</summary>
    public static NftBatch Remove(PlannedNetwork segment) => new NftBatch().RemoveTable(Nf.NFPROTO_NETDEV, Table(segment));

    private static string Table(PlannedNetwork segment) => "switch-" + segment.BridgeName;
}
