using System.Collections.Concurrent;
using NsFixture.Launching;
using NUnit.Framework;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;
using NUnit.Framework.Internal.Commands;
using NUnit.Framework.Internal.Execution;

namespace NsFixture.NUnit.Sdk;

/// <summary>
/// A test on its way through a sandbox, as the test host sees it: turns the reports of the test's process back into the result
/// and the events that NUnit would have made itself.
/// </summary>
internal sealed class IsolatedCommand : TestCommand
{
    private static readonly TimeSpan CancellationInterval = TimeSpan.FromMilliseconds(200);

    private readonly Test test;
    private readonly IsolationSettings settings;

    private IsolatedCommand(Test test, TestMethod homeless, IsolationSettings settings) : base(homeless) => (this.test, this.settings) = (test, settings);

    public static IsolatedCommand Create(Test test, IsolationSettings settings)
    {
        // Around this command NUnit puts one that makes an instance for the test, where the fixture's life cycle says so, and
        // finds the fixture above the command's test: one that has no instances. Another would end the test after its timeout,
        // and is left to the sandbox by asking for the kind that merely cancels.
        TestExecutionContext.CurrentContext.UseCancellation = true;
        return new IsolatedCommand(test, new TestMethod(test.Method!) { Parent = new TestFixture(new TypeWrapper(typeof(NoInstances))) }, settings);
    }

    // On this thread, which is the test's: what is reported here is attributed to the test by NUnit.
    public override TestResult Execute(TestExecutionContext context)
    {
        using var reports = new BlockingCollection<TestReport>();
        using var cancellation = new CancellationTokenSource();
        Task run = RunAsync(reports, cancellation.Token);
        while (!reports.IsCompleted)
        {
            if (reports.TryTake(out TestReport? report, CancellationInterval))
                Replay(report, context);
            else if (context.ExecutionStatus == TestExecutionStatus.AbortRequested) // of which NUnit tells nobody
                cancellation.Cancel();
        }
        run.GetAwaiter().GetResult();
        return context.CurrentResult;
    }

    private async Task RunAsync(BlockingCollection<TestReport> reports, CancellationToken cancellation)
    {
        try
        {
            byte[] payload = TestPayload.Of(test).Write();
            await Isolation.LauncherOf(test).RunAsync(settings, payload, [test.FullName], reports.Add, cancellation).ConfigureAwait(false);
        }
        finally
        {
            reports.CompleteAdding();
        }
    }

    private void Replay(TestReport report, TestExecutionContext context)
    {
        switch (report.Kind)
        {
            case TestReportKind.Step:
                (string stream, string text) = NUnitEvents.Read(report.Data!);
                if (report.Text == NUnitEvents.SuiteOutput)
                    SuiteSetUp.Find(test, stream)?.AddOutput(text);
                else if (report.Text == NUnitEvents.Message)
                    context.SendMessage(stream, text);
                else
                    new EventListenerTextWriter(stream, TextWriter.Null).Write(text);
                break;
            case TestReportKind.Passed or TestReportKind.Failed or TestReportKind.Skipped when report.Data != null:
                ResultPayload.Read(report.Data).ApplyTo(context);
                context.OutWriter.Write(report.Text);
                break;
            // No result of NUnit's: the process ended, or there was none.
            case TestReportKind.Failed:
                context.OutWriter.Write(report.Text);
                context.CurrentResult.SetResult(ResultState.Error, report.Failure!.Messages[0] ?? "", report.Failure.StackTraces[0]);
                break;
            case TestReportKind.Skipped:
                context.CurrentResult.SetResult(ResultState.Ignored, report.Text ?? "");
                break;
            case TestReportKind.CleanupFailure:
                ReplayCleanup(report, context);
                break;
        }
    }

    private void ReplayCleanup(TestReport report, TestExecutionContext context)
    {
        if (report.Data != null && SuiteSetUp.Find(test, report.Text!) is { } suite)
        {
            suite.Add(ResultPayload.Read(report.Data));
            return;
        }
        // Nobody else would tell it: the suite's own methods, which may do well, run here too.
        ResultPayload? failure = report.Data == null ? null : ResultPayload.Read(report.Data);
        if (failure is { State.Site: FailureSite.SetUp })
            return; // which is the test's result already
        context.CurrentResult.RecordAssertion(new AssertionResult(FailureSite.TearDown, AssertionStatus.Error,
            failure?.Message ?? report.Failure!.Messages[0] ?? "", failure?.StackTrace));
        context.CurrentResult.RecordTestCompletion();
    }

    private static class NoInstances;
}
