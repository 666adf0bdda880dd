namespace NsFixture.Launching;

/// <summary>What is said of a test that left something behind.</summary>
internal static class LeakNotice
{
    /// <summary>For standard error, where the test does not fail for it; null: there is nothing to say.</summary>
    public static string? Warning(string test, EndReport report, bool failed)
    {
        string? left = report.Left.Count > 0 && !failed ? $"left behind, and lost when its sandbox ended: {string.Join("; ", report.Left)}" : null;
        string? open = report.Open.Count > 0 ? $"did not end, close or remove: {string.Join("; ", report.Open)}" : null;
        return left == null && open == null ? null : $"NsFixture: warning: \"{test}\" {left}{(left != null && open != null ? "; and " : "")}{open}.";
    }

    /// <summary>The test's failure, where it fails for it; null: it left nothing.</summary>
    public static FailureInfo? Failure(EndReport? report) => report is not { Left.Count: > 0 } ? null
        : FailureInfo.Of(typeof(TestLeakException), $"The test left behind: {string.Join("; ", report.Left)}. " +
            "It is gone, as everything in a sandbox; run anywhere else, the test would leave it on the machine. End and remove what the test makes, or set NSFIXTURE_LEAKS=warn. " +
            $"The end of the sandbox: {EndReport.Describe(report.Steps)}.");
}
