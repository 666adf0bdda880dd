using System.Runtime.CompilerServices;
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

    /// <summary>As xUnit.net's, which makes the collection's runner itself: with the conservative algorithm, no more collections run at once than <c>maxParallelThreads</c> says.</summary>
    protected override async Task<RunSummary> RunTestCollectionAsync(
        IMessageBus messageBus, ITestCollection testCollection, IEnumerable<IXunitTestCase> testCases, CancellationTokenSource cancellationTokenSource)
    {
        SemaphoreSlim? turns = ParallelSemaphore(this);
        if (turns != null)
            await turns.WaitAsync(cancellationTokenSource.Token);
        try
        {
            return await new IsolatedTestCollectionRunner(context, testCollection, testCases, DiagnosticMessageSink, messageBus, TestCaseOrderer,
                new ExceptionAggregator(Aggregator), cancellationTokenSource).RunAsync();
        }
        finally
        {
            turns?.Release();
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "parallelSemaphore")]
    private static extern ref SemaphoreSlim? ParallelSemaphore(XunitTestAssemblyRunner runner);
}
