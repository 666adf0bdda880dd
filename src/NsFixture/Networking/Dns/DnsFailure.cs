namespace NsFixture;

/// <summary>What a sandbox's name server does wrong when it is asked for a name.</summary>
public enum DnsFailure
{
    /// <summary>SERVFAIL: the server could not find out.</summary>
    ServFail = 1,

    /// <summary>REFUSED: the server will not say.</summary>
    Refused,

    /// <summary>NXDOMAIN: there is no such name, whatever records it has.</summary>
    NxDomain,

    /// <summary>No error and no data: the name is there, with nothing of the type that was asked for.</summary>
    NoData,

    /// <summary>No answer at all: the resolver's time runs out.</summary>
    NoAnswer,

    /// <summary>By UDP an empty answer that says it was truncated; by TCP, which resolvers then take, the whole one.</summary>
    Truncated,

    /// <summary>The right answer to another question's number, as a forger who guesses sends it. Resolvers go on waiting.</summary>
    WrongId,

    /// <summary>The answer to a question that was not asked. Resolvers go on waiting, or fail.</summary>
    WrongQuestion,

    /// <summary>An answer that breaks off in the middle of a record.</summary>
    Malformed,
}
