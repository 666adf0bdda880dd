using Xunit;
using Xunit.Abstractions;

[assembly: TestFramework("NsFixture.Xunit.Sdk.IsolatedTestFramework", "NsFixture.Xunit")]

namespace NsFixture.Xunit.Sdk;

/// <summary>The tests that the fork server runs on itself, so that xUnit.net's path through a test is compiled before the fork.</summary>
internal sealed class WarmUpTests
{
    private readonly ITestOutputHelper output;

    public WarmUpTests(ITestOutputHelper output) => this.output = output;

    [Fact]
    public void Passes() => output.WriteLine("warm");

    [Fact]
    public async Task PassesLater() => await Task.Yield();
}
