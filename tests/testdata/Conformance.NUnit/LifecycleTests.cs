using NUnit.Framework.Interfaces;

namespace Conformance;

public class Life
{
    protected readonly List<string> Steps = ["constructed"];

    [OneTimeSetUp]
    public void BaseOnce() => Steps.Add("base once");

    [SetUp]
    public void BaseSetUp() => Steps.Add("base set-up");

    [TearDown]
    public void BaseTearDown() => TestContext.Out.WriteLine($"{string.Join(", ", Steps)}; {TestContext.CurrentContext.Result.Outcome}");
}

public sealed class LifecycleTests : Life, IDisposable
{
    [OneTimeSetUp]
    public async Task Once()
    {
        await Task.Delay(1);
        Steps.Add("once");
    }

    [SetUp]
    public void SetUp() => Steps.Add("set-up");

    [Test]
    public void Passes() => Steps.Add("test");

    [TearDown]
    public void TearDown() => Steps.Add("tear-down");

    public void Dispose()
    {
    }
}

public class SetUpFailureTests
{
    [SetUp]
    public void SetUp() => throw new InvalidOperationException("no set-up today");

    [Test]
    public void Never_runs() => Assert.Fail("ran");

    [TearDown]
    public void TearDown() => TestContext.Out.WriteLine("tear-down");
}

public class TearDownFailureTests
{
    [Test]
    public void Passes_before()
    {
    }

    [Test]
    public void Fails_before() => Assert.Fail("in the test");

    [TearDown]
    public void TearDown() => throw new InvalidOperationException("no tear-down today");
}

public class SetUpIgnoreTests
{
    [SetUp]
    public void SetUp() => Assert.Ignore("in the set-up");

    [Test]
    public void Never_runs() => Assert.Fail("ran");
}

public class OneTimeSetUpFailureTests
{
    [OneTimeSetUp]
    public void Once() => Assert.Fail("not once today");

    [Test]
    public void Never_runs() => Assert.Fail("ran");

    [TestCase(1)]
    [TestCase(2)]
    public void Never_runs_with_cases(int n) => Assert.Fail($"{n}");
}

public class ConstructorFailureTests
{
    public ConstructorFailureTests() => throw new InvalidOperationException("no instance today");

    [Test]
    public void Never_runs() => Assert.Fail("ran");
}

public class OneTimeTearDownFailureTests
{
    [Test]
    public void Passes_before()
    {
    }

    [Test]
    public void Passes_too()
    {
    }

    [OneTimeTearDown]
    public void Once() => throw new InvalidOperationException("no end today");
}

public sealed class DisposeFailureTests : IDisposable
{
    [Test]
    public void Passes_before()
    {
    }

    public void Dispose() => throw new InvalidOperationException("no disposal today");
}

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class InstancePerTestTests : IDisposable
{
    private int calls;

    [OneTimeSetUp]
    public static void Once() => TestContext.Out.WriteLine("once");

    [Test]
    public void First() => Assert.That(++calls, Is.EqualTo(1));

    [TestCase(1)]
    [TestCase(2)]
    public void Second(int n) => Assert.That(++calls, Is.EqualTo(1), $"{n}");

    public void Dispose() => TestContext.Out.WriteLine($"disposed of after {calls}");
}

public class RepetitionTests
{
    private int tries;

    [Test, Retry(3)]
    public void Succeeds_in_the_end() => Assert.That(++tries, Is.EqualTo(3), "too early");

    [Test, Retry(2)]
    public void Never_succeeds()
    {
        TestContext.Out.WriteLine($"try {TestContext.CurrentContext.CurrentRepeatCount}");
        Assert.Fail($"try {TestContext.CurrentContext.CurrentRepeatCount}");
    }

    [Test, Retry(3)]
    public void Throws_once() => throw new IOException("an error is not retried");

    [Test, Repeat(4)]
    public void Is_repeated()
    {
        TestContext.Out.WriteLine($"round {TestContext.CurrentContext.CurrentRepeatCount}");
        Assert.That(true);
    }

    [Test, Repeat(4)]
    public void Fails_when_repeated() => Assert.That(TestContext.CurrentContext.CurrentRepeatCount, Is.LessThan(2));

    [Test, Repeat(3, StopOnFailure = false)]
    public void Fails_and_is_repeated() => Assert.That(TestContext.CurrentContext.CurrentRepeatCount, Is.Not.EqualTo(1));
}

public class TimeTests
{
    [Test, CancelAfter(100)]
    public async Task Is_cancelled(CancellationToken cancellation) => await Task.Delay(60_000, cancellation);

    [Test, CancelAfter(60_000)]
    public void Is_not_cancelled(CancellationToken cancellation) => Assert.That(cancellation.CanBeCanceled);

    [Test, MaxTime(60_000)]
    public void Is_fast_enough()
    {
    }

    [Test, MaxTime(1)]
    public void Is_too_slow() => Thread.Sleep(20);

    [Test, Timeout(200)]
    public void Times_out() => Thread.Sleep(60_000);

    [Test, Timeout(60_000)]
    public void Does_not_time_out()
    {
    }

    [Test, SetCulture("de-DE"), SetUICulture("fr-FR")]
    public void Has_a_culture() => TestContext.Out.WriteLine($"{Thread.CurrentThread.CurrentCulture} {Thread.CurrentThread.CurrentUICulture}");
}

public class OrderTests
{
    [Test, Order(3)]
    public void A_third()
    {
    }

    [Test, Order(1)]
    public void B_first()
    {
    }

    [Test, Order(2)]
    public void C_second()
    {
    }

    [Test]
    public void D_last()
    {
    }
}

[Parallelizable(ParallelScope.All)]
public class ParallelTests
{
    [Test]
    public void Runs_at_once([Range(1, 8)] int n)
    {
        Thread.Sleep(10);
        TestContext.Out.WriteLine($"{n}");
        Assert.That(n, Is.Not.EqualTo(5));
    }
}

[NonParallelizable, SingleThreaded]
public class SingleThreadedTests
{
    [Test]
    public async Task Awaits()
    {
        int before = Environment.CurrentManagedThreadId;
        await Task.Delay(1);
        Assert.That(Environment.CurrentManagedThreadId, Is.EqualTo(before));
    }
}

[Around("fixture")]
public class ActionTests
{
    [Test, Around("method")]
    public void Passes() => TestContext.Out.WriteLine("test");

    [TestCase(1), Around("cases")]
    public void Takes_a_case(int n) => TestContext.Out.WriteLine($"case {n}");
}

[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class AroundAttribute(string what) : Attribute, ITestAction
{
    public ActionTargets Targets => ActionTargets.Test;

    public void BeforeTest(ITest test) => TestContext.Out.WriteLine($"before {what} of {test.Name}");

    public void AfterTest(ITest test) => TestContext.Out.WriteLine($"after {what} of {test.Name}");
}
