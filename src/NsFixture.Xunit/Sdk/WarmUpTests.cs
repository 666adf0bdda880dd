using Xunit;
#if NSFIXTURE_XUNIT_V3
using Xunit.v3;

[assembly: NsFixture.Xunit.Sdk.IsolatedTestFramework]
#else
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("NsFixture.Xunit.Sdk.IsolatedTestFramework", "NsFixture.Xunit")]
#endif

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// The tests that the fork server runs on itself, so that xUnit.net's path through a test is compiled before the fork. None of
/// them may use the thread pool, whose gate thread never leaves, or fail: a stack trace with line numbers has the runtime keep
/// a mapping of the symbol file, which a fork does not inherit.
/// </summary>
internal sealed class WarmUpTests : IClassFixture<WarmUpTests.Fixture>, IAsyncLifetime, IDisposable
{
    private readonly ITestOutputHelper output;

    public WarmUpTests(ITestOutputHelper output, Fixture fixture)
    {
        this.output = output;
        _ = fixture;
    }

#if NSFIXTURE_XUNIT_V3
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
#else
    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Task.CompletedTask;
#endif

    public void Dispose()
    {
    }

    [Fact, WarmUp, IsolatedNetwork]
    public void Passes() => output.WriteLine("warm");

    [Fact]
    public Task PassesAsATask() => Task.CompletedTask;

    [Fact]
    public async Task PassesAsynchronously() => await Task.CompletedTask;

    [Fact]
    public async Task Waits() => await Task.Yield();

    [Theory]
    public void TakesARow(int number, long large, double real, decimal exact, bool flag, char letter, string text, object? nothing, DayOfWeek value, Type type, int[] list) =>
        _ = (number, large, real, exact, flag, letter, text, nothing, value, type, list);

    /// <summary>The tests by name, with their arguments.</summary>
    public static (string Method, object?[]? Arguments)[] Cases =>
    [
        (nameof(Passes), null), (nameof(PassesAsATask), null), (nameof(PassesAsynchronously), null), (nameof(Waits), null),
        (nameof(TakesARow), [1, 2L, 3.0, 4m, true, 'x', "warm", null, DayOfWeek.Friday, typeof(string), new[] { 1 }]),
    ];

    internal sealed class Fixture;

    private sealed class WarmUpAttribute : BeforeAfterTestAttribute;
}
