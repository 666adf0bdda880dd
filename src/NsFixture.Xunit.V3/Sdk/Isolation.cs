using NsFixture.Launching;
using Xunit.v3;

namespace NsFixture.Xunit.Sdk;

/// <summary>Which tests are isolated, and how.</summary>
internal static class Isolation
{
    /// <summary>The settings of the attribute nearest to a test method; null for a plain one.</summary>
    public static IsolationSettings? Of(IXunitTestMethod method) => IsolatedNetworkAttribute.SettingsOf(method.Method, method.TestClass.Class);

    public static TestLauncher LauncherOf(IXunitTestAssembly assembly) => TestLauncher.For(assembly.Assembly.Location, typeof(XunitTestRunner));
}
