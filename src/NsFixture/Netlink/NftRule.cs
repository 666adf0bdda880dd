using System.Buffers.Binary;

namespace NsFixture.Netlink;

/// <summary>
/// The expressions of a rule of nf_tables, in the order in which the kernel evaluates them: each loads 32-bit registers, compares
/// them, or acts on them; one that does not match ends the rule. There are 16 registers, and a concatenation is what lies in
/// several that follow one another, each part padded to whole registers.
/// </summary>
internal sealed class NftRule
{
    private readonly NetlinkMessage message;

    /// <summary>Begins a rule at the end of a chain.</summary>
    public NftRule(NetlinkMessage message) => this.message = message;

    /// <summary>Loads the number of the transport protocol.</summary>
    public NftRule LoadProtocol(int register) => Meta(Nft.NFT_META_L4PROTO, register);

    /// <summary>Loads part of the Ethernet header.</summary>
    public NftRule LoadEthernet(int register, int offset, int length) => Payload(Nft.NFT_PAYLOAD_LL_HEADER, register, offset, length);

    /// <summary>Loads part of the network header.</summary>
    public NftRule LoadNetwork(int register, int offset, int length) => Payload(Nft.NFT_PAYLOAD_NETWORK_HEADER, register, offset, length);

    /// <summary>Loads part of the transport header.</summary>
    public NftRule LoadTransport(int register, int offset, int length) => Payload(Nft.NFT_PAYLOAD_TRANSPORT_HEADER, register, offset, length);

    /// <summary>Loads a constant.</summary>
    public NftRule LoadConstant(int register, ReadOnlySpan<byte> value)
    {
        int expression = Begin("immediate", out int data);
        Register(Nft.NFTA_IMMEDIATE_DREG, register);
        Value(Nft.NFTA_IMMEDIATE_DATA, value);
        return End(expression, data);
    }

    /// <summary>Loads a port: the next of a range, or a random one.</summary>
    public NftRule LoadPort(int register, int first, int last, bool random)
    {
        int expression = Begin("numgen", out int data);
        Register(Nft.NFTA_NG_DREG, register);
        Number(Nft.NFTA_NG_MODULUS, last - first + 1);
        Number(Nft.NFTA_NG_TYPE, random ? Nft.NFT_NG_RANDOM : Nft.NFT_NG_INCREMENTAL);
        Number(Nft.NFTA_NG_OFFSET, first);
        End(expression, data);
        return ToNetworkOrder(register, 2);
    }

    /// <summary>Loads what connection tracking knows of the packet's connection; with a direction, of the packets in that.</summary>
    public NftRule LoadConnection(int register, int key, int? direction = null)
    {
        int expression = Begin("ct", out int data);
        Register(Nft.NFTA_CT_DREG, register);
        Number(Nft.NFTA_CT_KEY, key);
        if (direction is { } given)
            message.Attribute(Nft.NFTA_CT_DIRECTION, [(byte)given]);
        return End(expression, data);
    }

    /// <summary>Goes on if a register compares so.</summary>
    public NftRule Compare(int register, int comparison, ReadOnlySpan<byte> value)
    {
        int expression = Begin("cmp", out int data);
        Register(Nft.NFTA_CMP_SREG, register);
        Number(Nft.NFTA_CMP_OP, comparison);
        Value(Nft.NFTA_CMP_DATA, value);
        return End(expression, data);
    }

    /// <summary>Goes on if the connection ends later than after this time without a packet. Uses register 0.</summary>
    public NftRule LastsLongerThan(TimeSpan time)
    {
        byte[] milliseconds = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(milliseconds, (uint)time.TotalMilliseconds);
        return LoadConnection(0, Nft.NFT_CT_EXPIRATION).ToNetworkOrder(0, 4).Compare(0, Nft.NFT_CMP_GT, milliseconds);
    }

    /// <summary>Keeps the bits of a mask.</summary>
    public NftRule Mask(int register, ReadOnlySpan<byte> mask)
    {
        int expression = Begin("bitwise", out int data);
        Register(Nft.NFTA_BITWISE_SREG, register);
        Register(Nft.NFTA_BITWISE_DREG, register);
        Number(Nft.NFTA_BITWISE_LEN, mask.Length);
        Value(Nft.NFTA_BITWISE_MASK, mask);
        Value(Nft.NFTA_BITWISE_XOR, new byte[mask.Length]);
        return End(expression, data);
    }

    /// <summary>Goes on if the interface that the packet came in by, or goes out by, is the given one, or is not.</summary>
    public NftRule Interface(bool incoming, string name, bool isNot = false)
    {
        byte[] padded = new byte[16]; // IFNAMSIZ
        System.Text.Encoding.ASCII.GetBytes(name, padded);
        return Meta(incoming ? Nft.NFT_META_IIFNAME : Nft.NFT_META_OIFNAME, 0).Compare(0, isNot ? Nft.NFT_CMP_NEQ : Nft.NFT_CMP_EQ, padded);
    }

    /// <summary>Goes on if the packet is of a transport protocol; null: any. Uses register 0.</summary>
    public NftRule Protocol(byte? protocol) => protocol is { } given ? LoadProtocol(0).Compare(0, Nft.NFT_CMP_EQ, [given]) : this;

    /// <summary>Goes on if the packet is of an address family (NFPROTO_IPV4, NFPROTO_IPV6). Uses register 0.</summary>
    public NftRule Family(byte family) => Meta(Nft.NFT_META_NFPROTO, 0).Compare(0, Nft.NFT_CMP_EQ, [family]);

    /// <summary>Goes on if the frame is of a protocol (ETH_P_IP…). Uses register 0.</summary>
    public NftRule EtherType(ushort type)
    {
        byte[] value = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(value, type);
        return Meta(Nft.NFT_META_PROTOCOL, 0).Compare(0, Nft.NFT_CMP_EQ, value);
    }

    /// <summary>Goes on if the connection's state, or status, has one of these bits, or has none of them. Uses register 0.</summary>
    public NftRule Connection(int key, int bits, bool none = false) =>
        LoadConnection(0, key).Mask(0, BitConverter.GetBytes(bits)).Compare(0, none ? Nft.NFT_CMP_EQ : Nft.NFT_CMP_NEQ, new byte[4]);

    /// <summary>Goes on if the packet goes the way of the connection's first one, or the other way. Uses register 0.</summary>
    public NftRule Direction(int direction) => LoadConnection(0, Nft.NFT_CT_DIRECTION).Compare(0, Nft.NFT_CMP_EQ, [(byte)direction]);

    /// <summary>Goes on if the key is in a set, or is not.</summary>
    public NftRule In(string set, int key, bool isNot = false)
    {
        int expression = Begin("lookup", out int data);
        message.Attribute(Nft.NFTA_LOOKUP_SET, set);
        Register(Nft.NFTA_LOOKUP_SREG, key);
        if (isNot)
            Number(Nft.NFTA_LOOKUP_FLAGS, Nft.NFT_LOOKUP_F_INV);
        return End(expression, data);
    }

    /// <summary>Goes on if the key is in a map, and loads what it maps to.</summary>
    public NftRule Lookup(string map, int key, int register)
    {
        int expression = Begin("lookup", out int data);
        message.Attribute(Nft.NFTA_LOOKUP_SET, map);
        Register(Nft.NFTA_LOOKUP_SREG, key);
        Register(Nft.NFTA_LOOKUP_DREG, register);
        return End(expression, data);
    }

    /// <summary>Puts a key into a set or map, or has it stay for longer; what an existing one maps to stays as it is.</summary>
    public NftRule Put(string set, int key, int? value, TimeSpan timeout)
    {
        int expression = Begin("dynset", out int data);
        message.Attribute(Nft.NFTA_DYNSET_SET_NAME, set);
        Number(Nft.NFTA_DYNSET_OP, Nft.NFT_DYNSET_OP_UPDATE);
        Register(Nft.NFTA_DYNSET_SREG_KEY, key);
        if (value is { } given)
            Register(Nft.NFTA_DYNSET_SREG_DATA, given);
        Span<byte> milliseconds = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(milliseconds, (ulong)timeout.TotalMilliseconds);
        message.Attribute(Nft.NFTA_DYNSET_TIMEOUT, milliseconds);
        return End(expression, data);
    }

    /// <summary>Takes a key out of a map, if it is there.</summary>
    /// <param name="map">The map.</param>
    /// <param name="key">Where the key is.</param>
    /// <param name="value">A register that has been loaded: the kernel wants one, and does not look at it (nft_dynset.c).</param>
    public NftRule TakeOut(string map, int key, int value)
    {
        int expression = Begin("dynset", out int data);
        message.Attribute(Nft.NFTA_DYNSET_SET_NAME, map);
        Number(Nft.NFTA_DYNSET_OP, Nft.NFT_DYNSET_OP_DELETE);
        Register(Nft.NFTA_DYNSET_SREG_KEY, key);
        Register(Nft.NFTA_DYNSET_SREG_DATA, value);
        return End(expression, data);
    }

    /// <summary>Sends a copy of the frame out by the link whose index is in a register: in chains of devices.</summary>
    public NftRule Duplicate(int register)
    {
        int expression = Begin("dup", out int data);
        Register(Nft.NFTA_DUP_SREG_DEV, register);
        return End(expression, data);
    }

    /// <summary>Sends the frame out by the link whose index is in a register, which is its end here: in chains of devices.</summary>
    public NftRule Forward(int register)
    {
        int expression = Begin("fwd", out int data);
        Register(Nft.NFTA_FWD_SREG_DEV, register);
        return End(expression, data);
    }

    /// <summary>Translates the connection's source, or its destination, to what is in registers.</summary>
    /// <param name="type">NFT_NAT_SNAT or NFT_NAT_DNAT.</param>
    /// <param name="family">NFPROTO_IPV4 or NFPROTO_IPV6.</param>
    /// <param name="address">Where the address is.</param>
    /// <param name="port">Where the port is; null: as it is, or another where it is taken.</param>
    /// <param name="lastAddress">Of a prefix, where its last address is: the host's part stays as it is.</param>
    public NftRule Translate(int type, byte family, int address, int? port, int? lastAddress = null)
    {
        int expression = Begin("nat", out int data);
        Number(Nft.NFTA_NAT_TYPE, type);
        Number(Nft.NFTA_NAT_FAMILY, family);
        Register(Nft.NFTA_NAT_REG_ADDR_MIN, address);
        if (lastAddress is { } last)
        {
            Register(Nft.NFTA_NAT_REG_ADDR_MAX, last);
            Number(Nft.NFTA_NAT_FLAGS, NfNat.NF_NAT_RANGE_NETMAP);
        }
        if (port is { } given)
            Register(Nft.NFTA_NAT_REG_PROTO_MIN, given);
        return End(expression, data);
    }

    /// <summary>Translates the connection's source to the address of the interface that it goes out by.</summary>
    /// <param name="port">Where the port is; null: as it is, or another where it is taken.</param>
    public NftRule Masquerade(int? port)
    {
        int expression = Begin("masq", out int data);
        if (port is { } given)
            Register(Nft.NFTA_MASQ_REG_PROTO_MIN, given);
        return End(expression, data);
    }

    /// <summary>Ends the packet: a TCP segment with a reset, anything else with "administratively prohibited" (RFC 1122, RFC 4443).</summary>
    public NftRule Reject(bool tcp)
    {
        int expression = Begin("reject", out int data);
        Number(Nft.NFTA_REJECT_TYPE, tcp ? Nft.NFT_REJECT_TCP_RST : Nft.NFT_REJECT_ICMPX_UNREACH);
        message.Attribute(Nft.NFTA_REJECT_ICMP_CODE, [(byte)(tcp ? 0 : Nft.NFT_REJECT_ICMPX_ADMIN_PROHIBITED)]);
        return End(expression, data);
    }

    /// <summary>Ends the chain: NF_ACCEPT, NF_DROP, NFT_RETURN, or NFT_GOTO another chain.</summary>
    public NftRule Verdict(int code, string? chain = null)
    {
        int expression = Begin("immediate", out int data);
        Number(Nft.NFTA_IMMEDIATE_DREG, Nft.NFT_REG_VERDICT);
        int value = message.Begin(Nft.NFTA_IMMEDIATE_DATA), verdict = message.Begin(Nft.NFTA_DATA_VERDICT);
        Number(Nft.NFTA_VERDICT_CODE, code);
        if (chain != null)
            message.Attribute(Nft.NFTA_VERDICT_CHAIN, chain);
        message.End(verdict).End(value);
        return End(expression, data);
    }

    // Numbers that the kernel makes are in this machine's order; ports, and whatever is compared as greater or less, in the network's.
    private NftRule ToNetworkOrder(int register, int size)
    {
        int expression = Begin("byteorder", out int data);
        Register(Nft.NFTA_BYTEORDER_SREG, register);
        Register(Nft.NFTA_BYTEORDER_DREG, register);
        Number(Nft.NFTA_BYTEORDER_OP, Nft.NFT_BYTEORDER_HTON);
        Number(Nft.NFTA_BYTEORDER_LEN, size);
        Number(Nft.NFTA_BYTEORDER_SIZE, size);
        return End(expression, data);
    }

    private NftRule Meta(int key, int register)
    {
        int expression = Begin("meta", out int data);
        Register(Nft.NFTA_META_DREG, register);
        Number(Nft.NFTA_META_KEY, key);
        return End(expression, data);
    }

    private NftRule Payload(int header, int register, int offset, int length)
    {
        int expression = Begin("payload", out int data);
        Register(Nft.NFTA_PAYLOAD_DREG, register);
        Number(Nft.NFTA_PAYLOAD_BASE, header);
        Number(Nft.NFTA_PAYLOAD_OFFSET, offset);
        Number(Nft.NFTA_PAYLOAD_LEN, length);
        return End(expression, data);
    }

    private int Begin(string name, out int data)
    {
        int expression = message.Begin(Nft.NFTA_LIST_ELEM);
        message.Attribute(Nft.NFTA_EXPR_NAME, name);
        data = message.Begin(Nft.NFTA_EXPR_DATA);
        return expression;
    }

    private NftRule End(int expression, int data)
    {
        message.End(data).End(expression);
        return this;
    }

    private void Register(ushort attribute, int register) => Number(attribute, Nft.NFT_REG32_00 + register);

    private void Number(ushort attribute, int value) => message.Attribute(attribute, BinaryPrimitives.ReverseEndianness(value));

    private void Value(ushort attribute, ReadOnlySpan<byte> value)
    {
        int data = message.Begin(attribute);
        message.Attribute(Nft.NFTA_DATA_VALUE, value).End(data);
    }
}
