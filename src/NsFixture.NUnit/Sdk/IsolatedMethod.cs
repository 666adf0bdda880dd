using System.Reflection;
using NUnit.Framework;
using NUnit.Framework.Interfaces;

namespace NsFixture.NUnit.Sdk;

/// <summary>
/// The method of an isolated test, in the test host: of the attributes by which NUnit changes how a test is run, it has
/// <see cref="IsolatedNetworkAttribute"/> alone. The others take effect where the test runs.
/// </summary>
internal sealed class IsolatedMethod(IMethodInfo inner, IsolatedNetworkAttribute attribute) : IMethodInfo
{
    public ITypeInfo TypeInfo => inner.TypeInfo;

    public MethodInfo MethodInfo => inner.MethodInfo;

    public string Name => inner.Name;

    public bool IsAbstract => inner.IsAbstract;

    public bool IsPublic => inner.IsPublic;

    public bool IsStatic => inner.IsStatic;

    public bool ContainsGenericParameters => inner.ContainsGenericParameters;

    public bool IsGenericMethod => inner.IsGenericMethod;

    public bool IsGenericMethodDefinition => inner.IsGenericMethodDefinition;

    public ITypeInfo ReturnType => inner.ReturnType;

    public IParameterInfo[] GetParameters() => inner.GetParameters();

    public Type[] GetGenericArguments() => inner.GetGenericArguments();

    public IMethodInfo MakeGenericMethod(params Type[] typeArguments) => new IsolatedMethod(inner.MakeGenericMethod(typeArguments), attribute);

    public object? Invoke(object? fixture, params object?[]? args) => inner.Invoke(fixture, args);

    public T[] GetCustomAttributes<T>(bool inherit) where T : class =>
        typeof(T) == typeof(IWrapSetUpTearDown) || typeof(T) == typeof(IApplyToContext) || typeof(T) == typeof(IsolatedNetworkAttribute) ? [(T)(object)attribute]
        : typeof(T) == typeof(IRepeatTest) || typeof(T) == typeof(IWrapTestMethod) || typeof(T) == typeof(ITestAction) ? []
        : inner.GetCustomAttributes<T>(inherit);

    public bool IsDefined<T>(bool inherit) where T : class => inner.IsDefined<T>(inherit);

    public override string ToString() => Name;
}
