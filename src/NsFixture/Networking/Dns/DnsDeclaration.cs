using System.Diagnostics.CodeAnalysis;

namespace NsFixture;

/// <summary>
/// What the name server of a sandbox says besides the hosts' own names and addresses, as declared. Immutable: each method gives
/// another one. Names have no last dot; one label alone, such as <c>api</c>, is known by that and with the domain after it; <c>*.example.com</c>
/// stands for all names below that have no records themselves.
/// </summary>
/// <example>
/// <code>
/// Topology.Of("web1", "web2").WithDns(d => d
///     .A("web.example.com", "10.0.0.3", "10.0.0.4")
///     .Cname("www.example.com", "web.example.com")
///     .Srv("_http._tcp.example.com", "web1", 8080)
///     .Fail("broken.example.com", DnsFailure.ServFail));
/// </code>
/// </example>
public sealed record DnsDeclaration
{
    internal const string DefaultDomain = "internal";

    internal DnsDeclaration()
    {
    }

    internal string? Domain { get; init; }

    internal bool InHostsFile { get; init; } = true;

    internal bool HasDns64 { get; init; }

    internal TimeSpan Ttl { get; init; }

    internal IReadOnlyList<RecordDeclaration> Records { get; init; } = [];

    internal IReadOnlyList<BehaviourDeclaration> Behaviours { get; init; } = [];

    /// <summary>Sets the domain that hosts are in: <c>server</c> is <c>server.corp.example</c> as well, and programs search there. Default: <c>internal</c>.</summary>
    /// <param name="domain">A DNS name.</param>
    public DnsDeclaration WithDomain(string domain) => this with { Domain = domain };

    /// <summary>Sets how long resolvers may keep what is declared here. Default: not at all, so that a change counts at once.</summary>
    /// <param name="ttl">0 s to 68 years, in seconds.</param>
    public DnsDeclaration WithTtl(TimeSpan ttl) => this with { Ttl = ttl };

    /// <summary>
    /// Leaves the names of other hosts out of every host's /etc/hosts, so that programs ask the name server for them too: those
    /// that are in /etc/hosts they do not ask for.
    /// </summary>
    public DnsDeclaration WithoutHostsFile() => this with { InHostsFile = false };

    /// <summary>
    /// Tells hosts without IPv4, of names without IPv6, the addresses that lead to the IPv4 ones through a NAT64 (RFC 6147): see
    /// <see cref="Nat.WithNat64"/>. Their /etc/hosts does too.
    /// </summary>
    public DnsDeclaration WithDns64() => this with { HasDns64 = true };

    /// <summary>Gives a name IPv4 addresses, instead of those it had.</summary>
    /// <param name="name">The name; a host's own may be lied about.</param>
    /// <param name="addresses">One or more, answered in this order.</param>
    public DnsDeclaration A(string name, params string[] addresses) => With(name, DnsRecordType.A, addresses);

    /// <summary>Gives a name IPv6 addresses, instead of those it had.</summary>
    /// <param name="name">The name; a host's own may be lied about.</param>
    /// <param name="addresses">One or more, answered in this order.</param>
    public DnsDeclaration Aaaa(string name, params string[] addresses) => With(name, DnsRecordType.Aaaa, addresses);

    /// <summary>Makes a name stand for another.</summary>
    /// <param name="name">The name, which then can have no other records.</param>
    /// <param name="target">What it stands for; need not exist.</param>
    public DnsDeclaration Cname(string name, string target) => With(name, DnsRecordType.Cname, target);

    /// <summary>Gives an address another name than its host's.</summary>
    /// <param name="address">IPv4 or IPv6.</param>
    /// <param name="name">What a reverse lookup finds.</param>
    [SuppressMessage("Naming", "CA1720", Justification = "What it is called in DNS.")]
    public DnsDeclaration Ptr(string address, string name) => With(address, DnsRecordType.Ptr, name);

    /// <summary>Adds a place where a service is.</summary>
    /// <param name="name">The service: <c>_http._tcp.example.com</c>.</param>
    /// <param name="target">The host's name.</param>
    /// <param name="port">The port there.</param>
    /// <param name="priority">Lower ones are tried first; 0 to 65,535.</param>
    /// <param name="weight">How often among equals; 0 to 65,535.</param>
    public DnsDeclaration Srv(string name, string target, int port, int priority = 0, int weight = 0) => With(name, DnsRecordType.Srv, [target], priority, weight, port);

    /// <summary>Adds a host that takes mail for a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="target">The host's name.</param>
    /// <param name="preference">Lower ones are tried first; 0 to 65,535.</param>
    public DnsDeclaration Mx(string name, string target, int preference = 10) => With(name, DnsRecordType.Mx, [target], preference);

    /// <summary>Adds a text.</summary>
    /// <param name="name">The name.</param>
    /// <param name="text">Any text, in UTF-8; resolvers see it in strings of at most 255 bytes.</param>
    public DnsDeclaration Txt(string name, string text) => With(name, DnsRecordType.Txt, text);

    /// <summary>Makes answers about a name late. A host's resolver waits one second, twice, as its /etc/resolv.conf says.</summary>
    /// <param name="name">The name, or <c>*.example.com</c>, or <c>*</c> for all.</param>
    /// <param name="delay">0 to 60 s.</param>
    public DnsDeclaration Delay(string name, TimeSpan delay) => this with { Behaviours = [.. Behaviours, new BehaviourDeclaration(name, null, delay, 0)] };

    /// <summary>Makes questions about a name go wrong.</summary>
    /// <param name="name">The name, or <c>*.example.com</c>, or <c>*</c> for all.</param>
    /// <param name="failure">How.</param>
    /// <param name="times">How many questions; 0: all. A program asks once for IPv4 and once for IPv6.</param>
    public DnsDeclaration Fail(string name, DnsFailure failure, int times = 0) => this with { Behaviours = [.. Behaviours, new BehaviourDeclaration(name, failure, default, times)] };

    private DnsDeclaration With(string name, DnsRecordType type, params string[] values) => With(name, type, values, []);

    private DnsDeclaration With(string name, DnsRecordType type, string[] values, params int[] numbers) =>
        this with { Records = [.. Records, new RecordDeclaration(name, type, values, numbers)] };
}

/// <summary>Records of one name and type as declared: values as in a zone file, numbers before them.</summary>
internal sealed record RecordDeclaration(string Name, DnsRecordType Type, IReadOnlyList<string> Values, IReadOnlyList<int> Numbers);

/// <summary>What happens to questions for a name, as declared: a failure, or else a delay.</summary>
internal sealed record BehaviourDeclaration(string Name, DnsFailure? Failure, TimeSpan Delay, int Times);
