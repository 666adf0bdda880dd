using System.Text.RegularExpressions;
using NsFixture.Tests.Recording;
using Recorder;

namespace NsFixture.NUnit.Tests;

/// <summary>
/// A recorded run as lines to be compared with another's. Everything that NUnit says of a test or a suite is in them, but for
/// what cannot be the same, or is not to be, where tests are isolated. Those exceptions are all here, each with its reason.
/// </summary>
internal static partial class Transcript
{
    /// <summary>Everything about one test class, by test, and by suite with the suites above it that are the class's.</summary>
    public static List<string> OfClass(RecordedRun run, string name) =>
    [
        // A set-up that fails does so before a plain test starts, but an isolated one has started by then: it is to run it.
        // Tests that may run at once end in any order: each test's own events are in theirs.
        .. run.Messages.Where(m => IsOf(m, name) && !IsBlocked(run, m)).GroupBy(m => (m.Case, m.CaseId)).OrderBy(g => g.Key.Case, StringComparer.Ordinal).ThenBy(g => g.Key.CaseId, StringComparer.Ordinal)
            .SelectMany(g => g.Select(m => Line(run, m))),
    ];

    /// <summary>The order in which the tests of a class start.</summary>
    public static List<string> OrderOf(RecordedRun run, string name) =>
        [.. run.Messages.Where(m => m.Kind is "TestStarted" or "SuiteStarted" && IsOf(m, name) && !IsBlocked(run, m)).Select(m => m.Case!)];

    /// <summary>The suites that are no class's: namespaces, and what prepares them.</summary>
    public static List<string> OfNamespaces(RecordedRun run) =>
        [.. run.Messages.Where(m => m.Kind == "SuiteFinished" && m.Collection is "TestSuite" or "SetUpFixture" && !IsOnlyIsolated(m.Case!)).OrderBy(m => m.Case, StringComparer.Ordinal).Select(m => Line(run, m))];

    private static bool IsBlocked(RecordedRun run, RecordedMessage m)
    {
        var tests = run.Messages.Where(t => t.Kind == "TestFinished" && (t.Case == m.Case || t.Case!.StartsWith(m.Case + ".", StringComparison.Ordinal) || t.Case!.StartsWith(m.Case + "(", StringComparison.Ordinal))).ToList();
        return m.Kind is not ("TestFinished" or "Output") && m.State?.EndsWith("at SetUp", StringComparison.Ordinal) != true &&
            tests.Count > 0 && tests.TrueForAll(t => t.State!.EndsWith("at Parent", StringComparison.Ordinal));
    }

    private static bool IsOf(RecordedMessage m, string name) =>
        m.Collection is not ("TestSuite" or "SetUpFixture" or "Assembly") && (m.Class == name || m.Class?.StartsWith(name + "+", StringComparison.Ordinal) == true);

    private static bool IsOnlyIsolated(string name) => name == "Conformance" || name.StartsWith("Conformance.Isolated", StringComparison.Ordinal);

    /// <summary>All of an event but its times, which differ from run to run.</summary>
    private static string Line(RecordedRun run, RecordedMessage m)
    {
        var parts = new List<string?> { m.Kind, m.Collection, m.Case, m.State };
        // NUnit tells of a start on another thread, when a test may have changed its properties or not.
        parts.AddRange(m.Kind == "TestStarted" ? [] : m.Traits ?? []);
        parts.Add(m.Counts == null ? null : $"counts {string.Join(' ', m.Counts)}");
        parts.Add(string.IsNullOrEmpty(m.Text) ? null : $"\"{Same(run, m.Text)}\"");
        parts.Add(m.ExceptionMessages?[0] is { Length: > 0 } message ? Same(run, message) : null);
        parts.Add(m.Stacks?[0] is { } stack ? Same(run, stack) : null);
        parts.AddRange((m.Assertions ?? []).Select(a => Same(run, a)));
        parts.AddRange((m.Attachments ?? []).Select(a => Same(run, a)));
        return string.Join(" | ", parts.OfType<string>()).ReplaceLineEndings("\\n");
    }

    private static string Same(RecordedRun run, string text)
    {
        // The isolated build has more tests, so its ids are others, and it lies in another directory.
        text = text.Replace(Path.GetDirectoryName(RecordedRun.PathOf(run.Settings.Build))!, "<output>", StringComparison.Ordinal);
        text = Id().Replace(text, "<id> Conformance");
        // What a test attaches of its private file system is copied to where it can be read afterwards.
        text = CopiedAttachment().Replace(text, "/tmp/");
        // Below the test's own frames: how reflection calls a method depends on how often it has called it, how NUnit waits for
        // a task on whether it has ended already.
        text = ForeignFrame().Replace(text, "");
        // The time that MaxTime has found.
        return Elapsed().Replace(text, "Elapsed time of <n>ms");
    }

    [GeneratedRegex(@"\b\d{4} Conformance")]
    private static partial Regex Id();

    [GeneratedRegex(@"(<output>/nsfixture-attachments/[^/]*|/tmp/conformance-[0-9a-f]{32})/")]
    private static partial Regex CopiedAttachment();

    [GeneratedRegex(@"   at (InvokeStub_|System\.Reflection\.|NUnit\.)[^\n]*\n?")]
    private static partial Regex ForeignFrame();

    [GeneratedRegex(@"Elapsed time of [\d.]+ms")]
    private static partial Regex Elapsed();
}
