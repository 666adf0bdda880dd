using System.Text.RegularExpressions;
using NsFixture.Tests.Recording;
using Recorder;

namespace NsFixture.Xunit.Tests.Recording;

/// <summary>
/// A recorded run as lines to be compared with another's. Everything that xUnit.net says of a test is in them, but for what
/// cannot be the same, or is not to be, where tests are isolated. Those exceptions are all here, each with its reason.
/// </summary>
internal static partial class Transcript
{
    /// <summary>Everything about one test class, nested ones included.</summary>
    /// <param name="run">The run.</param>
    /// <param name="name">The class.</param>
    /// <param name="methodsApart">
    /// Tests that share a sandbox run together, so their methods all start before the first and finish after the last.
    /// </param>
    public static List<string> OfClass(RecordedRun run, string name, bool methodsApart)
    {
        var lines = new List<string>();
        foreach (string one in run.Messages.Select(m => m.Class).Where(c => c == name || c?.StartsWith(name + "+", StringComparison.Ordinal) == true).Distinct().Order(StringComparer.Ordinal)!)
        {
            lines.Add($"=== {one}");
            var messages = run.OfClass(one).ToList();
            // Discovery comes in the order of reflection, which differs with the order in which types were first used.
            lines.AddRange(messages.Where(m => m.Kind == "TestCaseDiscoveryMessage").Select(Line).Order(StringComparer.Ordinal));
            lines.AddRange(messages
                .Where(m => m.Kind is not ("TestCaseDiscoveryMessage" or "TestClassCleanupFailure") && !IsOwnStep(m) && !(methodsApart && IsAboutMethod(m)))
                .Select(Line));
            // Methods that a stopped run does not come to have started with the others all the same.
            var ran = messages.Where(m => m.Kind == "TestCaseStarting").Select(m => m.Method).ToHashSet();
            lines.AddRange(messages.Where(m => methodsApart && IsAboutMethod(m) && ran.Contains(m.Method)).Select(Line).Order(StringComparer.Ordinal));
            lines.AddRange(Failures(run, messages.Where(m => m.Kind == "TestClassCleanupFailure"), Sandboxes(run, messages)));
        }
        return lines;
    }

    /// <summary>Each collection, without what its classes say.</summary>
    public static List<string> OfCollections(RecordedRun run)
    {
        var lines = new List<string>();
        foreach (var collection in run.Messages.Where(m => m.Collection != null && !IsAboutSandboxes(m)).GroupBy(m => m.Collection!).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            lines.AddRange(collection.Where(m => m.Class == null && m.Kind != "TestCollectionCleanupFailure").Select(Line));
            int sandboxes = collection.Where(m => m.Class != null).GroupBy(m => m.Class).Sum(c => Sandboxes(run, c));
            lines.AddRange(Failures(run, collection.Where(m => m.Kind == "TestCollectionCleanupFailure"), sandboxes));
        }
        return lines;
    }

    /// <summary>The order in which collections start.</summary>
    public static List<string> OrderOfCollections(RecordedRun run) =>
        [.. run.Messages.Where(m => m.Kind == "TestCollectionStarting" && !IsAboutSandboxes(m)).Select(m => m.Collection!)];

    /// <summary>How many collections ran at the same time, at most.</summary>
    public static int CollectionsAtOnce(RecordedRun run)
    {
        int now = 0;
        return run.Messages.Max(m => m.Kind switch { "TestCollectionStarting" => ++now, "TestCollectionFinished" => --now, _ => now });
    }

    /// <summary>
    /// Diagnostic messages and errors, once each and sorted: what fixtures, orderers and discoverers say, a sandbox's own say again.
    /// </summary>
    public static List<string> OfDiagnostics(RecordedRun run) =>
        [.. run.Messages.Where(m => m.Kind is "DiagnosticMessage" or "ErrorMessage").Select(m => Line(m with { CaseCount = null })).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>What the conformance tests print, sorted: tests run in parallel.</summary>
    public static List<string> OfConsole(RecordedRun run) =>
        [.. run.StandardOutput.Concat(run.StandardError.Split('\n')).Where(l => l.StartsWith("console ", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>The assembly's messages; the counts without the tests that only an isolated build has.</summary>
    public static List<string> OfAssembly(RecordedRun run)
    {
        int extra = run.Messages.Count(m => m.Kind == "TestFinished" && IsAboutSandboxes(m));
        int extraCases = run.Messages.Count(m => m.Kind == "TestCaseFinished" && IsAboutSandboxes(m));
        return
        [
            .. run.Messages.Where(m => m.Kind.StartsWith("TestAssembly", StringComparison.Ordinal))
                .Select(m => m with { CaseCount = m.CaseCount - extraCases, Counts = m.Counts is [var total, .. var rest] ? [total - extra, .. rest] : null })
                .Select(Line),
        ];
    }

    /// <summary>Class and collection fixtures, and so the failures of their clean-up, are each sandbox's own.</summary>
    private static IEnumerable<string> Failures(RecordedRun run, IEnumerable<RecordedMessage> failures, int sandboxes)
    {
        // A plain run has one set of fixtures, and each failure once.
        foreach (var same in failures.Select(f => Line(f with { CaseCount = null })).GroupBy(l => l).OrderBy(g => g.Key, StringComparer.Ordinal))
            yield return $"{(same.Count() == (IsPlain(run) ? 1 : sandboxes) ? "in each set of fixtures" : $"{same.Count()} times, with {sandboxes} sandboxes")}: {same.Key}";
    }

    private static int Sandboxes(RecordedRun run, IEnumerable<RecordedMessage> ofClass) =>
        SharesSandboxes(run) ? 1 : ofClass.Count(m => m.Kind == "TestCaseStarting");

    /// <summary>[IsolatedNetwork] is one of xUnit.net's before-and-after attributes, and the plain build has none.</summary>
    private static bool IsOwnStep(RecordedMessage m) =>
        m.Kind is ("BeforeTestStarting" or "BeforeTestFinished" or "AfterTestStarting" or "AfterTestFinished") && m.Text?.EndsWith("IsolatedNetworkAttribute", StringComparison.Ordinal) == true;

    private static bool IsAboutMethod(RecordedMessage m) => m.Kind is "TestMethodStarting" or "TestMethodFinished";

    private static bool IsAboutSandboxes(RecordedMessage m) => m.Class == "Conformance.Isolated.SandboxTests" || m.Collection?.Contains("Conformance.Isolated.") == true;

    private static bool IsPlain(RecordedRun run) => run.Settings.Build.EndsWith("Plain", StringComparison.Ordinal);

    private static bool SharesSandboxes(RecordedRun run) => run.Settings.Build.EndsWith("PerClass", StringComparison.Ordinal);

    /// <summary>All of a message but its times, which differ from run to run.</summary>
    private static string Line(RecordedMessage m)
    {
        var parts = new List<string?> { m.Kind, m.Method };
        // xUnit.net converts a case's arguments to the types of the parameters in place, in the process it runs in: they are
        // compared as they are discovered.
        parts.Add(m.Kind == "TestCaseDiscoveryMessage" ? m.Arguments : null);
        // The display names of case and test where they say something new, and the whole id where it is introduced.
        if (m.Kind is "TestCaseDiscoveryMessage" or "TestCaseStarting" or "TestClassStarting" || m.Class == null)
            parts.AddRange([m.Collection, m.CaseId, m.CaseSkipReason, .. m.Traits ?? []]);
        else
            parts.Add(m.CaseId?[..8]);
        parts.Add(m.Case == $"{m.Class}.{m.Method}" ? null : m.Case);
        parts.Add(m.Test == m.Case ? null : m.Test);
        parts.Add(m.Counts == null ? null : $"{m.Counts[0]} run, {m.Counts[1]} failed, {m.Counts[2]} skipped{(m.Counts is [.., var notRun] and [_, _, _, _] ? $", {notRun} not run" : "")}");
        parts.AddRange([m.State, .. m.Assertions ?? [], .. m.Attachments ?? []]);
        parts.Add(m.CaseCount is null or 1 ? null : $"of {m.CaseCount} cases");
        parts.Add(m.Text == null ? null : $"\"{OwnFrames(m.Text)}\"");
        for (int i = 0; i < m.ExceptionTypes?.Length; i++)
        {
            parts.Add($"{(m.Parents![i] < 0 ? "" : $"in {m.Parents[i]}: ")}{m.ExceptionTypes[i]}: {m.ExceptionMessages![i]}");
            parts.Add(m.Stacks![i] == null ? "no stack" : OwnFrames(m.Stacks[i]!));
        }
        return string.Join(" | ", parts.OfType<string>()).ReplaceLineEndings("\\n");
    }

    // Below and between the test's own frames are those of whoever runs it.
    private static string OwnFrames(string text) => string.Join('\n', text.Split('\n').Where(l => !l.StartsWith("   at ", StringComparison.Ordinal) && !l.StartsWith("---", StringComparison.Ordinal) || OwnFrame().IsMatch(l)));

    [GeneratedRegex(@"^   at Conformance\.")]
    private static partial Regex OwnFrame();
}
