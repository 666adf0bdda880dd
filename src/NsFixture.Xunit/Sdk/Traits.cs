using System.Diagnostics;
using System.Reflection;
using NsFixture.Launching;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// The traits of an assembly and its classes, which xUnit.net reads once a process and each test's process would read anew. It keeps them by name; attributes are not
/// created by that, so nothing of the user's runs.
/// </summary>
internal static class Traits
{
    private const BindingFlags Static = BindingFlags.Static | BindingFlags.NonPublic;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(0.3);

    /// <summary>Where another version of xUnit.net keeps them otherwise, each test reads them as it did.</summary>
    public static void ReadAhead(Assembly assembly)
    {
        MethodInfo? ofAssembly = Reader(typeof(IAssemblyInfo)), ofType = Reader(typeof(ITypeInfo));
        if (ofAssembly == null || ofType == null)
            return;
        long start = Stopwatch.GetTimestamp();
        Precompilation.Attempt(() => ofAssembly.Invoke(null, [Reflector.Wrap(assembly)]));
        Precompilation.Attempt(() =>
        {
            foreach (Type type in assembly.GetExportedTypes().Where(t => t is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false }))
                if (Stopwatch.GetElapsedTime(start) < Limit)
                    ofType.Invoke(null, [Reflector.Wrap(type)]);
        });

        static MethodInfo? Reader(Type of) => typeof(XunitTestCase).GetMethod("GetCachedTraitAttributes", Static, [of]);
    }
}
