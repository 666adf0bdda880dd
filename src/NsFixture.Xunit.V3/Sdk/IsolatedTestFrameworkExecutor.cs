using NsFixture.Launching;
using Xunit.Internal;
using Xunit.Sdk;
using Xunit.v3;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// xUnit.net's executor and runners, which are given <see cref="IsolatedTestCase"/>s in place of isolated tests; inside a
/// sandbox, the tests themselves.
/// </summary>
internal sealed class IsolatedTestFrameworkExecutor(IXunitTestAssembly testAssembly) : XunitTestFrameworkExecutor(testAssembly)
{
    public override async ValueTask RunTestCases(
        IReadOnlyCollection<IXunitTestCase> testCases, IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions, CancellationToken cancellationToken)
    {
        if (!Program.IsTestHost)
        {
            await base.RunTestCases(testCases, executionMessageSink, executionOptions, cancellationToken);
            return;
        }
        TestLauncher launcher = Isolation.LauncherOf(TestAssembly);
        var context = new IsolatedRunContext(launcher, executionOptions, TestContextInternal.Current.DiagnosticMessageSink, cancellationToken);
        IReadOnlyCollection<IXunitTestCase> cases = IsolatedTestCase.Wrap(context, testCases);
        if (cases.Any(c => c is IsolatedTestCase))
            launcher.WarmUp();
        await base.RunTestCases(cases, executionMessageSink, executionOptions, cancellationToken);
        await launcher.SettleAsync();
    }
}
