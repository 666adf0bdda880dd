namespace NsFixture.Launching;

/// <summary>What the name server is told over its control sockets, one datagram each; all but the first are answered by one.</summary>
internal enum DnsRequest : byte
{
    /// <summary>From init alone; descriptor: one more control socket.</summary>
    Connect = 1,

    /// <summary>From init alone: a <see cref="Networking.PlanChange"/>. Hosts have come or gone, or have other names and addresses.</summary>
    Change,

    /// <summary>
    /// From init alone: a host's index; descriptors: its sockets, UDP and TCP, in place of those it had; none: it is not served any more.
    /// </summary>
    Serve,

    /// <summary>From init alone; descriptor: a channel for <see cref="Networking.MachineSockets"/>. There is a way to the machine's name servers.</summary>
    Forward,

    /// <summary>Records and behaviours, as of <see cref="Networking.PlannedDns"/>.</summary>
    Set,

    /// <summary>A name, to be forgotten.</summary>
    Remove,

    /// <summary>A name, or null for all: nothing goes wrong with it any more.</summary>
    Heal,

    /// <summary>The number of a question. Answers with that of the first one told, their count, and the questions from there on, as many as fit.</summary>
    Queries,

    /// <summary>Forgets the questions.</summary>
    ForgetQueries,
}
