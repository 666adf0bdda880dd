using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>xUnit.net's assembly runner in a test's process: it does not find out what the run is described with, which the test host has said.</summary>
internal sealed class SandboxedTestAssemblyRunner(
    ITestAssembly testAssembly, IEnumerable<IXunitTestCase> testCases, IMessageSink diagnosticMessageSink,
    IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions)
    : XunitTestAssemblyRunner(testAssembly, testCases, diagnosticMessageSink, executionMessageSink, executionOptions)
{
    protected override string GetTestFrameworkEnvironment() => "";

    protected override string GetTestFrameworkDisplayName() => "";
}
