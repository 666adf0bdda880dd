using NsFixture.Launching;
using Xunit.Sdk;
using Xunit.v3;

namespace NsFixture.Xunit.Sdk;

/// <summary>xUnit.net's discoverer; has the fork server warm up as soon as it meets an isolated test.</summary>
internal sealed class IsolatedTestFrameworkDiscoverer(IXunitTestAssembly testAssembly) : XunitTestFrameworkDiscoverer(testAssembly)
{
    private bool warm = !Program.IsTestHost;

    protected override ValueTask<bool> FindTestsForMethod(
        IXunitTestMethod testMethod, ITestFrameworkDiscoveryOptions discoveryOptions, Func<ITestCase, ValueTask<bool>> discoveryCallback)
    {
        if (!warm && testMethod.FactAttributes.Count > 0 && Isolation.Of(testMethod) != null)
        {
            warm = true;
            Isolation.LauncherOf(TestAssembly).WarmUp();
        }
        return base.FindTestsForMethod(testMethod, discoveryOptions, discoveryCallback);
    }
}
