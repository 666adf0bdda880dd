using NsFixture.Launching;
using Xunit.Sdk;
using Xunit.v3;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// Stands in the test host for an isolated test case: xUnit.net's runners have it run itself, and it does so in a sandbox.
/// <para>
/// They make fixtures and constructor arguments where any test case needs them, which is one that is not skipped by its
/// attribute. So that is what this one says it is, to them alone: what belongs to isolated tests is made in sandboxes.
/// </para>
/// </summary>
internal sealed class IsolatedTestCase(IXunitTestCase inner, IsolatedRun run) : DelegatingTestCase(inner)
{
    public override string? SkipReason => "runs in a sandbox";

    public override string? SkipUnless => null;

    public override string? SkipWhen => null;

    /// <summary>The same test cases, with one that runs in a sandbox in the place of each that is isolated.</summary>
    public static IReadOnlyCollection<IXunitTestCase> Wrap(IsolatedRunContext context, IReadOnlyCollection<IXunitTestCase> testCases)
    {
        var runs = new Dictionary<IXunitTestCase, IsolatedRun>(ReferenceEqualityComparer.Instance);
        foreach (var ofClass in testCases.Where(NeedsSandbox).GroupBy(c => c.TestClass.UniqueID))
            foreach (IsolatedRun run in IsolatedRun.Plan(context, [.. ofClass]))
                foreach (IXunitTestCase testCase in run.Cases)
                    runs.Add(testCase, run);
        return [.. testCases.Select(c => runs.TryGetValue(c, out IsolatedRun? run) ? new IsolatedTestCase(c, run)
            : IsInProcess(c, out string reason) ? new InProcessTestCase(c, reason)
            : c)];

        // One that its attribute skips needs nothing at all.
        static bool NeedsSandbox(IXunitTestCase testCase) =>
            (testCase.SkipReason == null || testCase.SkipUnless != null || testCase.SkipWhen != null) &&
            Isolation.Of(testCase.TestMethod) is { } settings && !TestLauncher.IsInProcess(settings.Options.Launcher, out _);

        static bool IsInProcess(IXunitTestCase testCase, out string reason)
        {
            reason = "";
            return Isolation.Of(testCase.TestMethod) is { } settings && TestLauncher.IsInProcess(settings.Options.Launcher, out reason);
        }
    }

    public override ValueTask<RunSummary> Run(
        ExplicitOption explicitOption, IMessageBus messageBus, object?[] constructorArguments, ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource) =>
        run.RunAsync(Inner, messageBus, cancellationTokenSource);
}
