using System.Diagnostics.CodeAnalysis;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using NsFixture.Launching;

namespace NsFixture.MSTest.Sdk;

/// <summary>Executes a test in the test host: a plain one as its own attribute does, an isolated one in a sandbox, where that attribute executes it.</summary>
[SuppressMessage("Usage", "MSTEST0057", Justification = "It is never written into code; it has its place from the attribute that is.")]
internal sealed class IsolatedTestMethodAttribute(TestMethodAttribute own, Type testClass, string[] fixtures)
    : TestMethodAttribute(own.DeclaringFilePath, own.DeclaringLineNumber ?? -1)
{
    public override Task<TestResult[]> ExecuteAsync(ITestMethod testMethod) => Isolation.Of(testMethod.MethodInfo, testClass) switch
    {
        null => own.ExecuteAsync(testMethod),
        { } attribute when TestLauncher.IsInProcess(attribute.Launcher, out string reason) => ExecuteInProcessAsync(testMethod, reason),
        { } attribute => new IsolatedRun(testMethod, testClass, fixtures).RunAsync(attribute.ToSettings()),
    };

    private async Task<TestResult[]> ExecuteInProcessAsync(ITestMethod testMethod, string reason)
    {
        IsolatedNetwork.EnterInProcess(reason);
        TestResult[] results = await own.ExecuteAsync(testMethod).ConfigureAwait(false);
        foreach (TestResult result in results)
            result.LogOutput = TestLauncher.InProcessWarning(reason) + Environment.NewLine + result.LogOutput;
        return results;
    }
}
