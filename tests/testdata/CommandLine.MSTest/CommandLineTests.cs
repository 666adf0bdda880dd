using CommandLine.Library;

[assembly: Parallelize(Workers = 4, Scope = ExecutionScope.MethodLevel)]
#if ISOLATED
[assembly: NsFixture.MSTest.IsolatedNetwork]
#endif

namespace CommandLine;

/// <summary>Several at once.</summary>
[TestClass]
public class CoverageTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(7)]
    [DataRow(9)]
    [DataRow(27)]
    [DataRow(97)]
    [DataRow(871)]
    public void Steps_are_counted(int start) => Assert.IsTrue(Collatz.Steps(start) < 200);
}

[TestClass]
public class OutcomeTests(TestContext context)
{
    [TestMethod, TestCategory("Fast")]
    public void Passes() => context.WriteLine("one line\nand another, with <xml> & ünïcödé");

    [TestMethod]
    public async Task Passes_later()
    {
        Console.WriteLine("before");
        await Task.Delay(10);
        Console.Error.WriteLine("after");
    }

    [TestMethod]
    public void Fails()
    {
        context.WriteLine("about to fail");
        CollectionAssert.AreEqual(new[] { "80", "443" }, new[] { "80", "8443" });
    }

    [TestMethod]
    public void Throws_with_an_inner_exception() => throw new InvalidOperationException("outside", new FormatException("inside"));

    [TestMethod, Ignore("not today")]
    public void Is_skipped() => Assert.Fail("it ran");

    [TestMethod]
    public void Is_inconclusive() => Assert.Inconclusive("who knows");

    [TestMethod, TestCategory("Fast")]
    [DataRow("a \"b\" c", 1)]
    [DataRow("d", 2)]
    public void Takes_rows(string text, int number) => Assert.AreNotEqual(1, number + text.Length - 7);
}

[TestClass]
public class OtherTests
{
    [TestMethod("A name of its own, with spaces"), TestProperty("Size", "3"), Retry(1)]
    public void Named() => Waiting.IfAsked();
}
