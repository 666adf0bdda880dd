using System.Reflection;
using NsFixture.Launching;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>xUnit.net's executor, with a chain of runners that hands isolated tests over; inside a sandbox, xUnit.net's own.</summary>
internal sealed class IsolatedTestFrameworkExecutor(AssemblyName assemblyName, ISourceInformationProvider sourceProvider, IMessageSink diagnosticMessageSink)
    : XunitTestFrameworkExecutor(assemblyName, sourceProvider, diagnosticMessageSink)
{
    protected override ITestFrameworkDiscoverer CreateDiscoverer() =>
        new IsolatedTestFrameworkDiscoverer(AssemblyInfo, SourceInformationProvider, DiagnosticMessageSink);

    // Overrides a method that is void by its signature, and asynchronous all the same.
    protected override async void RunTestCases(IEnumerable<IXunitTestCase> testCases, IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions)
    {
        if (!Program.IsTestHost)
        {
            using var inside = new SandboxedTestAssemblyRunner(TestAssembly, testCases, DiagnosticMessageSink, executionMessageSink, executionOptions);
            await inside.RunAsync();
            return;
        }
        using var runner = new IsolatedTestAssemblyRunner(TestAssembly, testCases, DiagnosticMessageSink, executionMessageSink, executionOptions);
        await runner.RunAsync();
    }
}
