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

    /// <summary>Makes the switch of a network, in a namespace that has just been made.</summary>
    /// <param name="batch">What it is made with.</param>
    /// <param name="segment">The network.</param>
    /// <param name="links">What is plugged in there.</param>
    public static void Add(NftBatch batch, PlannedNetwork segment, PlannedInterface[] links)
    {
        batch.Table(Nf.NFPROTO_NETDEV, Table(segment));
        bool isPair = links.Length == 2;
        if (!isPair)
        {
            batch.Set("ports", [NftField.HardwareAddress], NftField.Link);
            foreach (PlannedInterface link in links)
                batch.Element("ports", link.HardwareAddress, Port(link));
        }
        foreach (PlannedInterface link in links)
        {
            batch.Chain(link.PortName, Nf.NF_NETDEV_INGRESS, 0, link.PortName);
            if (!isPair)
            {
                batch.Rule(link.PortName).LoadEthernet(Known, AddressLength, AddressLength).Compare(Known, Nft.NFT_CMP_NEQ, link.HardwareAddress)
                    .LoadConstant(Out, Port(link)).TakeOut("ports", Known, Out);
                batch.Rule(link.PortName).LoadEthernet(Known, 0, AddressLength).Lookup("ports", Known, Out).Forward(Out);
            }
            PlannedInterface last = ReferenceEquals(link, links[^1]) ? links[^2] : links[^1];
            foreach (PlannedInterface other in links)
                if (!ReferenceEquals(other, link) && !ReferenceEquals(other, last))
                    batch.Rule(link.PortName).LoadConstant(Out, Port(other)).Duplicate(Out);
            batch.Rule(link.PortName).LoadConstant(Out, Port(last)).Forward(Out);
        }
    }

    /// <summary>Takes it away.</summary>
    public static void Remove(NftBatch batch, PlannedNetwork segment) => batch.RemoveTable(Nf.NFPROTO_NETDEV, Table(segment));

    private static byte[] Port(PlannedInterface link) => BitConverter.GetBytes(link.PortIndex);

    private static string Table(PlannedNetwork segment) => "switch-" + segment.BridgeName;
}
