using System.Reflection;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using NsFixture.Launching;

namespace NsFixture.MSTest.Sdk;

/// <summary>A test class in the test host: which of its tests are isolated, and the attributes that MSTest is to see of it.</summary>
internal sealed class TestClass
{
    private readonly Attribute[] attributes;
    private readonly List<MethodInfo> plain = [];

    private TestClass(Type type, Attribute[] attributes)
    {
        (Type, this.attributes) = (type, attributes);
        bool isInProcess = false;
        // An abstract class, and so a static one, has no tests, but may have methods for the whole assembly.
        foreach (MethodInfo test in type.IsAbstract ? [] : type.GetMethods(Isolation.AllMethods).Where(m => m.IsDefined(typeof(TestMethodAttribute), inherit: true)))
        {
            IsolatedNetworkAttribute? isolated = Isolation.Of(test, type);
            (isolated == null ? plain : Isolated).Add(test);
            isInProcess |= isolated != null && TestLauncher.IsInProcess(isolated.Launcher, out _);
        }
        IsWholly = plain.Count == 0 && !isInProcess;
    }

    public Type Type { get; }

    /// <summary>The isolated tests, in process or not.</summary>
    public List<MethodInfo> Isolated { get; } = [];

    /// <summary>There is no test that needs any code of the class to run in the test host.</summary>
    public bool IsWholly { get; }

    public MethodInfo[] Methods => Declared(Type);

    public IEnumerable<Type> Bases
    {
        get
        {
            for (Type? type = Type.BaseType; type != null && type != typeof(object); type = type.BaseType)
                yield return type;
        }
    }

    public static MethodInfo[] Declared(Type type) => type.GetMethods(Isolation.AllMethods | BindingFlags.DeclaredOnly);

    /// <summary>Null: it is none.</summary>
    public static TestClass? Of(Type type) =>
        type.IsClass && type.IsDefined(typeof(TestClassAttribute), inherit: true) ? new TestClass(type, Isolation.AttributesOf(type)) : null;

    /// <summary>The class's attributes as MSTest is to see them; those of its methods are added.</summary>
    /// <param name="ofMethods">Of all methods.</param>
    /// <param name="fixtures">Classes with methods for the whole assembly.</param>
    public Attribute[] Register(MethodAttributes ofMethods, string[] fixtures)
    {
        foreach (MethodInfo test in Isolated.Where(t => !TestLauncher.IsInProcess(Isolation.Of(t, Type)!.Launcher, out _)))
            ofMethods.Remove(test, a => a is RetryBaseAttribute);
        // The class's retries are those of its plain tests, then: a method's own go before the class's.
        RetryBaseAttribute? retry = attributes.OfType<RetryBaseAttribute>().FirstOrDefault();
        if (retry != null)
            foreach (MethodInfo test in plain.Where(t => !t.IsDefined(typeof(RetryBaseAttribute), inherit: true)))
                ofMethods.Add(test, retry);
        return [.. attributes.Where(a => a is not RetryBaseAttribute).Select(a => a is TestClassAttribute own ? new IsolatedTestClassAttribute(own, Type, fixtures) : a)];
    }
}

/// <summary>The attributes that MSTest is to see of methods, where they differ from their own.</summary>
internal sealed class MethodAttributes
{
    private readonly Dictionary<MethodInfo, Attribute[]> all = [];

    public IReadOnlyDictionary<MethodInfo, Attribute[]> All => all;

    public void Add(MethodInfo method, Attribute attribute) => all[method] = [.. Of(method), attribute];

    public void Remove(MethodInfo method, Func<Attribute, bool> which)
    {
        Attribute[] before = Of(method), after = [.. before.Where(a => !which(a))];
        if (after.Length < before.Length)
            all[method] = after;
    }

    private Attribute[] Of(MethodInfo method) => all.GetValueOrDefault(method) ?? Isolation.AttributesOf(method);
}
