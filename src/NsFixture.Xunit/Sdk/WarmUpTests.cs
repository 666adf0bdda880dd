using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("NsFixture.Xunit.Sdk.IsolatedTestFramework", "NsFixture.Xunit")]

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// The tests that the fork server runs on itself, so that xUnit.net's path through a test is compiled before the fork. None of
/// them may use the thread pool, whose gate thread never leaves.
/// </summary>
internal sealed class WarmUpTests
{
    private readonly ITestOutputHelper output;

    public WarmUpTests(ITestOutputHelper output) => this.output = output;

    [Fact, WarmUp, IsolatedNetwork]
    public void Passes() => output.WriteLine("warm");

    [Fact]
    public Task PassesAsATask() => Task.CompletedTask;

    private sealed class WarmUpAttribute : BeforeAfterTestAttribute;
}
