using System.Net;
using System.Net.Sockets;

namespace NsFixture.Networking;

/// <summary>
/// What the name server knows: the hosts' names and addresses both ways, and the records that were declared, which come before
/// those. A host with several addresses is answered as its /etc/hosts says: those on a network of the asker's first.
/// </summary>
internal sealed class DnsZone
{
    private const int MaxAliases = 8;
    private readonly Dictionary<string, List<DnsRecord>> declared = [];
    private readonly HashSet<string> forgotten = []; // hosts' names, and of their addresses, that count no more
    private readonly Dictionary<string, PlannedHost> hosts = [];
    private readonly Dictionary<string, PlannedHost> reverse = [];

    private readonly bool ipv6;
    private NetworkPlan plan;

    /// <param name="plan">The hosts.</param>
    /// <param name="ipv6">Whether the kernel has IPv6; without it, hosts have no such addresses.</param>
    public DnsZone(NetworkPlan plan, bool ipv6)
    {
        (this.plan, this.ipv6) = (plan, ipv6);
        SetHosts(plan);
    }

    /// <summary>Knows the hosts of another plan from now on; what was declared of names, or forgotten, stays.</summary>
    public void SetHosts(NetworkPlan current)
    {
        plan = current;
        hosts.Clear();
        reverse.Clear();
        foreach (PlannedHost host in plan.Present)
        {
            foreach (string name in host.DnsNames.Prepend(host.Name))
                hosts[name.ToLowerInvariant()] = host;
            foreach (NetworkAddress address in Addresses(host))
            {
                reverse.TryAdd(DnsPlanner.ReverseName(address.Address), host);
                if (plan.Dns is { HasDns64: true } && address.Address.AddressFamily == AddressFamily.InterNetwork)
                    reverse.TryAdd(DnsPlanner.ReverseName(Nat64Translator.Mapped(address.Address)), host);
            }
        }
    }

    public string Domain => plan.Dns?.Domain ?? DnsDeclaration.DefaultDomain;

    /// <summary>Takes records in; each set of a name and a type takes the place of the one there was.</summary>
    public void Set(IReadOnlyList<DnsRecord> records)
    {
        foreach (DnsRecord record in records)
        {
            if (!declared.TryGetValue(record.Name, out List<DnsRecord>? own))
                declared[record.Name] = own = [];
            own.RemoveAll(r => !records.Contains(r) && (r.Type == record.Type || r.Type == DnsRecordType.Cname || record.Type == DnsRecordType.Cname));
            own.Add(record);
        }
    }

    /// <summary>Forgets a name, and what it means as a host's: there is none any more, until it is given records.</summary>
    public void Remove(string name)
    {
        declared.Remove(name);
        forgotten.Add(name);
    }

    /// <summary>What a name is called here: a label without the domain, if that is how it is known.</summary>
    public string Known(string name) =>
        !Has(name) && name.EndsWith('.' + Domain, StringComparison.Ordinal) && name[..^(Domain.Length + 1)] is { Length: > 0 } shorter && !shorter.Contains('.', StringComparison.Ordinal) && (Has(shorter) || forgotten.Contains(shorter)) ? shorter : name;

    /// <summary>The records of a name for one of the hosts, aliases followed.</summary>
    /// <param name="asker">Who asks.</param>
    /// <param name="name">In lower case, without the last dot.</param>
    /// <param name="type">Their type.</param>
    /// <param name="answers">The records, named as they were asked for.</param>
    public DnsCode Find(PlannedHost asker, string name, DnsRecordType type, List<DnsRecord> answers)
    {
        for (int aliases = 0; aliases <= MaxAliases; aliases++)
        {
            if (RecordsOf(asker, name) is not { } records)
                return DnsCode.NxDomain;
            if (type == DnsRecordType.Aaaa && plan.IsOnDns64(asker) && !records.Exists(r => r.Type is DnsRecordType.Aaaa or DnsRecordType.Cname))
                records.AddRange(records.Where(r => r.Type == DnsRecordType.A).ToArray().Select(r => r with { Type = DnsRecordType.Aaaa, Data = Nat64Translator.Mapped(new IPAddress(r.Data)).GetAddressBytes() }));
            DnsRecord? alias = records.FirstOrDefault(r => r.Type == DnsRecordType.Cname);
            answers.AddRange((alias == null || type is DnsRecordType.Any or DnsRecordType.Cname ? records.Where(r => r.Type == type || type == DnsRecordType.Any) : [alias]).Select(r => r with { Name = name }));
            if (alias == null || type is DnsRecordType.Any or DnsRecordType.Cname)
                return DnsCode.NoError;
            int at = 0;
            if (!DnsMessage.TryReadName(alias.Data, ref at, out string? target))
                return DnsCode.ServFail;
            name = target;
        }
        answers.Clear();
        return DnsCode.ServFail; // aliases of one another
    }

    /// <summary>Whether nobody else can know a name: it is of the domain, or was forgotten.</summary>
    public bool IsOwn(string name) => name == Domain || name.EndsWith('.' + Domain, StringComparison.Ordinal) || forgotten.Contains(name);

    /// <summary>Whether there are names below it, and so itself.</summary>
    private bool IsEmptyName(string name) =>
        name.Length == 0 || name == Domain || declared.Keys.Concat(hosts.Keys.Concat(reverse.Keys).Except(forgotten)).Any(n => n.EndsWith('.' + name, StringComparison.Ordinal));

    private bool Has(string name) => declared.ContainsKey(name) || (!forgotten.Contains(name) && (hosts.ContainsKey(name) || reverse.ContainsKey(name)));

    /// <summary>Null: there is no such name.</summary>
    private List<DnsRecord>? RecordsOf(PlannedHost asker, string name)
    {
        name = Known(name);
        if (Has(name))
            return [.. Declared(name), .. Own(asker, name)];
        if (IsEmptyName(name))
            return [];
        // The wildcard that counts is that of the nearest name above that exists (RFC 4592, 3.3.1).
        for (int dot = name.IndexOf('.'); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            string above = name[(dot + 1)..];
            if (declared.TryGetValue("*." + above, out List<DnsRecord>? wildcard))
                return [.. wildcard];
            if (Has(above) || IsEmptyName(above))
                return null;
        }
        return null;
    }

    private List<DnsRecord> Declared(string name) => declared.GetValueOrDefault(name) ?? [];

    private IEnumerable<DnsRecord> Own(PlannedHost asker, string name)
    {
        if (forgotten.Contains(name))
            yield break;
        bool Hides(DnsRecordType type) => Declared(name).Any(r => r.Type == type || r.Type == DnsRecordType.Cname);
        if (reverse.TryGetValue(name, out PlannedHost? owner) && !Hides(DnsRecordType.Ptr))
            yield return new DnsRecord(name, DnsRecordType.Ptr, 0, DnsMessage.Encode($"{owner.Name}.{Domain}".ToLowerInvariant()));
        if (!hosts.TryGetValue(name, out PlannedHost? host))
            yield break;
        foreach (NetworkAddress address in Addresses(host).OrderBy(a => !IsNear(asker, host, a)))
        {
            DnsRecordType type = address.Address.AddressFamily == AddressFamily.InterNetwork ? DnsRecordType.A : DnsRecordType.Aaaa;
            if (!Hides(type))
                yield return new DnsRecord(name, type, 0, address.Address.GetAddressBytes());
        }
    }

    private static bool IsNear(PlannedHost asker, PlannedHost host, NetworkAddress address) =>
        host.Interfaces.Any(i => i.Addresses.Contains(address) && asker.Interfaces.Any(own => own.Network == i.Network));

    private IEnumerable<NetworkAddress> Addresses(PlannedHost host) =>
        host.Interfaces.SelectMany(i => i.Addresses).Where(a => ipv6 || a.Address.AddressFamily == AddressFamily.InterNetwork);
}
