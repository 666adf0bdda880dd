namespace NsFixture.Launching;

/// <summary>What is said of a test that has come up against its limits.</summary>
internal static class LimitNotice
{
    /// <summary>The failure of a test that has passed otherwise; null: it has come up against nothing.</summary>
    public static FailureInfo? Failure(IReadOnlyList<string> hits) => hits.Count == 0 ? null
        : FailureInfo.Of(typeof(SandboxLimitException), "The test has come up against its limits." + Sentences(hits) +
            " Raise the limit, or have the test take less. Where that is what it is about, have it ask for Usage(), of the network or of the host: what it is told of there fails nothing.");

    /// <summary>The failure of a test that has failed anyway, and what may be the cause.</summary>
    public static FailureInfo Add(IReadOnlyList<string> hits, FailureInfo failure) =>
        hits.Count == 0 || failure.Messages.Length == 0 ? failure : failure with { Messages = [failure.Messages[0] + Environment.NewLine + Sentences(hits).Trim(), .. failure.Messages[1..]] };

    /// <summary>The sentences, with a space before each.</summary>
    public static string Sentences(IReadOnlyList<string> hits) => string.Concat(hits.Select(h => " " + h));
}
