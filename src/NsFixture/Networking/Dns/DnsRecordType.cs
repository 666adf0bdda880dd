using System.Diagnostics.CodeAnalysis;

namespace NsFixture;

/// <summary>The types of DNS records that a sandbox's name server has, by their numbers (RFC 1035, RFC 2782, RFC 3596).</summary>
public enum DnsRecordType
{
    /// <summary>An IPv4 address.</summary>
    A = 1,

    /// <summary>A name server; there are none to be told of, and questions for it get no data.</summary>
    Ns = 2,

    /// <summary>The name that this one stands for.</summary>
    Cname = 5,

    /// <summary>The start of a zone; goes with answers that there is nothing.</summary>
    Soa = 6,

    /// <summary>The name of an address.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "What it is called in DNS.")]
    Ptr = 12,

    /// <summary>Where mail for the name goes.</summary>
    Mx = 15,

    /// <summary>Text.</summary>
    Txt = 16,

    /// <summary>An IPv6 address.</summary>
    Aaaa = 28,

    /// <summary>The host and port of a service.</summary>
    Srv = 33,

    /// <summary>In questions only: all there is.</summary>
    Any = 255,
}
