using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>
/// A NAT as tables of nf_tables, one a family.
/// <para>
/// The kernel's own NAT chooses a port for each connection and knows nothing of RFC 4787. Here rules choose it, for the
/// first packet of each connection, and write down what they chose in maps: <c>mapping</c>, from the inside endpoint, and from as much
/// of the remote one as the mapping depends on, to the outside port; <c>owner</c>, from that to the inside endpoint; <c>taken</c>, the
/// ports that may not be chosen; <c>contacted</c>, who may send in where that goes by address. What comes from outside and
/// belongs to no connection finds the inside endpoint in <c>owner</c>, if the filtering lets it in. The kernel's connection tracking
/// does the rest: it translates further packets and ICMP errors, and is itself a filter by address and port.
/// </para>
/// <para>
/// Entries end after the NAT's timeout; each packet that is forwarded has its entries stay for longer. What comes from outside for the
/// router itself is dropped before it becomes a tracked connection: a tracked one would be in the way of an inside endpoint that
/// sends there in the next moment, and get it another port. That is what hole punching depends on.
/// </para>
/// </summary>
internal sealed class NatRules
{
    public const string Table = "nat";

    private const int BeforeRouting = -100, AfterRouting = 100, AfterFirewall = 5; // NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC
    private const int Attempts = 4; // to find a port that is not taken
    private const int New = 8, Invalid = NfCt.NF_CT_STATE_INVALID_BIT; // NF_CT_STATE_BIT(IP_CT_NEW)

    private static readonly (byte Number, IPTransport Protocol)[] Protocols = [(6, IPTransport.Tcp), (17, IPTransport.Udp)];

    /// <summary>How long a TCP connection is kept that is not established, or not any more (RFC 5382, REQ-5).</summary>
    private static readonly TimeSpan TcpTransitory = TimeSpan.FromMinutes(4);

    private readonly NftBatch batch;
    private readonly PlannedNat nat;
    private readonly string outside;
    private readonly bool ipv6;
    private readonly byte family;
    private readonly IPAddress[] outsideAddresses;

    // Where things are in the registers: the key of mapping and contacted, then that of owner and taken.
    private readonly int addressRegisters;
    private const int KeyProtocol = 0, InsideAddress = 1;

    private NatRules(NftBatch batch, PlannedHost router, PlannedNat nat, bool ipv6)
    {
        (this.batch, this.nat, this.ipv6) = (batch, nat, ipv6);
        outside = router.Interface(nat.Outside).Device;
        family = ipv6 ? Nf.NFPROTO_IPV6 : Nf.NFPROTO_IPV4;
        addressRegisters = Address.Registers;
        outsideAddresses = [.. router.Interface(nat.Outside).Addresses.Select(a => a.Address).Where(a => a.AddressFamily == (ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork))];
    }

    private Nat Settings => nat.Settings;

    private NftField Address => ipv6 ? NftField.IPv6 : NftField.IPv4;

    private int InsidePort => InsideAddress + addressRegisters;

    private int RemoteAddress => InsidePort + 1;

    private int RemotePort => RemoteAddress + addressRegisters;

    private int OwnerProtocol => RemotePort + 1;

    private int OutsidePort => OwnerProtocol + 1;

    private int SourceOffset => ipv6 ? 8 : 12; // of the address in the IP header

    private int DestinationOffset => ipv6 ? 24 : 16;

    /// <summary>A router's NAT, in the place of what is there; null: none.</summary>
    public static NftBatch Replace(PlannedHost router, PlannedNat? nat, bool hasIPv6, bool isFirst)
    {
        var batch = new NftBatch(isFirst);
        foreach (bool ipv6 in hasIPv6 ? (bool[])[false, true] : [false])
        {
            if (nat == null)
                batch.RemoveTable(ipv6 ? Nf.NFPROTO_IPV6 : Nf.NFPROTO_IPV4, Table);
            else
                new NatRules(batch, router, nat, ipv6).Write();
        }
        return batch;
    }

    /// <summary>Forgets all mappings. Ports that were given are not given again before their time.</summary>
    public static NftBatch Forget(PlannedNat nat, bool hasIPv6)
    {
        var batch = new NftBatch();
        foreach (bool ipv6 in (bool[])[false, true])
            if (ipv6 ? hasIPv6 && nat.Settings.IPv6 == NatIPv6.Masquerade : nat.Settings.TranslatesIPv4)
            {
                batch.InTable(ipv6 ? Nf.NFPROTO_IPV6 : Nf.NFPROTO_IPV4, Table).Empty("mapping").Empty("owner");
                if (nat.Settings.Filtering == NatFiltering.AddressDependent)
                    batch.Empty("contacted");
            }
        return batch;
    }

    private void Write()
    {
        batch.RemoveTable(family, Table);
        if (ipv6 && Settings.IPv6 == NatIPv6.PrefixTranslation)
            TranslatePrefix();
        else if (outsideAddresses.Length > 0 && (ipv6 ? Settings.IPv6 == NatIPv6.Masquerade : Settings.TranslatesIPv4))
            TranslatePorts();
    }

    private void TranslatePorts()
    {
        batch.Table(family, Table);
        AddSets();
        AddChains();
        ForwardPorts();
        LetIn();
        LetOut();
        ChoosePorts();
        Filter();
    }

    private void AddSets()
    {
        NftField[] key = Settings.Mapping switch
        {
            NatMapping.EndpointIndependent => [NftField.Protocol, Address, NftField.Port],
            NatMapping.AddressDependent => [NftField.Protocol, Address, NftField.Port, Address],
            _ => [NftField.Protocol, Address, NftField.Port, Address, NftField.Port],
        };
        batch.Set("mapping", key, NftField.Port)
            .Set("owner", [NftField.Protocol, NftField.Port], Address, NftField.Port)
            .Set("taken", [NftField.Protocol, NftField.Port])
            .Set("outside", [Address]);
        if (Settings.Filtering == NatFiltering.AddressDependent)
            batch.Set("contacted", [NftField.Protocol, Address, NftField.Port, Address]);
        foreach (IPAddress address in outsideAddresses)
            batch.Element("outside", address.GetAddressBytes());
        foreach (PortForward forward in Settings.Forwards)
            batch.Element("taken", [Number(forward.Protocol), 0, 0, 0, .. Port(forward.Port), 0, 0]);
    }

    private void AddChains()
    {
        batch.Chain("prerouting", "nat", Nf.NF_INET_PRE_ROUTING, BeforeRouting)
            .Chain("postrouting", "nat", Nf.NF_INET_POST_ROUTING, AfterRouting)
            .Chain("input", "filter", Nf.NF_INET_LOCAL_IN, AfterFirewall)
            .Chain("forward", "filter", Nf.NF_INET_FORWARD, AfterFirewall);
        foreach (var (_, protocol) in Protocols)
            batch.Chain(ChainOf(protocol));
    }

    private void ForwardPorts()
    {
        foreach (PlannedForward forward in nat.Forwards.Where(f => f.To.AddressFamily == (ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork)))
        {
            NftRule rule = Settings.Hairpin ? batch.Rule("prerouting") : batch.Rule("prerouting").Interface(incoming: true, outside);
            ToOutsideAddress(rule).Protocol(Number(forward.Protocol)).LoadTransport(0, 2, 2).Compare(0, Nft.NFT_CMP_EQ, Port(forward.Port))
                .LoadConstant(InsideAddress, forward.To.GetAddressBytes()).LoadConstant(InsidePort, Port(forward.ToPort))
                .Translate(Nft.NFT_NAT_DNAT, family, InsideAddress, InsidePort);
        }
    }

    /// <summary>What comes from outside and belongs to no connection, and from inside for an outside address.</summary>
    private void LetIn()
    {
        if (Settings.Filtering != NatFiltering.AddressAndPortDependent)
        {
            NftRule rule = FindOwner(batch.Rule("prerouting").Interface(incoming: true, outside));
            if (Settings.Filtering == NatFiltering.AddressDependent)
                rule.LoadProtocol(KeyProtocol).LoadNetwork(RemoteAddress, SourceOffset, Address.Size).In("contacted", KeyProtocol);
            rule.Translate(Nft.NFT_NAT_DNAT, family, InsideAddress, InsidePort);
        }
        if (Settings.Hairpin)
            FindOwner(batch.Rule("prerouting").Interface(incoming: true, outside, isNot: true)).Translate(Nft.NFT_NAT_DNAT, family, InsideAddress, InsidePort);
    }

    private NftRule FindOwner(NftRule rule) => ToOutsideAddress(rule)
        .LoadProtocol(OwnerProtocol).LoadTransport(OutsidePort, 2, 2).Lookup("owner", OwnerProtocol, InsideAddress);

    private NftRule ToOutsideAddress(NftRule rule) => rule.LoadNetwork(InsideAddress, DestinationOffset, Address.Size).In("outside", InsideAddress);

    private void LetOut()
    {
        // The router's own connections have an outside address already.
        batch.Rule("postrouting").LoadNetwork(InsideAddress, SourceOffset, Address.Size).In("outside", InsideAddress).Verdict(Nft.NFT_RETURN);
        foreach (var (number, protocol) in Protocols)
        {
            batch.Rule("postrouting").Interface(incoming: false, outside).Protocol(number).Verdict(Nft.NFT_GOTO, ChainOf(protocol));
            if (Settings.Hairpin)
                batch.Rule("postrouting").Interface(incoming: false, outside, isNot: true).Interface(incoming: true, outside, isNot: true).Protocol(number)
                    .Connection(Nft.NFT_CT_STATUS, NfCt.IPS_DST_NAT).Verdict(Nft.NFT_GOTO, ChainOf(protocol));
        }
        ToOutside(batch.Rule("postrouting").Interface(incoming: false, outside), port: null);
    }

    private void ChoosePorts()
    {
        foreach (var (number, protocol) in Protocols)
        {
            string chain = ChainOf(protocol);
            TimeSpan timeout = protocol == IPTransport.Udp ? Settings.UdpTimeout : Transitory;
            ToOutside(LoadKey(batch.Rule(chain), fromSource: true).Lookup("mapping", KeyProtocol, OutsidePort), OutsidePort);
            if (Settings.Ports == NatPorts.Preserved)
                Choose(LoadKey(batch.Rule(chain), fromSource: true).LoadTransport(OutsidePort, 0, 2), timeout);
            for (int i = 0; i < Attempts; i++)
                Choose(LoadKey(batch.Rule(chain), fromSource: true).LoadPort(OutsidePort, Settings.FirstPort, Settings.LastPort, Settings.Ports == NatPorts.Random), timeout);
            batch.Rule(chain).Verdict(Nf.NF_DROP);
        }
    }

    private void Choose(NftRule rule, TimeSpan timeout) => ToOutside(
        rule.LoadProtocol(OwnerProtocol).In("taken", OwnerProtocol, isNot: true)
            .Put("taken", OwnerProtocol, null, timeout).Put("mapping", KeyProtocol, OutsidePort, timeout).Put("owner", OwnerProtocol, InsideAddress, timeout),
        OutsidePort);

    private void Filter()
    {
        batch.Rule("input").Interface(incoming: true, outside).Protocol(6).Connection(Nft.NFT_CT_STATE, New).Verdict(Nf.NF_DROP);
        batch.Rule("input").Interface(incoming: true, outside).Protocol(17).Connection(Nft.NFT_CT_STATE, New).Verdict(Nf.NF_DROP);
        batch.Rule("forward").Interface(incoming: true, outside).Connection(Nft.NFT_CT_STATE, New).Connection(Nft.NFT_CT_STATUS, NfCt.IPS_DST_NAT, none: true).Verdict(Nf.NF_DROP);
        // The kernel translates no packet that fits into no connection: it would go out with its inside address.
        batch.Rule("forward").Interface(incoming: false, outside).Connection(Nft.NFT_CT_STATE, Invalid).Verdict(Nf.NF_DROP);
        foreach (var (number, protocol) in Protocols)
        {
            if (Settings.Filtering == NatFiltering.AddressDependent)
                LoadKey(batch.Rule("forward").Interface(incoming: false, outside).Protocol(number), fromSource: true)
                    .Put("contacted", KeyProtocol, null, protocol == IPTransport.Udp ? Settings.UdpTimeout : Settings.TcpTimeout);
            foreach (bool fromSource in (bool[])[true, false])
            {
                Refresh(batch.Rule("forward").Protocol(number), fromSource, protocol == IPTransport.Udp ? Settings.UdpTimeout : Transitory);
                if (protocol == IPTransport.Tcp && Settings.TcpTimeout > TcpTransitory)
                    Refresh(batch.Rule("forward").Protocol(number).LastsLongerThan(TcpTransitory), fromSource, Settings.TcpTimeout);
            }
        }
    }

    private void Refresh(NftRule rule, bool fromSource, TimeSpan timeout) =>
        LoadKey(rule, fromSource).Lookup("mapping", KeyProtocol, OutsidePort).LoadProtocol(OwnerProtocol)
            .Put("mapping", KeyProtocol, OutsidePort, timeout).Put("owner", OwnerProtocol, InsideAddress, timeout).Put("taken", OwnerProtocol, null, timeout);

    private TimeSpan Transitory => Settings.TcpTimeout < TcpTransitory ? Settings.TcpTimeout : TcpTransitory;

    /// <summary>The inside endpoint is the packet's source on its way out, its destination on the way in.</summary>
    private NftRule LoadKey(NftRule rule, bool fromSource) => rule.LoadProtocol(KeyProtocol)
        .LoadNetwork(InsideAddress, fromSource ? SourceOffset : DestinationOffset, Address.Size).LoadTransport(InsidePort, fromSource ? 0 : 2, 2)
        .LoadNetwork(RemoteAddress, fromSource ? DestinationOffset : SourceOffset, Address.Size).LoadTransport(RemotePort, fromSource ? 2 : 0, 2);

    private void ToOutside(NftRule rule, int? port) =>
        rule.LoadConstant(RemoteAddress, outsideAddresses[0].GetAddressBytes()).Translate(Nft.NFT_NAT_SNAT, family, RemoteAddress, port);

    private void TranslatePrefix()
    {
        const int first = 0, last = 4, address = 8;
        batch.Table(family, Table)
            .Chain("prerouting", "nat", Nf.NF_INET_PRE_ROUTING, BeforeRouting)
            .Chain("postrouting", "nat", Nf.NF_INET_POST_ROUTING, AfterRouting);
        IPNetwork inside = nat.Inside6!.Value, outsidePrefix = nat.Outside6!.Value;
        void Add(string chain, bool incoming, int offset, IPNetwork from, IPNetwork to) => InPrefix(
                batch.Rule(chain).Interface(incoming, outside).LoadNetwork(address, offset, Address.Size), address, from)
            .LoadConstant(first, to.BaseAddress.GetAddressBytes()).LoadConstant(last, NetworkAddress.Last(to).GetAddressBytes())
            .Translate(incoming ? Nft.NFT_NAT_DNAT : Nft.NFT_NAT_SNAT, family, first, null, last);
        Add("prerouting", true, DestinationOffset, outsidePrefix, inside);
        Add("postrouting", false, SourceOffset, inside, outsidePrefix);
    }

    /// <summary>Goes on if the address in a register is in a prefix.</summary>
    public static NftRule InPrefix(NftRule rule, int register, IPNetwork prefix)
    {
        byte[] mask = new byte[prefix.BaseAddress.GetAddressBytes().Length];
        for (int bit = 0; bit < prefix.PrefixLength; bit++)
            mask[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return rule.Mask(register, mask).Compare(register, Nft.NFT_CMP_EQ, prefix.BaseAddress.GetAddressBytes());
    }

    private static string ChainOf(IPTransport protocol) => protocol == IPTransport.Tcp ? "tcp" : "udp";

    private static byte Number(IPTransport protocol) => protocol == IPTransport.Tcp ? (byte)6 : (byte)17;

    private static byte[] Port(int port)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)port);
        return bytes;
    }
}
