using System.Buffers.Binary;

namespace NsFixture.Networking;

/// <summary>What is sent back, and how late; no message: nothing is.</summary>
internal readonly record struct DnsReply(byte[]? Message, TimeSpan Delay)
{
    /// <summary>Whether others may know what this name server does not.</summary>
    public bool IsOthers { get; init; }
}

/// <summary>
/// Answers questions by a <see cref="DnsZone"/>, and wrongly where that was asked for. Keeps a list of them. It is the only name
/// server there is, so it knows all names: one it does not know does not exist.
/// </summary>
internal sealed class DnsAnswerer(DnsZone zone, IReadOnlyList<PlannedHost> hosts)
{
    private IReadOnlyList<PlannedHost> hosts = hosts;

    /// <summary>How many questions are remembered; the oldest go first.</summary>
    public const int MaxQueries = 10_000;

    private const int MaxTcp = ushort.MaxValue;
    private readonly List<Behaviour> behaviours = [];

    private sealed class Behaviour(DnsBehaviour planned)
    {
        public DnsBehaviour Planned => planned;

        public int Left { get; set; } = planned.Times == 0 ? int.MaxValue : planned.Times;
    }

    /// <summary>The questions so far, the oldest first.</summary>
    public Queue<DnsQuery> Queries { get; } = new();

    /// <summary>Whether there are others who may know the names that this one does not.</summary>
    public bool HasOthers { get; set; }

    /// <summary>How many were forgotten.</summary>
    public int Forgotten { get; private set; }

    public void Set(PlannedDns changes)
    {
        zone.Set(changes.Records);
        foreach (DnsBehaviour behaviour in changes.Behaviours)
        {
            behaviours.RemoveAll(b => b.Planned.Name == behaviour.Name && b.Planned.Failure.HasValue == behaviour.Failure.HasValue);
            behaviours.Add(new Behaviour(behaviour));
        }
    }

    /// <summary>Knows other hosts from now on.</summary>
    public void SetHosts(NetworkPlan plan)
    {
        hosts = plan.Hosts;
        zone.SetHosts(plan);
    }

    public void Remove(string name) => zone.Remove(zone.Known(name));

    /// <summary>Ends what goes wrong with a name; null: with all.</summary>
    public void Heal(string? name) => behaviours.RemoveAll(b => name == null || b.Planned.Name == name);

    /// <summary>The reply to a message, whatever bytes it is of.</summary>
    /// <param name="bytes">What came.</param>
    /// <param name="asker">The index of the host it came from.</param>
    /// <param name="overTcp">Whether it came by TCP.</param>
    public DnsReply Answer(ReadOnlySpan<byte> bytes, int asker, bool overTcp)
    {
        bool whole = DnsMessage.TryRead(bytes, out DnsMessage? query);
        if (query == null || query.IsResponse)
            return default;
        if (!whole || query.OpCode != 0 || query.Class is not (DnsMessage.InternetClass or (int)DnsRecordType.Any))
        {
            DnsCode refusal = query.OpCode != 0 ? DnsCode.NotImp : whole ? DnsCode.Refused : DnsCode.FormErr;
            return new DnsReply(Write(query, query.Question.Length > 0 ? query.Question : null, refusal, [], truncated: false), default);
        }
        TimeSpan delay = Applying(query.Name, failing: false)?.Planned.Delay ?? default;
        DnsFailure? failure = null;
        if (Applying(query.Name, failing: true) is { } failing && !(failing.Planned.Failure == DnsFailure.Truncated && overTcp))
        {
            failure = failing.Planned.Failure;
            failing.Left--;
        }
        List<DnsRecord> answers = [];
        DnsCode code = zone.Find(hosts[asker], query.Name, query.Type, answers);
        bool isOthers = HasOthers && code == DnsCode.NxDomain && failure == null && !zone.IsOwn(query.Name);
        Remember(new DnsQuery(hosts[asker].Name, query.Name, query.Type, overTcp, isOthers ? "forwarded" : failure?.ToString() ?? Describe(code, answers)));
        if (isOthers)
            return new DnsReply(null, delay) { IsOthers = true };
        return new DnsReply(Write(query, code, answers, failure, overTcp), delay);
    }

    public void ForgetQueries()
    {
        Queries.Clear();
        Forgotten = 0;
    }

    private static string Describe(DnsCode code, List<DnsRecord> answers) => code == DnsCode.NoError && answers.Count == 0 ? "NODATA" : code.ToString().ToUpperInvariant();

    private byte[]? Write(DnsMessage query, DnsCode code, List<DnsRecord> answers, DnsFailure? failure, bool overTcp)
    {
        byte[] Plain(DnsCode plain) => Write(query, query.Question, plain, [], truncated: false);
        byte[] right = Fit(query, code, answers, overTcp);
        switch (failure)
        {
            case DnsFailure.ServFail: return Plain(DnsCode.ServFail);
            case DnsFailure.Refused: return Plain(DnsCode.Refused);
            case DnsFailure.NxDomain: return Plain(DnsCode.NxDomain);
            case DnsFailure.NoData: return Plain(DnsCode.NoError);
            case DnsFailure.NoAnswer: return null;
            case DnsFailure.Truncated: return Write(query, query.Question, DnsCode.NoError, [], truncated: true);
            case DnsFailure.WrongId:
                BinaryPrimitives.WriteUInt16BigEndian(right, (ushort)~query.Id);
                return right;
            case DnsFailure.WrongQuestion:
                return Write(query, [.. DnsMessage.Encode("wrong.question.invalid"), .. query.Question[^4..]], code, answers, truncated: false);
            case DnsFailure.Malformed:
                byte[] broken = Write(query, query.Question, DnsCode.NoError, [new DnsRecord(query.Name, query.Type, 0, new byte[16])], truncated: false);
                return broken[..(DnsMessage.HeaderLength + query.Question.Length + 9)];
            default:
                return right;
        }
    }

    private byte[] Fit(DnsMessage query, DnsCode code, List<DnsRecord> answers, bool overTcp)
    {
        byte[] message = Write(query, query.Question, code, answers, truncated: false);
        return message.Length <= (overTcp ? MaxTcp : query.UdpSize) ? message
            : overTcp ? Write(query, query.Question, DnsCode.ServFail, [], truncated: false)
            : Write(query, query.Question, code, [], truncated: true);
    }

    private byte[] Write(DnsMessage query, byte[]? question, DnsCode code, List<DnsRecord> answers, bool truncated)
    {
        var message = new DnsWriter(query, question, code, truncated);
        foreach (DnsRecord answer in answers)
            message.Add(answer);
        // Says that there is nothing, and for how long that may be believed: no time at all (RFC 2308).
        if (question != null && !truncated && (code == DnsCode.NxDomain || (code == DnsCode.NoError && answers.Count == 0)))
            message.AddAuthority(new DnsRecord(zone.Domain, DnsRecordType.Soa, 0,
                [.. DnsMessage.Encode("ns." + zone.Domain), .. DnsMessage.Encode("hostmaster." + zone.Domain), .. new byte[20]]));
        return message.Finish(query.HasOptions);
    }

    private Behaviour? Applying(string name, bool failing)
    {
        string known = zone.Known(name);
        return behaviours.FindLast(b => b.Planned.Failure.HasValue == failing && b.Left > 0 && Matches(b.Planned.Name, name, known));
    }

    private static bool Matches(string pattern, string name, string known) =>
        pattern == "*" || pattern == name || pattern == known || (pattern.StartsWith("*.", StringComparison.Ordinal) && name.EndsWith(pattern[1..], StringComparison.Ordinal));

    private void Remember(DnsQuery query)
    {
        Queries.Enqueue(query);
        if (Queries.Count <= MaxQueries)
            return;
        Queries.Dequeue();
        Forgotten++;
    }
}
