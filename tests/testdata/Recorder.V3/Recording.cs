using System.Diagnostics;
using Xunit.Sdk;
using Xunit.v3;

namespace Recorder;

/// <summary>
/// Writes down every message it is told, in the order in which they come. Messages tell ids, which depend on the assembly's path:
/// they are recorded as the names that they were introduced with, so that one with a wrong id has none.
/// </summary>
internal sealed class Recording(string path) : IMessageSink, IDisposable
{
    private readonly StreamWriter writer = new(path);
    private readonly Lock gate = new();
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly Dictionary<string, string> names = [];
    private readonly Dictionary<string, ITestCase> cases = [];
    private readonly Dictionary<string, string> caseIds = [];

    /// <summary>Discovery tells of test cases themselves.</summary>
    public void Discovered(ITestCase testCase)
    {
        lock (gate)
        {
            cases[testCase.UniqueID] = testCase;
            string name = $"{testCase.TestClassName}.{testCase.TestMethodName} \"{testCase.TestCaseDisplayName}\"";
            caseIds[testCase.UniqueID] = $"{name} {cases.Values.Count(c => c.TestClassName == testCase.TestClassName && c.TestMethodName == testCase.TestMethodName && c.TestCaseDisplayName == testCase.TestCaseDisplayName)}";
            names[testCase.TestCollection.UniqueID] = testCase.TestCollection.TestCollectionDisplayName;
            names[testCase.TestClass!.UniqueID] = testCase.TestClassName!;
            names[testCase.TestMethod!.UniqueID] = testCase.TestMethodName!;
            Write(OfCase(new RecordedMessage("TestCaseDiscoveryMessage"), testCase.UniqueID) with
            {
                Collection = testCase.TestCollection.TestCollectionDisplayName,
                Class = testCase.TestClassName,
                Method = testCase.TestMethodName,
                Arguments = (testCase as XunitTestCase)?.TestMethodArguments is { Length: > 0 } arguments ? Legible.Text(string.Join("; ", arguments.Select(Legible.Value))) : null,
            });
        }
    }

    public bool OnMessage(IMessageSinkMessage message)
    {
        lock (gate)
            Write(Record(message));
        return true;
    }

    public void Dispose() => writer.Dispose();

    private void Write(RecordedMessage message)
    {
        writer.WriteLine((message with { At = (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds }).ToJson());
        writer.Flush();
    }

    private RecordedMessage Record(IMessageSinkMessage message)
    {
        if (message is ITestStarting starting)
            names[starting.TestUniqueID] = starting.TestDisplayName;
        var failure = message as IErrorMetadata;
        var recorded = new RecordedMessage(message.GetType().Name)
        {
            Collection = Name((message as ITestCollectionMessage)?.TestCollectionUniqueID),
            Class = Name((message as ITestClassMessage)?.TestClassUniqueID),
            Method = Name((message as ITestMethodMessage)?.TestMethodUniqueID),
            Test = Legible.Text(Name((message as ITestMessage)?.TestUniqueID)),
            Text = Legible.Text(TextOf(message)),
            ExceptionTypes = failure?.ExceptionTypes,
            ExceptionMessages = failure?.Messages.Select(Legible.Text).ToArray(),
            Stacks = failure?.StackTraces,
            Parents = failure?.ExceptionParentIndices,
            State = (message as ITestFailed)?.Cause.ToString(),
            Assertions = message is ITestResultMessage { Warnings: { Length: > 0 } warnings } ? warnings : null,
            Attachments = message is ITestFinished { Attachments: { Count: > 0 } attachments } ? [.. attachments.Select(a => $"{a.Key}: {Legible.Text(a.Value.ToString())}").Order()] : null,
            Counts = message is IExecutionSummaryMetadata counts ? [counts.TestsTotal, counts.TestsFailed, counts.TestsSkipped, counts.TestsNotRun] : null,
            Time = (message as IExecutionSummaryMetadata)?.ExecutionTime ?? (message as ITestResultMessage)?.ExecutionTime,
        };
        return message is ITestCaseMessage about ? OfCase(recorded, about.TestCaseUniqueID) : recorded;
    }

    private RecordedMessage OfCase(RecordedMessage message, string id) => !cases.TryGetValue(id, out ITestCase? testCase) ? message with { Case = "unknown" } : message with
    {
        Case = Legible.Text(testCase.TestCaseDisplayName),
        CaseId = Legible.Text(caseIds[id]),
        CaseSkipReason = testCase.SkipReason,
        Traits = testCase.Traits.SelectMany(t => t.Value.Select(v => $"{t.Key}={v}")).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } traits ? traits : null,
    };

    private string? Name(string? id) => id == null ? null : names.GetValueOrDefault(id, "unknown");

    private static string? TextOf(IMessageSinkMessage message) => message switch
    {
        ITestSkipped m => $"{m.Reason} {m.Output}".TrimEnd(),
        ITestResultMessage m => m.Output,
        ITestOutput m => m.Output,
        IDiagnosticMessage m => m.Message,
        IBeforeTestStarting m => m.AttributeName,
        IBeforeTestFinished m => m.AttributeName,
        IAfterTestStarting m => m.AttributeName,
        IAfterTestFinished m => m.AttributeName,
        ITestAssemblyStarting m => $"{m.TestFrameworkDisplayName}, {m.TestEnvironment}, seed {m.Seed}",
        ITestStarting m => $"explicit {m.Explicit}, timeout {m.Timeout}, {string.Join(", ", m.Traits.SelectMany(t => t.Value.Select(v => $"{t.Key}={v}")).Order(StringComparer.Ordinal))}",
        ITestCaseStarting m => $"explicit {m.Explicit}, {m.SkipReason}, {m.TestClassName}, {m.TestMethodName}({string.Join(", ", m.TestMethodParameterTypesVSTest ?? [])}) {Path.GetFileName(m.SourceFilePath)}:{m.SourceLineNumber}",
        _ => null,
    };
}
