using NsFixture.Launching;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>xUnit.net's discoverer; has the fork server warm up as soon as it meets an isolated test.</summary>
internal sealed class IsolatedTestFrameworkDiscoverer(IAssemblyInfo assemblyInfo, ISourceInformationProvider sourceProvider, IMessageSink diagnosticMessageSink)
    : XunitTestFrameworkDiscoverer(assemblyInfo, sourceProvider, diagnosticMessageSink)
{
    private bool warm = !Program.IsTestHost;

    protected override bool FindTestsForMethod(ITestMethod testMethod, bool includeSourceInformation, IMessageBus messageBus, ITestFrameworkDiscoveryOptions discoveryOptions)
    {
        if (!warm && Isolation.Of(testMethod) != null)
        {
            warm = true;
            Isolation.LauncherOf(testMethod.TestClass.TestCollection.TestAssembly).WarmUp();
        }
        return base.FindTestsForMethod(testMethod, includeSourceInformation, messageBus, discoveryOptions);
    }
}
