using NsFixture.Launching;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;
using NUnit.Framework.Internal.Commands;

namespace NsFixture.NUnit.Sdk;

/// <summary>
/// Which tests are isolated, and what that makes of NUnit's tree of tests in the test host.
/// <para>
/// NUnit has no place where the whole running of a test could be replaced: an attribute wraps set-up, body and tear-down, and
/// repetitions, timeouts and changes of the context go around that; a fixture is made by its suite. And it looks for wrapping
/// attributes on fixture and assembly only where the method has none. So an isolated test's method is replaced by one that has no
/// such attribute but <see cref="IsolatedNetworkAttribute"/> (<see cref="IsolatedMethod"/>), and an isolated fixture's own
/// set-up by none (<see cref="SuiteSetUp"/>). All that was left out, NUnit does in the sandbox.
/// </para>
/// </summary>
internal static class Isolation
{
    /// <summary>The attribute nearest to a test; null for a plain one.</summary>
    public static IsolatedNetworkAttribute? Of(ITest test) =>
        First(test.Method?.GetCustomAttributes<IsolatedNetworkAttribute>(inherit: true)) ?? (test.TypeInfo is { } type ? OfClass(type) : null);

    /// <summary>The launcher of the assembly that a test is in.</summary>
    public static TestLauncher LauncherOf(ITest test) => TestLauncher.For(test.TypeInfo!.Type.Assembly.Location, typeof(NUnitTestRunner));

    /// <summary>A test was built, perhaps without its children.</summary>
    public static void Prepare(Test test)
    {
        foreach (ITest child in test.Tests.ToArray())
            Prepare((Test)child);
        if (test.Method != null)
        {
            if (test.Method is not IsolatedMethod && Of(test) is { } attribute && !IsInProcess(attribute))
                test.Method = new IsolatedMethod(test.Method, attribute);
        }
        else if (test is TestFixture or SetUpFixture && OfClass(test.TypeInfo!) is { } attribute && !IsInProcess(attribute) && IsWholly((TestSuite)test))
        {
            SuiteSetUp.Replace((TestSuite)test);
        }
    }

    /// <summary>A suite, or a test, is about to run.</summary>
    public static void Start(Test test)
    {
        Prepare(test);
        ITest? any = AnyTest(test);
        if (any == null || Of(any) is not { } attribute)
            return;
        if (TestLauncher.IsInProcess(attribute.Launcher, out string reason))
            IsolatedNetwork.EnterInProcess(reason);
        else
            LauncherOf(any).WarmUp();
    }

    /// <summary>What a test's set-up, body and tear-down are in the test host.</summary>
    public static TestCommand Wrap(TestCommand command) => Of(command.Test) switch
    {
        null => command,
        { } attribute when TestLauncher.IsInProcess(attribute.Launcher, out string reason) => new InProcessCommand(command, reason),
        { } attribute => IsolatedCommand.Create(command.Test, attribute.ToSettings()),
    };

    // A set-up fixture is above tests that may be plain, whose set-up it is.
    private static bool IsWholly(TestSuite suite) =>
        suite is TestFixture || suite.Tests.Count == 0 || Tests(suite).All(t => Of(t) is { } attribute && !IsInProcess(attribute));

    private static bool IsInProcess(IsolatedNetworkAttribute attribute) => TestLauncher.IsInProcess(attribute.Launcher, out _);

    private static IsolatedNetworkAttribute? OfClass(ITypeInfo type) =>
        First(type.GetCustomAttributes<IsolatedNetworkAttribute>(inherit: true)) ??
        (IsolatedNetworkAttribute?)Attribute.GetCustomAttribute(type.Type.Assembly, typeof(IsolatedNetworkAttribute));

    private static IsolatedNetworkAttribute? First(IsolatedNetworkAttribute[]? attributes) => attributes is [var first, ..] ? first : null;

    private static ITest? AnyTest(ITest test) => Tests(test).FirstOrDefault(t => Of(t) != null);

    private static IEnumerable<ITest> Tests(ITest test) => test.IsSuite ? test.Tests.SelectMany(Tests) : [test];
}
