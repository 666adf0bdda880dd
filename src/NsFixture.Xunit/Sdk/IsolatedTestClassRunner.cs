using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// xUnit.net's class runner. Fixtures and constructor arguments are made here only where a plain test needs them. The isolated
/// tests of a class that shares a sandbox, or lets several run at once, are run together, before its plain ones.
/// </summary>
internal sealed class IsolatedTestClassRunner(
    IsolatedRunContext context, ITestClass testClass, IReflectionTypeInfo @class, IEnumerable<IXunitTestCase> testCases,
    IMessageSink diagnosticMessageSink, IMessageBus messageBus, ITestCaseOrderer testCaseOrderer, ExceptionAggregator aggregator,
    CancellationTokenSource cancellationTokenSource, IDictionary<Type, object> collectionFixtureMappings)
    : XunitTestClassRunner(testClass, @class, testCases, diagnosticMessageSink, messageBus, testCaseOrderer, aggregator, cancellationTokenSource, collectionFixtureMappings)
{
    private bool AllIsolated => TestCases.All(Isolation.IsIsolated);

    protected override void CreateClassFixture(Type fixtureType)
    {
        if (!AllIsolated)
            base.CreateClassFixture(fixtureType);
    }

    protected override object[] CreateTestClassConstructorArguments() => AllIsolated ? [] : base.CreateTestClassConstructorArguments();

    protected override async Task<RunSummary> RunTestMethodsAsync()
    {
        var summary = new RunSummary();
        var all = TestCases.ToList();
        var together = all.Where(RunsTogether).ToList();
        if (together.Count > 0)
        {
            try
            {
                together = TestCaseOrderer.OrderTestCases(together).ToList();
            }
            catch (Exception)
            {
                return await base.RunTestMethodsAsync(); // which meets the same exception, and reports it as xUnit.net does
            }
            summary.Aggregate(await RunTogetherAsync(together));
        }
        var rest = all.Except(together).ToList();
        if (rest.Count > 0 && !CancellationTokenSource.IsCancellationRequested)
        {
            TestCases = rest;
            summary.Aggregate(await base.RunTestMethodsAsync());
            TestCases = all; // which the class's end is about
        }
        return summary;
    }

    protected override Task<RunSummary> RunTestMethodAsync(
        ITestMethod testMethod, IReflectionMethodInfo method, IEnumerable<IXunitTestCase> testCases, object[] constructorArguments) =>
        new IsolatedTestMethodRunner(context, testMethod, Class, method, testCases, DiagnosticMessageSink, MessageBus,
            new ExceptionAggregator(Aggregator), CancellationTokenSource, constructorArguments).RunAsync();

    private static bool RunsTogether(IXunitTestCase testCase) =>
        Isolation.IsIsolated(testCase) && Isolation.Of(testCase.TestMethod) is { Scope: IsolationScope.PerClass } or { MaxParallel: > 1 };

    private async Task<RunSummary> RunTogetherAsync(List<IXunitTestCase> cases)
    {
        var methods = cases.GroupBy(c => c.TestMethod, TestMethodComparer.Instance).ToList();
        foreach (var method in methods)
            MessageBus.QueueMessage(new TestMethodStarting(method, method.Key));
        var summaries = new Dictionary<IXunitTestCase, RunSummary>();
        foreach (var group in cases.GroupBy(c => Isolation.Of(c.TestMethod)!.Scope))
        {
            if (group.Key == IsolationScope.PerClass)
                await RunInAsync(group.ToList(), summaries);
            else
                await RunAtOnceAsync(group, summaries);
        }
        var total = new RunSummary();
        foreach (var method in methods)
        {
            var sum = new RunSummary();
            foreach (var testCase in method)
                if (summaries.TryGetValue(testCase, out var one))
                    sum.Aggregate(one);
            MessageBus.QueueMessage(new TestMethodFinished(method, method.Key, sum.Time, sum.Total, sum.Failed, sum.Skipped));
            total.Aggregate(sum);
        }
        return total;
    }

    private async Task RunAtOnceAsync(IEnumerable<IXunitTestCase> cases, Dictionary<IXunitTestCase, RunSummary> summaries)
    {
        using var places = new SemaphoreSlim(cases.Max(c => Math.Max(1, Isolation.Of(c.TestMethod)!.MaxParallel)));
        await Task.WhenAll(cases.Select(async testCase =>
        {
            await places.WaitAsync();
            try
            {
                if (!CancellationTokenSource.IsCancellationRequested)
                    await RunInAsync([testCase], summaries);
            }
            finally
            {
                places.Release();
            }
        }));
    }

    private async Task RunInAsync(List<IXunitTestCase> cases, Dictionary<IXunitTestCase, RunSummary> summaries)
    {
        var run = new IsolatedRun(context, cases, DiagnosticMessageSink, MessageBus, CancellationTokenSource);
        await run.RunAsync();
        lock (summaries)
            for (int i = 0; i < cases.Count; i++)
                summaries[cases[i]] = run.Summaries[i];
    }
}
