// The numbers of nfnetlink, nf_tables and conntrack, under their C names; checked against the headers like those of Linux/Constants.cs.
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Netlink;

[CHeader("linux/netfilter/nfnetlink.h")]
internal static class Nfnl
{
    public const int NFNL_SUBSYS_NFTABLES = 10;
    public const int NFNL_SUBSYS_CTNETLINK = 1;
    public const ushort NFNL_MSG_BATCH_BEGIN = 16;
    public const ushort NFNL_MSG_BATCH_END = 17;
}

[CHeader("linux/netfilter/nfnetlink.h", CName = "struct nfgenmsg")]
[StructLayout(LayoutKind.Sequential)]
internal struct NfGenMsg
{
    public byte nfgen_family;
    public byte version;
    public ushort res_id;
}

[CHeader("linux/netfilter.h")]
internal static class Nf
{
    public const byte NFPROTO_INET = 1;
    public const byte NFPROTO_IPV4 = 2;
    public const byte NFPROTO_NETDEV = 5;
    public const byte NFPROTO_IPV6 = 10;
    public const int NF_NETDEV_INGRESS = 0;
    public const int NF_NETDEV_EGRESS = 1;
    public const int NF_INET_PRE_ROUTING = 0;
    public const int NF_INET_LOCAL_IN = 1;
    public const int NF_INET_FORWARD = 2;
    public const int NF_INET_LOCAL_OUT = 3;
    public const int NF_INET_POST_ROUTING = 4;
    public const int NF_DROP = 0;
    public const int NF_ACCEPT = 1;
}

[CHeader("linux/netfilter/nf_tables.h")]
internal static class Nft
{
    public const ushort NFT_MSG_NEWTABLE = 0;
    public const ushort NFT_MSG_DELTABLE = 2;
    public const ushort NFT_MSG_NEWCHAIN = 3;
    public const ushort NFT_MSG_NEWRULE = 6;
    public const ushort NFT_MSG_NEWSET = 9;
    public const ushort NFT_MSG_NEWSETELEM = 12;
    public const ushort NFT_MSG_DELSETELEM = 14;
    public const ushort NFTA_TABLE_NAME = 1;
    public const ushort NFTA_CHAIN_TABLE = 1;
    public const ushort NFTA_CHAIN_NAME = 3;
    public const ushort NFTA_CHAIN_HOOK = 4;
    public const ushort NFTA_CHAIN_POLICY = 5;
    public const ushort NFTA_CHAIN_TYPE = 7;
    public const ushort NFTA_HOOK_HOOKNUM = 1;
    public const ushort NFTA_HOOK_PRIORITY = 2;
    public const ushort NFTA_HOOK_DEV = 3;
    public const ushort NFTA_RULE_TABLE = 1;
    public const ushort NFTA_RULE_CHAIN = 2;
    public const ushort NFTA_RULE_EXPRESSIONS = 4;
    public const ushort NFTA_LIST_ELEM = 1;
    public const ushort NFTA_EXPR_NAME = 1;
    public const ushort NFTA_EXPR_DATA = 2;
    public const ushort NFTA_SET_TABLE = 1;
    public const ushort NFTA_SET_NAME = 2;
    public const ushort NFTA_SET_FLAGS = 3;
    public const ushort NFTA_SET_KEY_TYPE = 4;
    public const ushort NFTA_SET_KEY_LEN = 5;
    public const ushort NFTA_SET_DATA_TYPE = 6;
    public const ushort NFTA_SET_DATA_LEN = 7;
    public const ushort NFTA_SET_DESC = 9;
    public const ushort NFTA_SET_DESC_SIZE = 1;
    public const ushort NFTA_SET_ID = 10;
    public const uint NFT_SET_MAP = 8;
    public const uint NFT_SET_TIMEOUT = 16;
    public const uint NFT_SET_EVAL = 32;
    public const ushort NFTA_SET_ELEM_LIST_TABLE = 1;
    public const ushort NFTA_SET_ELEM_LIST_SET = 2;
    public const ushort NFTA_SET_ELEM_LIST_SET_ID = 4;
    public const ushort NFTA_SET_ELEM_LIST_ELEMENTS = 3;
    public const ushort NFTA_SET_ELEM_KEY = 1;
    public const ushort NFTA_SET_ELEM_DATA = 2;
    public const ushort NFTA_DATA_VALUE = 1;
    public const ushort NFTA_DATA_VERDICT = 2;
    public const ushort NFTA_VERDICT_CODE = 1;
    public const ushort NFTA_VERDICT_CHAIN = 2;
    public const int NFT_REG_VERDICT = 0;
    public const int NFT_REG32_00 = 8;
    public const int NFT_GOTO = -4;
    public const int NFT_RETURN = -5;
    public const ushort NFTA_IMMEDIATE_DREG = 1;
    public const ushort NFTA_IMMEDIATE_DATA = 2;
    public const ushort NFTA_BITWISE_SREG = 1;
    public const ushort NFTA_BITWISE_DREG = 2;
    public const ushort NFTA_BITWISE_LEN = 3;
    public const ushort NFTA_BITWISE_MASK = 4;
    public const ushort NFTA_BITWISE_XOR = 5;
    public const ushort NFTA_BYTEORDER_SREG = 1;
    public const ushort NFTA_BYTEORDER_DREG = 2;
    public const ushort NFTA_BYTEORDER_OP = 3;
    public const ushort NFTA_BYTEORDER_LEN = 4;
    public const ushort NFTA_BYTEORDER_SIZE = 5;
    public const int NFT_BYTEORDER_HTON = 1;
    public const ushort NFTA_CMP_SREG = 1;
    public const ushort NFTA_CMP_OP = 2;
    public const ushort NFTA_CMP_DATA = 3;
    public const int NFT_CMP_EQ = 0;
    public const int NFT_CMP_NEQ = 1;
    public const int NFT_CMP_LT = 2;
    public const int NFT_CMP_LTE = 3;
    public const int NFT_CMP_GT = 4;
    public const int NFT_CMP_GTE = 5;
    public const ushort NFTA_LOOKUP_SET = 1;
    public const ushort NFTA_LOOKUP_SREG = 2;
    public const ushort NFTA_LOOKUP_DREG = 3;
    public const ushort NFTA_LOOKUP_FLAGS = 5;
    public const int NFT_LOOKUP_F_INV = 1;
    public const ushort NFTA_DYNSET_SET_NAME = 1;
    public const ushort NFTA_DYNSET_OP = 3;
    public const ushort NFTA_DYNSET_SREG_KEY = 4;
    public const ushort NFTA_DYNSET_SREG_DATA = 5;
    public const ushort NFTA_DYNSET_TIMEOUT = 6;
    public const int NFT_DYNSET_OP_ADD = 0;
    public const int NFT_DYNSET_OP_UPDATE = 1;
    public const int NFT_DYNSET_OP_DELETE = 2;
    public const ushort NFTA_DUP_SREG_DEV = 2;
    public const ushort NFTA_FWD_SREG_DEV = 1;
    public const ushort NFTA_PAYLOAD_DREG = 1;
    public const ushort NFTA_PAYLOAD_BASE = 2;
    public const ushort NFTA_PAYLOAD_OFFSET = 3;
    public const ushort NFTA_PAYLOAD_LEN = 4;
    public const int NFT_PAYLOAD_LL_HEADER = 0;
    public const int NFT_PAYLOAD_NETWORK_HEADER = 1;
    public const int NFT_PAYLOAD_TRANSPORT_HEADER = 2;
    public const ushort NFTA_META_DREG = 1;
    public const ushort NFTA_META_KEY = 2;
    public const int NFT_META_IIFNAME = 6;
    public const int NFT_META_OIFNAME = 7;
    public const int NFT_META_PROTOCOL = 1;
    public const int NFT_META_NFPROTO = 15;
    public const int NFT_META_L4PROTO = 16;
    public const ushort NFTA_CT_DREG = 1;
    public const ushort NFTA_CT_KEY = 2;
    public const ushort NFTA_CT_DIRECTION = 3;
    public const int NFT_CT_STATE = 0;
    public const int NFT_CT_DIRECTION = 1;
    public const int NFT_CT_STATUS = 2;
    public const int NFT_CT_EXPIRATION = 5;
    public const int NFT_CT_DST_IP = 20;
    public const int NFT_CT_DST_IP6 = 22;
    public const ushort NFTA_NAT_TYPE = 1;
    public const ushort NFTA_NAT_FAMILY = 2;
    public const ushort NFTA_NAT_REG_ADDR_MIN = 3;
    public const ushort NFTA_NAT_REG_ADDR_MAX = 4;
    public const ushort NFTA_NAT_REG_PROTO_MIN = 5;
    public const ushort NFTA_NAT_FLAGS = 7;
    public const int NFT_NAT_SNAT = 0;
    public const int NFT_NAT_DNAT = 1;
    public const ushort NFTA_MASQ_REG_PROTO_MIN = 2;
    public const ushort NFTA_NG_DREG = 1;
    public const ushort NFTA_NG_MODULUS = 2;
    public const ushort NFTA_NG_TYPE = 3;
    public const ushort NFTA_NG_OFFSET = 4;
    public const int NFT_NG_INCREMENTAL = 0;
    public const int NFT_NG_RANDOM = 1;
    public const ushort NFTA_REJECT_TYPE = 1;
    public const ushort NFTA_REJECT_ICMP_CODE = 2;
    public const int NFT_REJECT_ICMPX_UNREACH = 2;
    public const int NFT_REJECT_TCP_RST = 1;
    public const int NFT_REJECT_ICMPX_ADMIN_PROHIBITED = 3;
}

[CHeader("linux/netfilter/nf_nat.h")]
internal static class NfNat
{
    public const int NF_NAT_RANGE_NETMAP = 64;
}

[CHeader("linux/netfilter/nf_conntrack_common.h")]
internal static class NfCt
{
    public const int IPS_DST_NAT = 32;
    public const int NF_CT_STATE_INVALID_BIT = 1;
}

[CHeader("linux/netfilter/nf_conntrack_tuple_common.h")]
internal static class NfCtDirection
{
    public const int IP_CT_DIR_ORIGINAL = 0;
    public const int IP_CT_DIR_REPLY = 1;
}

[CHeader("linux/netfilter/nfnetlink_conntrack.h")]
internal static class CtNl
{
    public const ushort IPCTNL_MSG_CT_DELETE = 2;
}
