using System.Diagnostics;
using Xunit.Abstractions;

namespace Recorder;

/// <summary>Writes down every message it is told, in the order in which they come.</summary>
internal sealed class Recording(string path) : IMessageSink, IDisposable
{
    private readonly StreamWriter writer = new(path);
    private readonly Lock gate = new();
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly List<ITestCase> discovered = [];
    private readonly ManualResetEventSlim discoveryDone = new(), runDone = new();

    /// <summary>The cases found, once they all are.</summary>
    public IReadOnlyList<ITestCase> Discovered
    {
        get
        {
            discoveryDone.Wait();
            return discovered;
        }
    }

    public void WaitForRun() => runDone.Wait();

    public bool OnMessage(IMessageSinkMessage message)
    {
        lock (gate)
        {
            writer.WriteLine(Record(message).ToJson());
            writer.Flush();
        }
        switch (message)
        {
            case ITestCaseDiscoveryMessage found: discovered.Add(found.TestCase); break;
            case IDiscoveryCompleteMessage: discoveryDone.Set(); break;
            case ITestAssemblyFinished: runDone.Set(); break;
        }
        return true;
    }

    public void Dispose()
    {
        writer.Dispose();
        discoveryDone.Dispose();
        runDone.Dispose();
    }

    private RecordedMessage Record(IMessageSinkMessage message)
    {
        ITestCase? testCase = (message as ITestCaseMessage)?.TestCase;
        var failure = message as IFailureInformation;
        return new RecordedMessage(message.GetType().Name)
        {
            Collection = (message as ITestCollectionMessage)?.TestCollection?.DisplayName,
            Class = (message as ITestClassMessage)?.TestClass?.Class.Name,
            Method = (message as ITestMethodMessage)?.TestMethod?.Method.Name,
            Case = Legible.Text(testCase?.DisplayName),
            CaseId = testCase?.UniqueID,
            Arguments = testCase?.TestMethodArguments is { } arguments ? Legible.Text(string.Join("; ", arguments.Select(Legible.Value))) : null,
            CaseSkipReason = testCase?.SkipReason,
            Traits = testCase?.Traits.SelectMany(t => t.Value.Select(v => $"{t.Key}={v}")).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } traits ? traits : null,
            Test = Legible.Text((message as ITestMessage)?.Test.DisplayName),
            Text = Legible.Text(TextOf(message)),
            ExceptionTypes = failure?.ExceptionTypes,
            ExceptionMessages = failure?.Messages.Select(Legible.Text).ToArray(),
            Stacks = failure?.StackTraces,
            Parents = failure?.ExceptionParentIndices,
            Counts = message is IFinishedMessage finished ? [finished.TestsRun, finished.TestsFailed, finished.TestsSkipped] : null,
            CaseCount = message is IExecutionMessage about ? about.TestCases.Count() : null,
            Time = (message as IFinishedMessage)?.ExecutionTime ?? (message as ITestResultMessage)?.ExecutionTime ?? (message as ITestFinished)?.ExecutionTime,
            At = (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds,
        };
    }

    private static string? TextOf(IMessageSinkMessage message) => message switch
    {
        ITestSkipped m => m.Reason,
        ITestResultMessage m => m.Output,
        ITestFinished m => m.Output,
        ITestOutput m => m.Output,
        IDiagnosticMessage m => m.Message,
        IBeforeTestStarting m => m.AttributeName,
        IBeforeTestFinished m => m.AttributeName,
        IAfterTestStarting m => m.AttributeName,
        IAfterTestFinished m => m.AttributeName,
        ITestAssemblyStarting m => $"{m.TestFrameworkDisplayName}, {m.TestEnvironment}",
        _ => null,
    };
}
