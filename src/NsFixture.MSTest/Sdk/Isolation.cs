using System.Reflection;
using Microsoft.VisualStudio.TestPlatform.MSTestAdapter.PlatformServices.SourceGeneration;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using NsFixture.Launching;

namespace NsFixture.MSTest.Sdk;

/// <summary>
/// Which tests are isolated, and what that makes of what MSTest sees of them in the test host.
/// <para>
/// MSTest asks the attribute on a test's class for what executes the test, and no other attribute. But it takes the attributes of an
/// assembly's classes and methods from whoever registers them (<see cref="ReflectionMetadataHook"/>, which its source generator
/// uses). So a class with isolated tests is told to have an <see cref="IsolatedTestClassAttribute"/> in place of its own, its
/// isolated tests to have no retries, and where there are no other tests, it and the assembly to have no initialization and
/// clean-up. All that was left out, MSTest does in the sandbox.
/// </para>
/// </summary>
internal static class Isolation
{
    public const BindingFlags AllMethods = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Lock Gate = new();
    private static readonly HashSet<Assembly> Noticed = [];

    /// <summary>
    /// Attributes are being read. An attribute does not know where it stands: every assembly that is new and may have tests is
    /// looked at.
    /// </summary>
    public static void Notice()
    {
        if (!Program.IsTestHost)
            return;
        lock (Gate)
            foreach (Assembly assembly in AppDomain.CurrentDomain.GetAssemblies())
                if (Noticed.Add(assembly) && HasTests(assembly))
                    Register(assembly);
    }

    /// <summary>The attribute nearest to a test; null for a plain one.</summary>
    public static IsolatedNetworkAttribute? Of(MethodInfo test, Type testClass) =>
        test.GetCustomAttributes<IsolatedNetworkAttribute>(inherit: true).FirstOrDefault() ??
        testClass.GetCustomAttributes<IsolatedNetworkAttribute>(inherit: true).FirstOrDefault() ??
        testClass.Assembly.GetCustomAttributes<IsolatedNetworkAttribute>().FirstOrDefault();

    /// <summary>The launcher of the assembly that a test is in.</summary>
    public static TestLauncher LauncherOf(Type testClass) => TestLauncher.For(testClass.Assembly.Location, typeof(MSTestRunner));

    /// <summary>All attributes, as MSTest would read them itself.</summary>
    public static Attribute[] AttributesOf(MemberInfo member) => [.. member.GetCustomAttributes(typeof(Attribute), inherit: true).Cast<Attribute>()];

    private static bool HasTests(Assembly assembly) =>
        !assembly.IsDynamic && assembly != typeof(Isolation).Assembly && assembly.GetReferencedAssemblies().Any(r => r.Name == typeof(TestClassAttribute).Assembly.GetName().Name);

    private static void Register(Assembly assembly)
    {
        TestClass[] classes = [.. Types(assembly).Select(TestClass.Of).OfType<TestClass>()];
        if (!classes.Any(c => c.Isolated.Count > 0))
            return;
        Dictionary<Type, Attribute[]> ofTypes = [];
        var ofMethods = new MethodAttributes();
        string[] fixtures = [.. classes.Where(c => c.Methods.Any(m => AttributesOf(m).Any(IsOfAssembly))).Select(c => c.Type.FullName!)];
        foreach (TestClass one in classes.Where(c => c.Isolated.Count > 0))
            ofTypes[one.Type] = one.Register(ofMethods, fixtures);
        foreach (MethodInfo method in classes.Where(c => c.IsWholly).SelectMany(c => c.Methods).Concat(OfBasesOfWhollyIsolated(classes)))
            ofMethods.Remove(method, a => a is ClassInitializeAttribute or ClassCleanupAttribute);
        if (classes.All(c => c.IsWholly))
            foreach (MethodInfo method in classes.SelectMany(c => c.Methods).Concat(OfProviders(assembly)))
                ofMethods.Remove(method, a => a is AssemblyInitializeAttribute or AssemblyCleanupAttribute);
        ReflectionMetadataHook.Register(assembly, [], new Dictionary<Type, MethodInfo[]>(), ofTypes, [], ofMethods.All,
            new Dictionary<MethodInfo, Func<object?, object?[]?, object?>>(), new Dictionary<Type, ConstructorInvokerInfo[]>(), new Dictionary<PropertyInfo, Action<object?, object?>>());
    }

    /// <summary>What MSTest makes part of an assembly's information, wherever it finds it.</summary>
    private static bool IsOfAssembly(Attribute attribute) =>
        attribute is AssemblyInitializeAttribute or AssemblyCleanupAttribute or GlobalTestInitializeAttribute or GlobalTestCleanupAttribute;

    // A base class's methods are those of all that derive from it.
    private static IEnumerable<MethodInfo> OfBasesOfWhollyIsolated(TestClass[] classes) =>
        from deriving in classes.SelectMany(c => c.Bases.Select(b => (Base: b, Class: c))).GroupBy(d => d.Base, d => d.Class)
        where deriving.All(c => c.IsWholly)
        from method in TestClass.Declared(deriving.Key)
        select method;

    private static IEnumerable<MethodInfo> OfProviders(Assembly assembly) =>
        assembly.GetCustomAttributes<AssemblyFixtureProviderAttribute>().SelectMany(a => TestClass.Declared(a.FixtureType));

    private static Type[] Types(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException)
        {
            return []; // MSTest says so
        }
    }
}
