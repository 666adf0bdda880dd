using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NsFixture.Networking;

/// <summary>Makes a <see cref="PlannedDns"/> of what was declared, or names all that is wrong with it.</summary>
internal sealed class DnsPlanner
{
    private const int MaxText = 60_000; // a message has at most 65,535 bytes (RFC 1035, 4.2.2)
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(60), MaxTtl = TimeSpan.FromSeconds(int.MaxValue);

    private readonly List<string> problems;
    private readonly List<DnsRecord> records = [];

    private DnsPlanner(List<string> problems) => this.problems = problems;

    /// <summary>Null where nothing was declared.</summary>
    public static PlannedDns? Plan(DnsDeclaration? declared, List<string> problems) => declared == null ? null : new DnsPlanner(problems).Plan(declared);

    /// <summary>Of what is changed while a test runs.</summary>
    /// <exception cref="ArgumentException">Something is wrong with it; all that is.</exception>
    public static PlannedDns Changes(DnsDeclaration declared)
    {
        var problems = new List<string>();
        PlannedDns planned = new DnsPlanner(problems).Plan(declared);
        return problems.Count == 0 ? planned : throw new ArgumentException(string.Join(Environment.NewLine, problems));
    }

    private PlannedDns Plan(DnsDeclaration declared)
    {
        string domain = declared.Domain ?? DnsDeclaration.DefaultDomain;
        if (!DnsName.IsName(domain))
            problems.Add($"Dns: Domain = \"{domain}\" is not a DNS name: {DnsName.NameRule}.");
        if (declared.Ttl < TimeSpan.Zero || declared.Ttl > MaxTtl)
            problems.Add($"Dns: Ttl = {declared.Ttl.TotalSeconds} s is out of range: 0 to {MaxTtl.TotalSeconds} s.");
        foreach (RecordDeclaration record in declared.Records)
            Add(record, (int)Math.Clamp(declared.Ttl.TotalSeconds, 0, int.MaxValue));
        foreach (DnsRecord alias in records.Where(r => r.Type == DnsRecordType.Cname))
            if (records.Exists(r => r.Name == alias.Name && r != alias))
                problems.Add($"Dns: \"{alias.Name}\" has a CNAME and other records: a name that stands for another one has none of its own.");
        return new PlannedDns(domain.ToLowerInvariant(), declared.InHostsFile, records, [.. declared.Behaviours.Select(Planned)]) { HasDns64 = declared.HasDns64 };
    }

    private void Add(RecordDeclaration declared, int ttl)
    {
        string title = $"Dns: {declared.Type.ToString().ToUpperInvariant()} \"{declared.Name}\"";
        string? name = declared.Type == DnsRecordType.Ptr ? ReverseName(declared.Name) : Owner(declared.Name);
        if (name == null)
            problems.Add(declared.Type == DnsRecordType.Ptr ? $"{title}: it is not an IPv4 or IPv6 address." : $"{title}: it is not a DNS name: {DnsName.RecordRule}.");
        if (declared.Values.Count == 0)
            problems.Add($"{title} has no address: give one or more.");
        foreach (int number in declared.Numbers.Where(n => n is < 0 or > ushort.MaxValue))
            problems.Add($"{title}: {number} is out of range: 0 to {ushort.MaxValue}.");
        foreach (string value in declared.Values)
            if (Data(declared, value, title) is { } data && name != null)
                records.Add(new DnsRecord(name, declared.Type, ttl, data));
    }

    private byte[]? Data(RecordDeclaration declared, string value, string title)
    {
        switch (declared.Type)
        {
            case DnsRecordType.A or DnsRecordType.Aaaa:
                AddressFamily family = declared.Type == DnsRecordType.A ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
                if (NetworkAddress.TryParse(value, out IPAddress? address) && address.AddressFamily == family)
                    return address.GetAddressBytes();
                problems.Add($"{title}: \"{value}\" is not an {NetworkAddress.Kind(family)} address.");
                return null;
            case DnsRecordType.Txt:
                byte[] text = Encoding.UTF8.GetBytes(value);
                if (text.Length > MaxText)
                    problems.Add($"{title}: the text has {text.Length} bytes; {MaxText} are the most.");
                return [.. text.Length == 0 ? [0] : text.Chunk(255).SelectMany(c => (byte[])[(byte)c.Length, .. c])];
            default:
                if (!DnsName.IsRecordName(value))
                {
                    problems.Add($"{title}: the target \"{value}\" is not a DNS name: {DnsName.RecordRule}.");
                    return null;
                }
                return [.. declared.Numbers.SelectMany(n => (byte[])[(byte)(n >> 8), (byte)n]), .. DnsMessage.Encode(value)];
        }
    }

    private DnsBehaviour Planned(BehaviourDeclaration declared)
    {
        string title = $"Dns: {declared.Failure?.ToString() ?? "Delay"} \"{declared.Name}\"";
        string? name = declared.Name == "*" ? "*" : ReverseName(declared.Name) ?? Owner(declared.Name);
        if (name == null)
            problems.Add($"{title}: it is not a DNS name: {DnsName.RecordRule}.");
        if (declared.Failure is { } failure && !Enum.IsDefined(failure))
            problems.Add($"{title} is unknown: use {string.Join(", ", Enum.GetNames<DnsFailure>())}.");
        if (declared.Delay < TimeSpan.Zero || declared.Delay > MaxDelay)
            problems.Add($"{title}: {declared.Delay.TotalMilliseconds} ms is out of range: 0 to {MaxDelay.TotalMilliseconds} ms.");
        if (declared.Times < 0)
            problems.Add($"{title}: {declared.Times} times is less than never: use 0 for always.");
        return new DnsBehaviour(name ?? "", declared.Failure, declared.Delay, declared.Times);
    }

    /// <summary>A name that records can be of, as it is stored; null: it is none.</summary>
    public static string? Owner(string name)
    {
        string rest = name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name;
        return DnsName.IsRecordName(rest) && name.Length <= 253 ? name.ToLowerInvariant() : null;
    }

    /// <summary>The name that stands for an address in reverse lookups (RFC 1035, 3.5; RFC 3596, 2.5); null: it is none.</summary>
    public static string? ReverseName(string address) => NetworkAddress.TryParse(address, out IPAddress? parsed) ? ReverseName(parsed) : null;

    public static string ReverseName(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        return bytes.Length == 4
            ? string.Join('.', bytes.Reverse()) + ".in-addr.arpa"
            : string.Join('.', Convert.ToHexStringLower(bytes).Reverse()) + ".ip6.arpa";
    }
}
