using NsFixture.Launching;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// Test cases on their way through one sandbox, as the test host sees them: turns the reports of the test's process back into
/// the messages that xUnit.net would have sent itself, about the test host's own objects.
/// </summary>
internal sealed class IsolatedRun
{
    private readonly IsolatedRunContext context;
    private readonly IReadOnlyList<IXunitTestCase> cases;
    private readonly IMessageSink diagnosticMessageSink;
    private readonly IMessageBus bus;
    private readonly CancellationTokenSource cancellation;
    private readonly Dictionary<int, ITest> tests = [];
    private readonly HashSet<int> notStarted = [];

    public IsolatedRun(IsolatedRunContext context, IReadOnlyList<IXunitTestCase> cases, IMessageSink diagnosticMessageSink, IMessageBus bus, CancellationTokenSource cancellation)
    {
        (this.context, this.cases, this.diagnosticMessageSink, this.bus, this.cancellation) = (context, cases, diagnosticMessageSink, bus, cancellation);
        Summaries = [.. cases.Select(_ => new RunSummary())];
    }

    /// <summary>The counts of each case, once it has run.</summary>
    public IReadOnlyList<RunSummary> Summaries { get; }

    public Task RunAsync() => context.Launcher.RunAsync(
        Isolation.Of(cases[0].TestMethod)!, TestCasePayload.Write(cases, context.Options), [.. cases.Select(c => c.DisplayName)], Replay);

    private void Replay(TestReport message)
    {
        // xUnit.net says nothing of tests that it does not start once the run is cancelled. The tracker, which does not know of
        // cancellation, has them fail.
        if (message.Kind == TestReportKind.CaseStarting && cases.Count > 1 && cancellation.IsCancellationRequested)
            notStarted.Add(message.Case);
        if (notStarted.Contains(message.Case))
            return;
        // xUnit.net's bus may forget that a failure ends the run: when it is done with another message just then, on its own thread.
        if (ToXunit(message) is { } xunit && (!bus.QueueMessage(xunit) || (xunit is ITestFailed && context.StopsOnFail)))
            cancellation.Cancel();
    }

    private IMessageSinkMessage? ToXunit(TestReport m)
    {
        ITest? test = m.Test < 0 ? null : m.Kind == TestReportKind.TestStarting
            ? tests[m.Test] = new XunitTest(cases[m.Case], m.Text)
            : tests[m.Test];
        RunSummary? summary = m.Case < 0 ? null : Summaries[m.Case];
        switch (m.Kind)
        {
            case TestReportKind.CaseStarting:
                return new TestCaseStarting(cases[m.Case]);
            case TestReportKind.TestStarting:
                return new TestStarting(test);
            case TestReportKind.Step:
                return TestSteps.ToMessage(test!, m.Text!);
            case TestReportKind.Output:
                return new TestOutput(test, m.Text);
            case TestReportKind.Passed:
                summary!.Total++;
                return new TestPassed(test, m.Time, m.Text);
            case TestReportKind.Failed:
                summary!.Total++;
                summary.Failed++;
                return new TestFailed(test, m.Time, m.Text, m.Failure!.Types, m.Failure.Messages, m.Failure.StackTraces, m.Failure.Parents);
            case TestReportKind.Skipped:
                summary!.Total++;
                summary.Skipped++;
                return new TestSkipped(test, m.Text);
            case TestReportKind.TestFinished:
                summary!.Time += m.Time;
                return new TestFinished(test, m.Time, m.Text);
            case TestReportKind.CaseFinished:
                return new TestCaseFinished(cases[m.Case], summary!.Time, summary.Total, summary.Failed, summary.Skipped);
            case TestReportKind.CleanupFailure:
                return TestSteps.CleanupFailure(m, test, cases);
            case TestReportKind.Diagnostic:
                diagnosticMessageSink.OnMessage(new DiagnosticMessage(m.Text));
                return null;
            default:
                return null;
        }
    }
}
