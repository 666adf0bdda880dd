using NsFixture.Launching;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>xUnit.net's method runner, which hands isolated test cases over and runs the others itself.</summary>
internal sealed class IsolatedTestMethodRunner(
    IsolatedRunContext context, ITestMethod testMethod, IReflectionTypeInfo @class, IReflectionMethodInfo method,
    IEnumerable<IXunitTestCase> testCases, IMessageSink diagnosticMessageSink, IMessageBus messageBus, ExceptionAggregator aggregator,
    CancellationTokenSource cancellationTokenSource, object[] constructorArguments)
    : XunitTestMethodRunner(testMethod, @class, method, testCases, diagnosticMessageSink, messageBus, aggregator, cancellationTokenSource, constructorArguments)
{
    private readonly IMessageSink diagnosticMessageSink = diagnosticMessageSink;
    private readonly object[] constructorArguments = constructorArguments;

    protected override async Task<RunSummary> RunTestCaseAsync(IXunitTestCase testCase)
    {
        // One that is skipped takes no sandbox, and what its attribute found out was about this machine.
        if (!string.IsNullOrEmpty(testCase.SkipReason) || Isolation.Of(testCase.TestMethod) is not { } settings)
            return await base.RunTestCaseAsync(testCase);
        if (TestLauncher.IsInProcess(settings.Options.Launcher, out string reason))
        {
            IsolatedNetwork.EnterInProcess(reason);
            using var bus = new InProcessWarningBus(MessageBus, reason);
            return await testCase.RunAsync(diagnosticMessageSink, bus, constructorArguments, new ExceptionAggregator(Aggregator), CancellationTokenSource);
        }
        var run = new IsolatedRun(context, [testCase], diagnosticMessageSink, MessageBus, CancellationTokenSource);
        await run.RunAsync();
        return run.Summaries[0];
    }
}
