using System.Reflection;
using Xunit.v3;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// xUnit.net's own test framework, but for isolated tests, which it runs in sandboxes. The package registers it; a project with
/// a test framework of its own derives that from this one.
/// </summary>
/// <param name="configFileName">The configuration file, where there is one.</param>
public class IsolatedTestFramework(string? configFileName) : XunitTestFramework(configFileName)
{
    private readonly string? configFileName = configFileName;

    /// <summary>Made by xUnit.net.</summary>
    public IsolatedTestFramework()
        : this(null)
    {
    }

    /// <inheritdoc/>
    protected override ITestFrameworkDiscoverer CreateDiscoverer(Assembly assembly) => new IsolatedTestFrameworkDiscoverer(TestAssemblyOf(assembly));

    /// <inheritdoc/>
    protected override ITestFrameworkExecutor CreateExecutor(Assembly assembly) => new IsolatedTestFrameworkExecutor(TestAssemblyOf(assembly));

    private XunitTestAssembly TestAssemblyOf(Assembly assembly) => new(assembly, configFileName, assembly.GetName().Version);
}

/// <summary>Registers <see cref="IsolatedTestFramework"/>: the package puts it on the test assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class IsolatedTestFrameworkAttribute : Attribute, ITestFrameworkAttribute
{
    /// <summary>The framework.</summary>
    public Type FrameworkType => typeof(IsolatedTestFramework);
}
