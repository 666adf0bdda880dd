using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// xUnit.net's collection runner. Its fixtures are made here only where a plain test needs them: those of isolated tests are
/// made in their sandboxes.
/// </summary>
internal sealed class IsolatedTestCollectionRunner(
    IsolatedRunContext context, ITestCollection testCollection, IEnumerable<IXunitTestCase> testCases, IMessageSink diagnosticMessageSink,
    IMessageBus messageBus, ITestCaseOrderer testCaseOrderer, ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource)
    : XunitTestCollectionRunner(testCollection, testCases, diagnosticMessageSink, messageBus, testCaseOrderer, aggregator, cancellationTokenSource)
{
    protected override void CreateCollectionFixture(Type fixtureType)
    {
        if (!TestCases.All(Isolation.IsIsolated))
            base.CreateCollectionFixture(fixtureType);
    }

    protected override Task<RunSummary> RunTestClassAsync(ITestClass testClass, IReflectionTypeInfo @class, IEnumerable<IXunitTestCase> testCases) =>
        new IsolatedTestClassRunner(context, testClass, @class, testCases, DiagnosticMessageSink, MessageBus, TestCaseOrderer,
            new ExceptionAggregator(Aggregator), CancellationTokenSource, CollectionFixtureMappings).RunAsync();
}
