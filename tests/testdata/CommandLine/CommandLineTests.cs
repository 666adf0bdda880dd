using CommandLine.Library;
#if !XUNIT_V3
using Xunit.Abstractions;
#endif

#if ISOLATED
[assembly: NsFixture.Xunit.IsolatedNetwork(MaxParallel = 8)]
#endif

namespace CommandLine;

/// <summary>Eight at once.</summary>
public class CoverageTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(27)]
    [InlineData(97)]
    [InlineData(871)]
    public void Steps_are_counted(int start) => Assert.InRange(Collatz.Steps(start), 0, 200);
}

public class OutcomeTests(ITestOutputHelper output)
{
    [Fact, Trait("Category", "Fast")]
    public void Passes() => output.WriteLine("one line\nand another, with <xml> & ünïcödé");

    [Fact]
#if ISOLATED
    [NsFixture.Xunit.IsolatedNetwork(Root = NsFixture.RootKind.Directory, RootPath = "Tree")]
#endif
    public async Task Passes_later()
    {
        output.WriteLine("before");
        await Task.Delay(10);
        output.WriteLine($"after {Collatz.Steps(6)}");
    }

    [Fact]
    public void Fails()
    {
        output.WriteLine("about to fail");
        Assert.Equal(["80", "443"], (string[])["80", "8443"]);
    }

    [Fact]
    public void Throws_with_an_inner_exception()
    {
        try
        {
            throw new FormatException("inside");
        }
        catch (FormatException e)
        {
            throw new InvalidOperationException("outside", e);
        }
    }

    [Fact(Skip = "not today")]
    public void Is_skipped() => Assert.Fail("it ran");

    [Theory, Trait("Category", "Fast")]
#if ISOLATED
    [NsFixture.Xunit.IsolatedNetwork(Root = NsFixture.RootKind.ReadOnly)]
#endif
    [InlineData("a \"b\" c", 1)]
    [InlineData("d", 2)]
    public void Takes_rows(string text, int number) => Assert.NotEqual(1, number + text.Length - 7);
}

#if ISOLATED
[NsFixture.Xunit.IsolatedNetwork(Root = NsFixture.RootKind.Minimal, RootPrograms = ["sh"])] // these too
#endif
public class OtherTests
{
    [Fact(DisplayName = "A name of its own, with spaces")]
    public void Named()
    {
        Waiting.IfAsked();
        Assert.Equal(111, Collatz.Steps(27));
    }
}
