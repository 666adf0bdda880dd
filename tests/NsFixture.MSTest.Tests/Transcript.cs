using System.Text.RegularExpressions;
using NsFixture.Tests.Recording;
using Recorder;

namespace NsFixture.MSTest.Tests;

/// <summary>
/// A recorded run as lines to be compared with another's. Everything that MSTest says of a test is in them, but for what cannot be
/// the same, or is not to be, where tests are isolated. Those exceptions are all here, each with its reason.
/// </summary>
internal static partial class Transcript
{
    /// <summary>Everything about one test class, by test; rows that are shown alike, which may run at once, by what is said of them.</summary>
    public static List<string> OfClass(RecordedRun run, string name)
    {
        var finished = run.Messages.Where(m => m.Class == name && m.Kind == "TestFinished").ToList();
        return [.. finished.Select(m => Line(run, m, isOnlyOne: finished.Where(o => o.Test == m.Test).Select(o => o.CaseId).Distinct().Count() == 1)).Order(StringComparer.Ordinal)];
    }

    /// <summary>The order in which the tests of a class start.</summary>
    public static List<string> OrderOf(RecordedRun run, string name) => [.. run.Messages.Where(m => m.Class == name && m.Kind == "TestStarted").Select(m => m.Case!)];

    /// <summary>All of a message but its times, which differ from run to run.</summary>
    private static string Line(RecordedRun run, RecordedMessage m, bool isOnlyOne)
    {
        // A class's clean-up is told with a test, and so by its id: the last, where there is one clean-up; of many, the first that fails.
        string? id = isOnlyOne && !m.Test!.EndsWith(" ClassCleanup]", StringComparison.Ordinal) ? m.CaseId : null;
        var parts = new List<string?> { m.Test, id, m.State };
        parts.AddRange(m.Traits ?? []);
        parts.Add(string.IsNullOrEmpty(m.Text) ? null : $"\"{Same(run, m.Text)}\"");
        parts.Add(string.IsNullOrEmpty(m.ErrorText) ? null : $"error output \"{Same(run, m.ErrorText)}\"");
        parts.Add(m.ExceptionMessages?[0] is { Length: > 0 } message ? Same(run, message) : null);
        parts.Add(m.Stacks?[0] is { } stack ? Same(run, stack) : null);
        parts.AddRange((m.Assertions ?? []).Select(a => Same(run, a)));
        parts.AddRange((m.Attachments ?? []).Select(a => Same(run, a)));
        return string.Join(" | ", parts.OfType<string>()).ReplaceLineEndings("\\n");
    }

    private static string Same(RecordedRun run, string text)
    {
        // Each run has a directory of its own, and the isolated build lies in another.
        text = text.Replace(Path.GetDirectoryName(RecordedRun.PathOf(run.Settings.Build))!, "<output>", StringComparison.Ordinal);
        // What a test attaches of its private file system is copied to where it can be read afterwards, and then MSTest copies it.
        text = CopiedAttachment().Replace(text, "/tmp/");
        text = RunDirectory().Replace(text, "/tmp/<run>");
        // Below the test's own frames: how reflection calls a method depends on how often it has called it, how MSTest waits for a
        // task on whether it has ended already.
        return ForeignFrame().Replace(text, "");
    }

    [GeneratedRegex(@"/tmp/conformance-[0-9a-f]{32}/results/\.mstest-[0-9a-f]+/\d+/")]
    private static partial Regex CopiedAttachment();

    [GeneratedRegex(@"/tmp/conformance-[0-9a-f]{32}")]
    private static partial Regex RunDirectory();

    [GeneratedRegex(@"   at (InvokeStub_|System\.Reflection\.|System\.RuntimeMethodHandle\.|Microsoft\.VisualStudio\.)[^\n]*\n?")]
    private static partial Regex ForeignFrame();
}
