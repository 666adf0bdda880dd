using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using NsFixture.Launching;

namespace NsFixture.MSTest.Sdk;

/// <summary>A test, or one data row of it, on its way through a sandbox, as the test host sees it: the reports of the test's process become MSTest's results.</summary>
internal sealed class IsolatedRun(ITestMethod test, Type testClass, string[] fixtures)
{
    // Of tests of one name, and so in no particular order, each is another row.
    private static readonly ConcurrentDictionary<(MethodInfo, string), int> Started = new();
    private static readonly ConcurrentDictionary<(Type, string?), bool> Told = new();

    private readonly TestContext context = TestContext.Current!;
    private TestResult[] results = [];

    public async Task<TestResult[]> RunAsync(IsolationSettings settings)
    {
        string name = context.TestDisplayName ?? test.TestMethodName;
        var payload = TestPayload.Of(test.MethodInfo, testClass) with
        {
            DisplayName = name,
            Ordinal = Started.AddOrUpdate((test.MethodInfo, name), 0, (_, n) => n + 1),
            Settings = MSTestInternals.ReadSettings(),
            Properties = [.. context.Properties.Where(p => p.Value is string).Select(p => (p.Key, (string)p.Value!))],
            Fixtures = fixtures,
        };
        await Isolation.LauncherOf(testClass).RunAsync(settings, payload.Write(), [$"{test.TestClassName}.{name}"], Replay, context.CancellationToken).ConfigureAwait(false);
        return results;
    }

    private void Replay(TestReport report)
    {
        switch (report.Kind)
        {
            case TestReportKind.Step:
                (int level, string text) = ResultPayload.ReadMessage(report.Data!);
                context.DisplayMessage((MessageLevel)level, text);
                break;
            case TestReportKind.Passed or TestReportKind.Failed when report.Data != null:
                results = [.. ResultPayload.Read(report.Data).Where(IsNews)];
                results[^1].LogOutput += report.Text;
                break;
            // No result of MSTest's: the process ended, or there was none.
            case TestReportKind.Failed:
                results = [new TestResult { Outcome = UnitTestOutcome.Failed, TestFailureException = Failure(report), LogOutput = report.Text }];
                break;
            case TestReportKind.Skipped:
                results = [MSTestInternals.Ignored(report.Text)];
                break;
            case TestReportKind.CleanupFailure:
                results[^1].Outcome = UnitTestOutcome.Failed;
                results[^1].TestFailureException = Failure(report);
                break;
        }
    }

    private static SandboxedFailure Failure(TestReport report) => new(report.Failure!.Messages[0] ?? "", report.Failure.StackTraces[0]);

    // The class's clean-up fails in every sandbox alike, and is told as that of a plain class, once.
    private bool IsNews(TestResult result) => result.DisplayName != $"[{testClass.FullName} ClassCleanup]" || Told.TryAdd((testClass, result.TestFailureException?.Message), true);
}

/// <summary>A failure of an isolated test, as MSTest has worded it there.</summary>
internal sealed class SandboxedFailure(string message, string? stackTrace) : Exception(message)
{
    public override string? StackTrace => stackTrace;
}
