namespace NsFixture;

/// <summary>A question that a sandbox's name server was asked.</summary>
/// <param name="Host">The name of the host that asked.</param>
/// <param name="Name">The name it asked for, in lower case, without the last dot.</param>
/// <param name="Type">The type of records; numbers without a name are types that the server does not know.</param>
/// <param name="OverTcp">Whether it asked by TCP.</param>
/// <param name="Answer">What it was told: <c>NOERROR</c>, <c>NODATA</c>, <c>NXDOMAIN</c>, or what was made to go wrong: <c>ServFail</c>, <c>NoAnswer</c>…</param>
public sealed record DnsQuery(string Host, string Name, DnsRecordType Type, bool OverTcp, string Answer);
