using System.Reflection;
using NUnit.Framework;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;
using NUnit.Framework.Internal.Builders;

namespace NsFixture.NUnit.Sdk;

/// <summary>
/// Builds of an assembly what one test needs: its method's tests, in their fixture, below the set-up fixtures of its namespaces.
/// NUnit's own builder also asks for the process's id, which the fork server must not, since it would be remembered.
/// </summary>
internal sealed class SandboxTreeBuilder(TestPayload payload) : ITestAssemblyBuilder, IPreFilter
{
    public ITest Build(Assembly assembly, IDictionary<string, object> options)
    {
        Type fixture = assembly.GetType(payload.FixtureType, throwOnError: true)!;
        var builder = new DefaultSuiteBuilder();
        var tree = new NamespaceTreeBuilder(new TestAssembly(assembly, assembly.Location));
        tree.Add([.. SetUpFixtures(assembly, fixture.Namespace).Append(fixture).Select(type => (Test)builder.BuildFrom(new TypeWrapper(type), this))]);
        tree.RootSuite.ApplyAttributesToTest(assembly);
        return tree.RootSuite;
    }

    public ITest Build(string assemblyName, IDictionary<string, object> options) => Build(Assembly.LoadFrom(assemblyName), options);

    public bool IsMatch(Type type) => true;

    public bool IsMatch(Type type, MethodInfo method) => method.MetadataToken == payload.MethodToken;

    private static IEnumerable<Type> SetUpFixtures(Assembly assembly, string? ofNamespace) =>
        from type in assembly.GetTypes()
        where type.IsClass && (string.IsNullOrEmpty(type.Namespace) || (ofNamespace + ".").StartsWith(type.Namespace + ".", StringComparison.Ordinal))
        where type.IsDefined(typeof(SetUpFixtureAttribute), inherit: true) && (!type.IsAbstract || type.IsSealed)
        select type;
}
