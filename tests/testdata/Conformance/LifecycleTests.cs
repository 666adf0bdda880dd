using System.Reflection;

namespace Conformance;

public sealed class LifecycleTests : IAsyncLifetime, IDisposable
{
    private readonly ITestOutputHelper output;
    private readonly string state;

    public LifecycleTests(ITestOutputHelper output)
    {
        this.output = output;
        state = "fresh";
        output.WriteLine("constructor");
    }

    public async LifetimeTask InitializeAsync()
    {
        await Task.Delay(1);
        output.WriteLine("InitializeAsync");
    }

    [Fact]
    public void Passes() => output.WriteLine($"test {state}");

    [Fact]
    public async Task Fails()
    {
        output.WriteLine("before");
        await Task.Delay(1);
        Assert.Fail("in the middle");
    }

    public async LifetimeTask DisposeAsync()
    {
        await Task.Delay(1);
        output.WriteLine("DisposeAsync");
    }

    public void Dispose() => output.WriteLine("Dispose");
}

public sealed class AsyncDisposableTests(ITestOutputHelper output) : IAsyncDisposable
{
    [Fact]
    public void Passes() => output.WriteLine("test");

    public async ValueTask DisposeAsync()
    {
        await Task.Yield();
        output.WriteLine("DisposeAsync");
    }
}

public class ThrowingConstructorTests
{
    public ThrowingConstructorTests() => throw new InvalidOperationException("no instance today");

    [Fact]
    public void Never_runs() => Assert.Fail("ran");
}

public class ThrowingInitializeTests : IAsyncLifetime
{
    public async LifetimeTask InitializeAsync()
    {
        await Task.Yield();
        throw new InvalidOperationException("no initialization of a test class today");
    }

    [Fact]
    public void Never_runs() => Assert.Fail("ran");

    public LifetimeTask DisposeAsync() => LifetimeTask.CompletedTask;
}

public sealed class ThrowingDisposeTests : IDisposable
{
    [Fact]
    public void Passes_before()
    {
    }

    [Fact]
    public void Fails_before() => Assert.Fail("in the test");

    [Fact(Skip = "skipped")]
    public void Is_skipped()
    {
    }

    public void Dispose() => throw new InvalidOperationException("no disposal of a test class today");
}

public sealed class ThrowingDisposeAsyncTests : IAsyncLifetime, IDisposable
{
    public LifetimeTask InitializeAsync() => LifetimeTask.CompletedTask;

    [Fact]
    public void Passes_before()
    {
    }

    public async LifetimeTask DisposeAsync()
    {
        await Task.Yield();
        throw new InvalidOperationException("no async disposal today");
    }

    public void Dispose() => throw new InvalidOperationException("no disposal either");
}

[Around("class")]
public class BeforeAfterTests(ITestOutputHelper output)
{
    [Fact]
    [Around("method")]
    public void Passes() => output.WriteLine($"after {string.Join(", ", AroundAttribute.Calls)}");

    [Fact]
    [Around("method")]
    [OtherAround]
    public void Fails() => Assert.Fail($"after {string.Join(", ", AroundAttribute.Calls.TakeLast(2))}");

    [Fact]
    [Around("throws before")]
    public void Throws_before() => Assert.Fail("ran");

    [Fact]
    [Around("throws after")]
    public void Throws_after()
    {
    }

    [Fact]
    [Around("throws after")]
    public void Fails_and_throws_after() => Assert.Fail("in the test");

    [Fact(Skip = "skipped")]
    [Around("throws before")]
    public void Is_skipped()
    {
    }
}

[CollectionDefinition("around")]
[Around("collection")]
public class AroundCollection;

[Collection("around")]
public class AroundCollectionTests
{
    [Fact]
    public void Has_an_attribute_on_its_collection()
    {
    }
}

[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public class AroundAttribute(string what) : BeforeAfterTestAttribute
{
    private static readonly AsyncLocal<List<string>?> Current = new();

    public static IReadOnlyList<string> Calls => Current.Value ?? [];

#if XUNIT_V3
    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
#else
    public override void Before(MethodInfo methodUnderTest)
#endif
    {
        Current.Value = [.. Calls, $"{what} of {methodUnderTest.Name}"];
        if (what == "throws before")
            throw new InvalidOperationException("not before today");
    }

#if XUNIT_V3
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
#else
    public override void After(MethodInfo methodUnderTest)
#endif
    {
        if (what == "throws after")
            throw new InvalidOperationException("not after today");
    }
}

public sealed class OtherAroundAttribute() : AroundAttribute("other");
