using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Xunit.Abstractions;

namespace Recorder;

/// <summary>Writes down every message it is told, in the order in which they come.</summary>
internal sealed class Recording(string path) : IMessageSink, IDisposable
{
    private const int LongText = 4_000;
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
            Case = Shorten(testCase?.DisplayName),
            CaseId = testCase?.UniqueID,
            Arguments = testCase?.TestMethodArguments is { } arguments ? Shorten(string.Join("; ", arguments.Select(Describe))) : null,
            CaseSkipReason = testCase?.SkipReason,
            Traits = testCase?.Traits.SelectMany(t => t.Value.Select(v => $"{t.Key}={v}")).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } traits ? traits : null,
            Test = Shorten((message as ITestMessage)?.Test.DisplayName),
            Text = Shorten(TextOf(message)),
            ExceptionTypes = failure?.ExceptionTypes,
            ExceptionMessages = failure?.Messages.Select(Shorten).ToArray(),
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

    private static string Describe(object? value) => value == null ? "null" : $"{value.GetType()} {Convert.ToString(value, CultureInfo.InvariantCulture)}";

    /// <summary>Says what a long text is instead of repeating it, and marks what JSON cannot carry: half a surrogate pair.</summary>
    private static string? Shorten(string? text)
    {
        if (text == null)
            return null;
        if (text.Length > LongText)
        {
            byte[] hash = SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.AsSpan()));
            return $"<{text.Length} characters, SHA-256 {Convert.ToHexStringLower(hash)}: {Shorten(text[..100])} … {Shorten(text[^100..])}>";
        }
        var whole = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                whole.Append(text[i]).Append(text[++i]);
            else if (char.IsSurrogate(text[i]))
                whole.Append($"<lone {(int)text[i]:x4}>");
            else
                whole.Append(text[i]);
        }
        return whole.ToString();
    }
}
