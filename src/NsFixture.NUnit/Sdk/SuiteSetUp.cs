using System.Reflection;
using NsFixture.Launching;
using NUnit.Framework;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace NsFixture.NUnit.Sdk;

/// <summary>
/// Stands in the test host for the instance, the one-time methods and the actions of a suite whose tests are all isolated: nothing
/// of the user's runs. As the suite's one-time set-up it takes hold of the suite's result, as its one-time tear-down it waits for
/// the sandboxes to be gone, and tells what failed in theirs.
/// </summary>
internal sealed class SuiteSetUp : IMethodInfo
{
    private static readonly MethodInfo Method = typeof(SuiteSetUp).GetMethod(nameof(Nothing), BindingFlags.NonPublic | BindingFlags.Static)!;
    private readonly TestSuite suite;
    private readonly List<ResultPayload> failures = [];
    private readonly List<string> outputs = [];
    private TestResult? result;

    private SuiteSetUp(TestSuite suite) => this.suite = suite;

    public ITypeInfo TypeInfo => suite.TypeInfo!;

    public MethodInfo MethodInfo => Method;

    public string Name => Method.Name;

    public bool IsAbstract => false;

    public bool IsPublic => true;

    public bool IsStatic => true;

    public bool ContainsGenericParameters => false;

    public bool IsGenericMethod => false;

    public bool IsGenericMethodDefinition => false;

    public ITypeInfo ReturnType => new TypeWrapper(typeof(void));

    /// <summary>Replaces the suite's own.</summary>
    public static void Replace(TestSuite suite)
    {
        if (suite.OneTimeTearDownMethods is [SuiteSetUp])
            return;
        suite.Fixture = new object();
        var own = new SuiteSetUp(suite);
        Set(nameof(TestSuite.OneTimeSetUpMethods), [own]);
        Set(nameof(TestSuite.OneTimeTearDownMethods), [own]);
        FieldInfo actions = typeof(Test).GetField("_actions", BindingFlags.NonPublic | BindingFlags.Instance)
            ?? throw new SandboxException($"NsFixture.NUnit does not know how NUnit {typeof(Test).Assembly.GetName().Version} keeps the actions of a fixture: use a version from 4.6.1 to 5.0.");
        actions.SetValue(suite, Array.Empty<ITestAction>());

        // Protected to set: they are for classes derived from NUnit's.
        void Set(string property, IMethodInfo[] methods) => typeof(TestSuite).GetProperty(property)!.SetValue(suite, methods);
    }

    /// <summary>The one nearest above a test that stands for the suite of this name; null where the suite's own methods run here.</summary>
    public static SuiteSetUp? Find(ITest test, string suiteName)
    {
        for (ITest? above = test.Parent; above != null; above = above.Parent)
            if (above is TestSuite { OneTimeTearDownMethods: [SuiteSetUp own] } && above.FullName == suiteName)
                return own;
        return null;
    }

    /// <summary>A failure of the suite in one of its sandboxes; each that is told as another was is told once.</summary>
    public void Add(ResultPayload failure)
    {
        lock (failures)
        {
            if (failures.Any(f => f.Message == failure.Message))
                return;
            failures.Add(failure);
            // Not in the tear-down: NUnit makes a result of assertions that come there.
            foreach (AssertionResult assertion in failure.Assertions)
                result?.RecordAssertion(assertion);
        }
    }

    /// <summary>What the suite's own methods printed in one of its sandboxes; told once, likewise.</summary>
    public void AddOutput(string output)
    {
        lock (failures)
            if (!outputs.Contains(output))
                outputs.Add(output);
    }

    public object? Invoke(object? fixture, params object?[]? args)
    {
        if (result == null)
        {
            result = TestExecutionContext.CurrentContext.CurrentResult;
            return null;
        }
        Isolation.LauncherOf(suite).SettleAsync().GetAwaiter().GetResult();
        outputs.ForEach(result.OutWriter.Write);
        foreach (ResultPayload failure in failures)
        {
            // The set-up failed before any test did: it is not added to what is said of the tests, as a tear-down's failure is.
            if (failure.State.Site == FailureSite.SetUp)
                result.SetResult(failure.State);
            result.SetResult(failure.State, failure.Message, failure.StackTrace);
        }
        result = null;
        return null;
    }

    public IParameterInfo[] GetParameters() => [];

    public Type[] GetGenericArguments() => [];

    public IMethodInfo MakeGenericMethod(params Type[] typeArguments) => throw new NotSupportedException();

    public T[] GetCustomAttributes<T>(bool inherit) where T : class => [];

    public bool IsDefined<T>(bool inherit) where T : class => false;

    private static void Nothing()
    {
        // What NUnit looks at to see whether it is static, and awaitable.
    }
}
