using CommandLine.Library;

#if ISOLATED
[assembly: NsFixture.NUnit.IsolatedNetwork]
#endif

namespace CommandLine;

/// <summary>Several at once.</summary>
[Parallelizable(ParallelScope.All)]
public class CoverageTests
{
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(7)]
    [TestCase(9)]
    [TestCase(27)]
    [TestCase(97)]
    [TestCase(871)]
    public void Steps_are_counted(int start) => Assert.That(Collatz.Steps(start), Is.LessThan(200));
}

public class OutcomeTests
{
    [Test, Category("Fast")]
    public void Passes() => TestContext.Out.WriteLine("one line\nand another, with <xml> & ünïcödé");

    [Test]
    public async Task Passes_later()
    {
        Console.WriteLine("before");
        await Task.Delay(10);
        Console.WriteLine("after");
    }

    [Test]
    public void Fails()
    {
        TestContext.Out.WriteLine("about to fail");
        Assert.That(new[] { "80", "8443" }, Is.EqualTo(new[] { "80", "443" }));
    }

    [Test]
    public void Throws_with_an_inner_exception() => throw new InvalidOperationException("outside", new FormatException("inside"));

    [Test, Ignore("not today")]
    public void Is_skipped() => Assert.Fail("it ran");

    [Test]
    public void Is_inconclusive() => Assert.Inconclusive("who knows");

    [TestCase("a \"b\" c", 1, Category = "Fast")]
    [TestCase("d", 2)]
    public void Takes_rows(string text, int number) => Assert.That(number + text.Length - 7, Is.Not.EqualTo(1));
}

public class OtherTests
{
    [TestCase(TestName = "A name of its own, with spaces"), Property("Size", "3")]
    public void Named() => Waiting.IfAsked();
}
