using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// xUnit.net's own test framework, but for isolated tests, which it runs in sandboxes. The package registers it; a project with
/// a test framework of its own derives that from this one.
/// </summary>
/// <param name="messageSink">For diagnostic messages.</param>
public class IsolatedTestFramework(IMessageSink messageSink) : XunitTestFramework(messageSink)
{
    /// <inheritdoc/>
    protected override ITestFrameworkDiscoverer CreateDiscoverer(IAssemblyInfo assemblyInfo) =>
        new IsolatedTestFrameworkDiscoverer(assemblyInfo, SourceInformationProvider, DiagnosticMessageSink);

    /// <inheritdoc/>
    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new IsolatedTestFrameworkExecutor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);
}
