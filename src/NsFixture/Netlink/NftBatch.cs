using System.Buffers.Binary;

namespace NsFixture.Netlink;

/// <summary>
/// Changes to the tables of nf_tables that take place together or not at all (nfnetlink's batches). Tables belong to a network
/// namespace; the calls of one batch may build on one another.
/// </summary>
/// <param name="isFirst">Nothing is in the way in a namespace that has just been made. To remove it all the same would have the socket, when it is closed, wait for some milliseconds (nft_rcv_nl_event).</param>
internal sealed class NftBatch(bool isFirst = false)
{
    private const int SetSize = 65536;
    private readonly List<(NetlinkMessage Message, string What)> messages = [];
    private byte family;
    private string table = "";
    private (NetlinkMessage Message, int Expressions)? openRule;
    private int sets;

    /// <summary>The messages in order, each with what it is to do.</summary>
    public IReadOnlyList<(NetlinkMessage Message, string What)> Messages
    {
        get
        {
            EndRule();
            return messages;
        }
    }

    /// <summary>A table in the place of one of that name, if there is one; what follows is about it.</summary>
    /// <param name="family">NFPROTO_INET, NFPROTO_IPV4 or NFPROTO_IPV6.</param>
    /// <param name="name">Unique in the family.</param>
    public NftBatch Table(byte family, string name)
    {
        RemoveTable(family, name);
        Message(Nft.NFT_MSG_NEWTABLE, Nl.NLM_F_CREATE, $"create table {name}").Attribute(Nft.NFTA_TABLE_NAME, name);
        return this;
    }

    /// <summary>Removes a table, if there is one; what follows is about it.</summary>
    public NftBatch RemoveTable(byte family, string name)
    {
        InTable(family, name);
        if (isFirst)
            return this;
        // Only what exists may be removed, so it is made first; a request that would do both is of Linux 6.3.
        Message(Nft.NFT_MSG_NEWTABLE, Nl.NLM_F_CREATE, $"create table {name}").Attribute(Nft.NFTA_TABLE_NAME, name);
        Message(Nft.NFT_MSG_DELTABLE, 0, $"remove table {name}").Attribute(Nft.NFTA_TABLE_NAME, name);
        return this;
    }

    /// <summary>What follows is about a table that is there.</summary>
    public NftBatch InTable(byte family, string name)
    {
        (this.family, table) = (family, name);
        return this;
    }

    /// <summary>A chain that packets come through.</summary>
    /// <param name="name">Unique in the table.</param>
    /// <param name="type"><c>filter</c> or <c>nat</c>.</param>
    /// <param name="hook">Where: NF_INET_PRE_ROUTING…</param>
    /// <param name="priority">Its place among the chains there: lower ones first.</param>
    public NftBatch Chain(string name, string type, int hook, int priority)
    {
        NetlinkMessage message = NewChain(name);
        int at = message.Begin(Nft.NFTA_CHAIN_HOOK);
        message.Attribute(Nft.NFTA_HOOK_HOOKNUM, BigEndian(hook)).Attribute(Nft.NFTA_HOOK_PRIORITY, BigEndian(priority)).End(at)
            .Attribute(Nft.NFTA_CHAIN_TYPE, type).Attribute(Nft.NFTA_CHAIN_POLICY, BigEndian(Nf.NF_ACCEPT));
        return this;
    }

    /// <summary>A chain that what comes in by a device, or goes out by it, comes through: of tables of NFPROTO_NETDEV.</summary>
    /// <param name="name">Unique in the table.</param>
    /// <param name="hook">NF_NETDEV_INGRESS or NF_NETDEV_EGRESS.</param>
    /// <param name="priority">Its place among the chains there: lower ones first.</param>
    /// <param name="device">The device's name.</param>
    public NftBatch Chain(string name, int hook, int priority, string device)
    {
        NetlinkMessage message = NewChain(name);
        int at = message.Begin(Nft.NFTA_CHAIN_HOOK);
        message.Attribute(Nft.NFTA_HOOK_HOOKNUM, BigEndian(hook)).Attribute(Nft.NFTA_HOOK_PRIORITY, BigEndian(priority)).Attribute(Nft.NFTA_HOOK_DEV, device).End(at)
            .Attribute(Nft.NFTA_CHAIN_TYPE, "filter").Attribute(Nft.NFTA_CHAIN_POLICY, BigEndian(Nf.NF_ACCEPT));
        return this;
    }

    /// <summary>A chain that other chains go to.</summary>
    public NftBatch Chain(string name)
    {
        NewChain(name);
        return this;
    }

    /// <summary>A set, or a map, that rules put into; each element ends after a time.</summary>
    /// <param name="name">Unique in the table.</param>
    /// <param name="key">What a key is made of.</param>
    /// <param name="value">What it maps to; empty: it is a set.</param>
    public NftBatch Set(string name, ReadOnlySpan<NftField> key, params ReadOnlySpan<NftField> value)
    {
        NetlinkMessage message = Message(Nft.NFT_MSG_NEWSET, Nl.NLM_F_CREATE, $"create set {name}")
            .Attribute(Nft.NFTA_SET_TABLE, table).Attribute(Nft.NFTA_SET_NAME, name)
            .Attribute(Nft.NFTA_SET_FLAGS, BigEndian((int)(Nft.NFT_SET_TIMEOUT | Nft.NFT_SET_EVAL | (value.Length > 0 ? Nft.NFT_SET_MAP : 0))))
            .Attribute(Nft.NFTA_SET_KEY_TYPE, BigEndian(NftField.Type(key))).Attribute(Nft.NFTA_SET_KEY_LEN, BigEndian(NftField.Length(key)));
        if (value.Length > 0)
            message.Attribute(Nft.NFTA_SET_DATA_TYPE, BigEndian(NftField.Type(value))).Attribute(Nft.NFTA_SET_DATA_LEN, BigEndian(NftField.Length(value)));
        message.Attribute(Nft.NFTA_SET_ID, BigEndian(++sets));
        int at = message.Begin(Nft.NFTA_SET_DESC);
        message.Attribute(Nft.NFTA_SET_DESC_SIZE, BigEndian(SetSize)).End(at);
        return this;
    }

    /// <summary>An element that stays.</summary>
    /// <param name="set">Of which set, or map.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">What it maps to; empty: it is of a set.</param>
    public NftBatch Element(string set, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value = default)
    {
        NetlinkMessage message = Message(Nft.NFT_MSG_NEWSETELEM, Nl.NLM_F_CREATE, $"add to set {set}")
            .Attribute(Nft.NFTA_SET_ELEM_LIST_TABLE, table).Attribute(Nft.NFTA_SET_ELEM_LIST_SET, set);
        int list = message.Begin(Nft.NFTA_SET_ELEM_LIST_ELEMENTS), element = message.Begin(Nft.NFTA_LIST_ELEM), at = message.Begin(Nft.NFTA_SET_ELEM_KEY);
        message.Attribute(Nft.NFTA_DATA_VALUE, key).End(at);
        if (value.Length > 0)
        {
            at = message.Begin(Nft.NFTA_SET_ELEM_DATA);
            message.Attribute(Nft.NFTA_DATA_VALUE, value).End(at);
        }
        message.End(element).End(list);
        return this;
    }

    /// <summary>Empties a set.</summary>
    public NftBatch Empty(string set)
    {
        Message(Nft.NFT_MSG_DELSETELEM, 0, $"empty set {set}").Attribute(Nft.NFTA_SET_ELEM_LIST_TABLE, table).Attribute(Nft.NFTA_SET_ELEM_LIST_SET, set);
        return this;
    }

    /// <summary>A rule at the end of a chain; it ends with the next call to this batch.</summary>
    public NftRule Rule(string chain)
    {
        NetlinkMessage message = Message(Nft.NFT_MSG_NEWRULE, (ushort)(Nl.NLM_F_CREATE | Nl.NLM_F_APPEND), $"add a rule to chain {chain}")
            .Attribute(Nft.NFTA_RULE_TABLE, table).Attribute(Nft.NFTA_RULE_CHAIN, chain);
        openRule = (message, message.Begin(Nft.NFTA_RULE_EXPRESSIONS));
        return new NftRule(message);
    }

    private NetlinkMessage NewChain(string name) => Message(Nft.NFT_MSG_NEWCHAIN, Nl.NLM_F_CREATE, $"create chain {name}")
        .Attribute(Nft.NFTA_CHAIN_TABLE, table).Attribute(Nft.NFTA_CHAIN_NAME, name);

    private NetlinkMessage Message(ushort type, ushort flags, string what)
    {
        EndRule();
        var message = new NetlinkMessage((ushort)((Nfnl.NFNL_SUBSYS_NFTABLES << 8) | type), flags, acknowledged: false)
            .Fixed(new NfGenMsg { nfgen_family = family });
        messages.Add((message, what));
        return message;
    }

    private void EndRule()
    {
        if (openRule is { } rule)
            rule.Message.End(rule.Expressions);
        openRule = null;
    }

    private static int BigEndian(int value) => BinaryPrimitives.ReverseEndianness(value);
}

/// <summary>What part of a key or value is, in bytes; the kernel pads each to whole registers.</summary>
/// <param name="Number">By which <c>nft list ruleset</c> knows how to show it; the kernel does not look at it.</param>
/// <param name="Size">In bytes.</param>
internal readonly record struct NftField(int Number, int Size)
{
    public static NftField IPv4 => new(7, 4);

    public static NftField IPv6 => new(8, 16);

    public static NftField HardwareAddress => new(9, 6);

    public static NftField Link => new(20, 4);

    public static NftField Protocol => new(12, 1);

    public static NftField Port => new(13, 2);

    /// <summary>How many registers it takes.</summary>
    public int Registers => (Size + 3) / 4;

    public static int Type(ReadOnlySpan<NftField> fields)
    {
        int type = 0;
        foreach (NftField field in fields)
            type = (type << 6) | field.Number;
        return type;
    }

    public static int Length(ReadOnlySpan<NftField> fields)
    {
        if (fields.Length == 1)
            return fields[0].Size;
        int length = 0;
        foreach (NftField field in fields)
            length += field.Registers * 4;
        return length;
    }
}
