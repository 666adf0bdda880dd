namespace NsFixture.Networking;

/// <summary>A checked and resolved <see cref="DnsDeclaration"/>. Names are in lower case, without the last dot.</summary>
/// <param name="Domain">What the hosts' names end with.</param>
/// <param name="InHostsFile">Whether every host's /etc/hosts has the names of the others.</param>
/// <param name="Records">Each set of a name and a type takes the place of the one there was.</param>
/// <param name="Behaviours">What goes wrong; each takes the place of the name's earlier one of its kind.</param>
internal sealed record PlannedDns(string Domain, bool InHostsFile, IReadOnlyList<DnsRecord> Records, IReadOnlyList<DnsBehaviour> Behaviours)
{
    /// <summary>Whether hosts without IPv4 are told addresses behind a NAT64, of names without IPv6.</summary>
    public bool HasDns64 { get; init; }

    /// <summary>Where every host's name server is: on itself, on an address that leaves 127.0.0.1:53 to name servers that a test brings along.</summary>
    public const string ServerAddress = "127.0.0.53";

    public const int ServerPort = 53;

    /// <summary>How often a resolver asks, and for how many seconds each time it waits: long enough for a machine that is overloaded to answer once.</summary>
    public const int Attempts = 2, Timeout = 2;
}

/// <summary>A record of a name.</summary>
/// <param name="Name">May begin with <c>*.</c>.</param>
/// <param name="Type">Not <see cref="DnsRecordType.Any"/>.</param>
/// <param name="Ttl">In seconds.</param>
/// <param name="Data">As it stands in a message; names in it are not compressed.</param>
internal sealed record DnsRecord(string Name, DnsRecordType Type, int Ttl, byte[] Data);

/// <summary>What goes wrong with questions for a name: a failure, or else a delay.</summary>
/// <param name="Name">May be or begin with <c>*</c>.</param>
/// <param name="Failure">Null: the answer is right.</param>
/// <param name="Delay">How late it is.</param>
/// <param name="Times">How often; 0: always.</param>
internal sealed record DnsBehaviour(string Name, DnsFailure? Failure, TimeSpan Delay, int Times);
