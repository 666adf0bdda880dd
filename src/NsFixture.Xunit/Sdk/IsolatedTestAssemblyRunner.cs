using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>xUnit.net's assembly runner, whose collections know of isolated tests.</summary>
internal sealed class IsolatedTestAssemblyRunner(
    ITestAssembly testAssembly, IEnumerable<IXunitTestCase> testCases, IMessageSink diagnosticMessageSink,
    IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions)
    : XunitTestAssemblyRunner(testAssembly, testCases, diagnosticMessageSink, executionMessageSink, executionOptions)
{
    private readonly IsolatedRunContext context = new(Isolation.LauncherOf(testAssembly), executionOptions);

    protected override async Task AfterTestAssemblyStartingAsync()
    {
        if (TestCases.Any(Isolation.IsIsolated))
            context.Launcher.WarmUp();
        await base.AfterTestAssemblyStartingAsync();
    }

    protected override async Task BeforeTestAssemblyFinishedAsync()
    {
        await context.Launcher.SettleAsync();
        await base.BeforeTestAssemblyFinishedAsync();
    }

    protected override Task<RunSummary> RunTestCollectionAsync(
        IMessageBus messageBus, ITestCollection testCollection, IEnumerable<IXunitTestCase> testCases, CancellationTokenSource cancellationTokenSource) =>
        new IsolatedTestCollectionRunner(context, testCollection, testCases, DiagnosticMessageSink, messageBus, TestCaseOrderer,
            new ExceptionAggregator(Aggregator), cancellationTokenSource).RunAsync();
}
