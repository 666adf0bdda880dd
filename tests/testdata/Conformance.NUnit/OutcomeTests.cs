namespace Conformance;

public class OutcomeTests
{
    [Test]
    public void Passes() => Assert.That(1, Is.EqualTo(1));

    [Test]
    public void Passes_explicitly() => Assert.Pass("for a reason");

    [Test]
    public void Fails() => Assert.That(new[] { 1, 2, 3 }, Is.EqualTo(new[] { 1, 2, 4 }), "the last differs");

    [Test]
    public void Fails_in_a_helper() => Helper(3);

    [Test]
    public void Throws() => throw new InvalidOperationException("outer", new ArgumentException("inner", "name"));

    [Test]
    public void Throws_an_aggregate() => throw new AggregateException("both", new TimeoutException("one"), new IOException("two"));

    [Test]
    public async Task Fails_asynchronously()
    {
        await Task.Delay(1);
        Assert.Fail("after an await");
    }

    [Test]
    public async Task Throws_asynchronously()
    {
        await Task.Yield();
        throw new NotSupportedException("after a yield");
    }

    [Test]
    public void Is_inconclusive() => Assert.Inconclusive("who knows");

    [Test]
    public void Assumes() => Assume.That(1, Is.EqualTo(2), "one might be two");

    [Test]
    public void Warns()
    {
        Assert.Warn("careful");
        Warn.If(1, Is.EqualTo(1), "one is one");
        Assert.That(2, Is.EqualTo(2));
    }

    [Test]
    public void Ignores_itself() => Assert.Ignore("not today");

    [Test]
    public void Fails_in_several_ways() => Assert.Multiple(() =>
    {
        Assert.That(1, Is.EqualTo(2), "first");
        Assert.That("a", Is.EqualTo("b"), "second");
        Assert.Warn("third");
    });

    [Test]
    public void Fails_in_several_ways_in_a_scope()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(true, Is.False);
            Assert.That(new object(), Is.Null.Or.InstanceOf<string>());
        }
    }

    [Test]
    public void Counts_its_assertions()
    {
        for (int i = 0; i < 7; i++)
            Assert.That(i, Is.LessThan(7));
    }

    [Test]
    public void Expects_an_exception() => Assert.That(Assert.Throws<IOException>(() => throw new IOException("gone"))!.Message, Is.EqualTo("gone"));

    [Test]
    public void Has_odd_characters() => Assert.Fail("tab\t nul\0 bell\a lone\uD800 pair\U0001F600 line\r\nfeed\nend\u2028");

    [Test]
    public void Has_a_long_message() => Assert.Fail(new string('m', 200_000));

    private static void Helper(int depth)
    {
        if (depth == 0)
            Assert.Fail("at the bottom");
        Helper(depth - 1);
    }
}

public class SkipTests
{
    [Test, Ignore("a reason")]
    public void Is_ignored() => Assert.Fail("ran");

    [Test, Ignore("until then", Until = "2999-01-01 00:00:00Z")]
    public void Is_ignored_until() => Assert.Fail("ran");

    [Test, Explicit("only by name")]
    public void Is_explicit() => Assert.Pass("asked for");

    [Test, Platform("Win")]
    public void Is_for_Windows() => Assert.Fail("ran");

    [TestCase(1)]
    [TestCase(2, Ignore = "this one")]
    [TestCase(3, Explicit = true)]
    public void Has_an_ignored_case(int n) => Assert.That(n, Is.Not.EqualTo(2));

    [Test]
    public void Has_no_arguments(int n) => Assert.Fail($"{n}");

    [Test]
    public async void Is_async_void() => await Task.Yield();

    [Test]
    private void Is_private() => Assert.Fail("ran");
}

[Ignore("all of it")]
public class IgnoredTests
{
    [Test]
    public void Never_runs() => Assert.Fail("ran");
}

[Explicit]
public class ExplicitTests
{
    [Test]
    public void Runs_when_asked_for() => Assert.Pass();
}
