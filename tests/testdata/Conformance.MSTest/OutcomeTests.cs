namespace Conformance;

[TestClass]
public class OutcomeTests
{
    [TestMethod]
    public void Passes() => Assert.AreEqual(1, 1);

    [TestMethod]
    public void Fails() => Assert.AreEqual("expected", "actual", "they differ");

    [TestMethod]
    public void Fails_on_collections() => CollectionAssert.AreEqual(new[] { 1, 2, 3 }, new[] { 1, 2, 4 });

    [TestMethod]
    public void Fails_in_a_helper() => Helper(3);

    [TestMethod]
    public void Throws()
    {
        try
        {
            throw new ArgumentException("inner", "name");
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException("outer", e);
        }
    }

    [TestMethod]
    public void Throws_an_aggregate() => throw new AggregateException("both", new TimeoutException("one"), new IOException("two"));

    [TestMethod]
    public async Task Fails_asynchronously()
    {
        await Task.Delay(1);
        Assert.Fail("after an await");
    }

    [TestMethod]
    public async Task Throws_asynchronously()
    {
        await Task.Yield();
        throw new NotSupportedException("after a yield");
    }

    [TestMethod]
    public async ValueTask Passes_as_a_value_task() => await Task.Delay(1);

    [TestMethod]
    public void Is_inconclusive() => Assert.Inconclusive("who knows");

    [TestMethod]
    public void Expects_an_exception() => Assert.AreEqual("gone", Assert.ThrowsExactly<IOException>(() => throw new IOException("gone")).Message);

    [TestMethod]
    public void Expects_an_exception_in_vain() => Assert.Throws<IOException>(() => { });

    [TestMethod]
    public async Task Expects_another_exception() => await Assert.ThrowsExactlyAsync<IOException>(async () =>
    {
        await Task.Yield();
        throw new InvalidOperationException("another");
    });

    [TestMethod]
    public void Fails_in_several_ways()
    {
        using (Assert.Scope())
        {
            Assert.AreEqual(1, 2, "first");
            Assert.IsTrue(false, "second");
        }
    }

    [TestMethod]
    public void Has_odd_characters() => Assert.Fail("tab\t nul\0 bell\a pair\U0001F600 line\r\nfeed\nend\u2028");

    [TestMethod]
    public void Has_a_long_message() => Assert.Fail(new string('m', 200_000));

    private static void Helper(int depth)
    {
        if (depth == 0)
            Assert.Fail("at the bottom");
        Helper(depth - 1);
    }
}

[TestClass]
public class SkipTests
{
    [TestMethod, Ignore("a reason")]
    public void Is_ignored() => Assert.Fail("ran");

    [TestMethod, Ignore]
    public void Is_ignored_without_a_reason() => Assert.Fail("ran");

    [TestMethod, OSCondition(OperatingSystems.Windows)]
    public void Is_for_Windows() => Assert.Fail("ran");

    [TestMethod, OSCondition(ConditionMode.Include, OperatingSystems.Linux)]
    public void Is_for_Linux()
    {
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2, IgnoreMessage = "this one")]
    public void Has_an_ignored_row(int n) => Assert.AreEqual(1, n);

    [TestMethod]
    public void Has_no_arguments(int n) => Assert.Fail($"{n}");
}

[TestClass, Ignore("all of it")]
public class IgnoredTests
{
    [TestMethod]
    public void Never_runs() => Assert.Fail("ran");
}
