using System.Globalization;

namespace Conformance;

[TestClass]
public static class AssemblyFixture
{
    public static string State { get; private set; } = "uninitialized";

    [AssemblyInitialize]
    public static void Initialize(TestContext context)
    {
        State = $"initialized with {context.Properties["colour"]}";
        TellOutside("assembly initialization");
        context.Properties["assembly"] = "set";
    }

    [AssemblyCleanup]
    public static void Clean() => TellOutside("assembly clean-up");

    [GlobalTestInitialize]
    public static void BeforeEach(TestContext context) => context.Properties["before each"] = context.TestName;

    [GlobalTestCleanup]
    public static void AfterEach(TestContext context)
    {
        if (context.FullyQualifiedTestClassName!.EndsWith(nameof(LifecycleTests), StringComparison.Ordinal))
            context.WriteLine("after each");
    }

    // In the isolated run there is a file for what should not happen: to run in the test host.
    private static void TellOutside(string what)
    {
        if (Environment.GetEnvironmentVariable("CONFORMANCE_OUTSIDE") is { } file && Environment.ProcessId != 2)
            File.AppendAllText(file, what + "\n");
    }
}

public class Life
{
    protected static readonly List<string> Steps = [];

    [ClassInitialize(InheritanceBehavior.BeforeEachDerivedClass)]
    public static void BaseClassInitialize(TestContext context) => Steps.Add($"base class of {context.FullyQualifiedTestClassName}");

    [TestInitialize]
    public void BaseInitialize() => Steps.Add("base initialize");

    [TestCleanup]
    public void BaseCleanup() => Steps.Add("base cleanup");
}

[TestClass]
public sealed class LifecycleTests : Life, IDisposable, IAsyncDisposable
{
    private readonly TestContext context;

    public LifecycleTests(TestContext context)
    {
        this.context = context;
        Steps.Add("constructed");
    }

    [ClassInitialize]
    public static async Task Once(TestContext context)
    {
        await Task.Delay(1);
        Steps.Add("class");
        context.Properties["class"] = "set";
    }

    [TestInitialize]
    public async Task Initialize()
    {
        await Task.Yield();
        Steps.Add("initialize");
    }

    [TestMethod]
    public void Passes()
    {
        Steps.Add("test");
        context.WriteLine(string.Join(", ", Steps));
        context.WriteLine($"{AssemblyFixture.State} {context.Properties["assembly"]} {context.Properties["class"]} {context.Properties["before each"]}");
    }

    [TestCleanup]
    public void Cleanup() => context.WriteLine($"clean-up after {context.CurrentTestOutcome}");

    public void Dispose() => Console.WriteLine("disposed of");

    public ValueTask DisposeAsync()
    {
        Console.WriteLine("asynchronously disposed of");
        return ValueTask.CompletedTask;
    }

    [ClassCleanup]
    public static void Finish() => Steps.Clear();
}

[TestClass]
public class InitializeFailureTests
{
    [TestInitialize]
    public void Initialize() => throw new InvalidOperationException("no initialization today");

    [TestMethod]
    public void Never_runs() => Assert.Fail("ran");

    [TestCleanup]
    public void Cleanup() => Console.WriteLine("clean-up");
}

[TestClass]
public class CleanupFailureTests
{
    [TestMethod]
    public void Passes_before()
    {
    }

    [TestMethod]
    public void Fails_before() => Assert.Fail("in the test");

    [TestCleanup]
    public void Cleanup() => throw new InvalidOperationException("no clean-up today");
}

[TestClass]
public class ClassInitializeFailureTests
{
    [ClassInitialize]
    public static void Once(TestContext context) => Assert.Fail("not once today");

    [TestMethod]
    public void Never_runs() => Assert.Fail("ran");

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void Never_runs_with_rows(int n) => Assert.Fail($"{n}");
}

[TestClass]
public class ClassInitializeInconclusiveTests
{
    [ClassInitialize]
    public static void Once(TestContext context) => Assert.Inconclusive("who knows");

    [TestMethod]
    public void Never_runs() => Assert.Fail("ran");
}

[TestClass]
public class ClassCleanupFailureTests
{
    [TestMethod]
    public void Passes_before()
    {
    }

    [TestMethod]
    public void Passes_too()
    {
    }

    [ClassCleanup]
    public static void Finish() => throw new InvalidOperationException("no end today");
}

[TestClass]
public class ConstructorFailureTests
{
    public ConstructorFailureTests() => throw new InvalidOperationException("no instance today");

    [TestMethod]
    public void Never_runs() => Assert.Fail("ran");
}

[TestClass]
public sealed class DisposeFailureTests : IDisposable
{
    [TestMethod]
    public void Passes_before()
    {
    }

    public void Dispose() => throw new InvalidOperationException("no disposal today");
}

[TestClass]
public class RetryTests
{
    private static int tries;

    [TestMethod, Retry(3)]
    public void Succeeds_in_the_end() => Assert.AreEqual(3, ++tries, "too early");

    [TestMethod, Retry(2)]
    public void Never_succeeds() => Assert.Fail("never");

    [TestMethod, Retry(2)]
    [DataRow(1)]
    [DataRow(2)]
    public void Succeeds_with_one_row(int n) => Assert.AreEqual(1, n);

    [TestMethod, Retry(3)]
    public void Is_inconclusive() => Assert.Inconclusive("and is not retried");
}

[TestClass, Retry(2)]
public class ClassRetryTests
{
    [TestMethod]
    public void Never_succeeds() => Assert.Fail("never");

    [TestMethod, Retry(1)]
    public void Has_fewer_tries() => Assert.Fail("never");

    [TestMethod]
    public void Passes()
    {
    }
}

[TestClass]
public class TimeTests(TestContext context)
{
    [TestMethod, Timeout(200)]
    public void Times_out() => Thread.Sleep(60_000);

    [TestMethod, Timeout(200)]
    public async Task Times_out_asynchronously() => await Task.Delay(60_000);

    [TestMethod, Timeout(200, CooperativeCancellation = true)]
    public async Task Is_cancelled() => await Task.Delay(60_000, context.CancellationToken);

    [TestMethod, Timeout(60_000)]
    public void Does_not_time_out() => Assert.IsTrue(context.CancellationToken.CanBeCanceled);

    [TestCleanup]
    public void Cleanup() => Console.WriteLine($"clean-up after {context.CurrentTestOutcome}");
}

[TestClass, DoNotParallelize]
public class AloneTests
{
    [TestMethod]
    public void Runs_alone()
    {
    }
}

[TestClass]
public class ParallelTests
{
    [TestMethod]
    [DataRow(1), DataRow(2), DataRow(3), DataRow(4), DataRow(5), DataRow(6), DataRow(7), DataRow(8)]
    public void Runs_at_once(int n)
    {
        Thread.Sleep(10);
        Console.WriteLine(n);
        Assert.AreNotEqual(5, n);
    }
}

public abstract class BaseTests
{
    protected virtual string Name => "base";

    [TestMethod]
    public void Is_inherited() => Console.WriteLine(Name);

    [TestMethod]
    [DataRow(1)]
    public virtual void Is_overridden(int n) => Assert.Fail($"base {n}");
}

[TestClass]
public class InheritingTests : BaseTests
{
    protected override string Name => "derived";

    [TestMethod]
    public void Is_own() => Console.WriteLine("own");

    [TestMethod]
    [DataRow(2)]
    public override void Is_overridden(int n) => Assert.AreEqual(2, n);
}

[TestClass]
public class OuterTests
{
    [TestMethod]
    public void Is_outside()
    {
    }

    [TestClass]
    public class Inner
    {
        [TestMethod]
        public void Is_inside() => Assert.Fail("inside");
    }
}

[GermanClass]
public class CustomTests(TestContext context)
{
    [TestMethod]
    public void Has_a_culture() => context.WriteLine($"{1.5} in {CultureInfo.CurrentCulture.Name}");

    [Twice]
    public void Runs_twice() => Console.WriteLine("once");

    [TestMethod]
    [DataRow(2.5)]
    public void Has_a_culture_with_rows(double n) => context.WriteLine($"{n}");
}

/// <summary>Runs a class's tests in another culture: MSTest's own way to extend it, on a class.</summary>
public sealed class GermanClassAttribute : TestClassAttribute
{
    public override TestMethodAttribute? GetTestMethodAttribute(TestMethodAttribute testMethodAttribute) => new German(testMethodAttribute);

    private sealed class German(TestMethodAttribute own) : TestMethodAttribute
    {
        public override async Task<TestResult[]> ExecuteAsync(ITestMethod testMethod)
        {
            CultureInfo before = CultureInfo.CurrentCulture;
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };
            try
            {
                return await own.ExecuteAsync(testMethod);
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }
    }
}

/// <summary>Runs a test twice: MSTest's own way to extend it, on a method.</summary>
public sealed class TwiceAttribute : TestMethodAttribute
{
    public override async Task<TestResult[]> ExecuteAsync(ITestMethod testMethod) => [await testMethod.InvokeAsync(null), await testMethod.InvokeAsync(null)];
}
