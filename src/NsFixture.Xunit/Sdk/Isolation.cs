using NsFixture.Launching;
using Xunit.Abstractions;

namespace NsFixture.Xunit.Sdk;

/// <summary>Which tests are isolated, and how.</summary>
internal static class Isolation
{
    /// <summary>The settings of the attribute nearest to a test method; null for a plain one.</summary>
    public static IsolationSettings? Of(ITestMethod method) => IsolatedNetworkAttribute.SettingsOf(method.Method.ToRuntimeMethod(), method.TestClass.Class.ToRuntimeType());

    /// <summary>Whether a test case is to run in a sandbox; false also where the launcher is in-process.</summary>
    public static bool IsIsolated(ITestCase testCase) =>
        Of(testCase.TestMethod) is { } settings && !TestLauncher.IsInProcess(settings.Options.Launcher, out _);

    // Not AssemblyPath, which on .NET is the mere file name: right only where the current directory happens to be the assembly's.
    public static TestLauncher LauncherOf(ITestAssembly assembly) =>
        TestLauncher.For(((IReflectionAssemblyInfo)assembly.Assembly).Assembly.Location, typeof(XunitTestRunner));
}
