using System.Collections;

namespace Conformance;

public class CaseTests
{
    public static IEnumerable Cases
    {
        get
        {
            yield return new TestCaseData(1, 2).Returns(3);
            yield return new TestCaseData(2, 2).Returns(5).SetName("two and two");
            yield return new TestCaseData(3, 3).Returns(6).SetCategory("big").SetProperty("size", 6).SetDescription("three and three");
            yield return new TestCaseData(4, 4).Ignore("four");
            yield return new TestCaseData(1, 2).Returns(3); // the same once more
            yield return new TestCaseData(1, 2).Returns(4); // the same by name
        }
    }

    private static IEnumerable<int> Numbers => [1, 2, 3];

    [TestCase(1, "one", true)]
    [TestCase(2, "two \"quoted\" \n line", false, TestName = "named {m}{a}")]
    [TestCase(3, null, true, Category = "third", Description = "the third")]
    public void Takes_cases(int number, string? text, bool fine) => Assert.That(fine, Is.True, $"{number} {text}");

    [TestCase(1, ExpectedResult = 2)]
    [TestCase(2, ExpectedResult = 5)]
    public int Returns(int n) => n + 1;

    [TestCase(1, ExpectedResult = 2)]
    public async Task<int> Returns_asynchronously(int n)
    {
        await Task.Delay(1);
        return n + 1;
    }

    [TestCaseSource(nameof(Cases))]
    public int Takes_a_source(int a, int b) => a + b;

    [Test]
    public void Combines([Values(1, 2)] int a, [Range(0, 4, 2)] int b, [Values] bool c) => Assert.That(a + b, Is.LessThan(6), $"{c}");

    [Test, Pairwise]
    public void Takes_pairs([Values("a", "b")] string a, [Values("c", "d")] string b, [Values("e", "f")] string c) => TestContext.Out.WriteLine(a + b + c);

    [Test, Sequential]
    public void Takes_in_sequence([Values(1, 2, 3)] int a, [Values(1, 2, 4)] int b) => Assert.That(a, Is.EqualTo(b));

    [Test]
    public void Takes_a_value_source([ValueSource(nameof(Numbers))] int n) => Assert.That(n, Is.Positive);

    [TestCase(1, 2.5)]
    [TestCase("text", 'c')]
    public void Is_generic<TFirst, TSecond>(TFirst first, TSecond second) => Assert.Fail($"{typeof(TFirst)} {first} {typeof(TSecond)} {second}");

    [TestCaseSource("Nowhere")]
    public void Has_no_source(int n) => Assert.Fail("ran");

    [TestCaseSource(nameof(Throwing))]
    public void Has_a_throwing_source(int n) => Assert.Fail("ran");

    private static IEnumerable<int> Throwing => throw new InvalidOperationException("no cases today");
}

public class TheoryTests
{
    [DatapointSource]
    public double[] Values = [0, 1, -1, 4];

    [Theory]
    public void Square_roots(double number)
    {
        Assume.That(number, Is.GreaterThanOrEqualTo(0));
        Assert.That(Math.Sqrt(number) * Math.Sqrt(number), Is.EqualTo(number));
    }

    [Theory]
    public void Holds_for_none(double number) => Assume.That(number, Is.GreaterThan(100));
}

[TestFixture(1, "a")]
[TestFixture(2, "b", Category = "second")]
public class FixtureArgumentTests(int number, string text)
{
    [Test]
    public void Sees_them() => Assert.That($"{number}{text}", Is.EqualTo("1a"));

    [TestCase(5)]
    public void Sees_them_with_cases(int n) => TestContext.Out.WriteLine($"{number}{text}{n}");
}

[TestFixtureSource(nameof(Sources))]
public class FixtureSourceTests(string text)
{
    private static IEnumerable<TestFixtureData> Sources => [new TestFixtureData("x"), new TestFixtureData("y").SetArgDisplayNames("why")];

    [Test]
    public void Sees_it() => TestContext.Out.WriteLine(text);
}

[TestFixture(typeof(int))]
[TestFixture(typeof(List<string>))]
public class GenericFixtureTests<T> where T : new()
{
    [Test]
    public void Knows_its_type() => Assert.Warn($"{typeof(T)} {new T()}");

    [TestCase(1)]
    public void Knows_it_with_cases(int n) => TestContext.Out.WriteLine($"{typeof(T)} {n}");
}

public abstract class BaseTests
{
    protected virtual string Name => "base";

    [Test]
    public void Is_inherited() => TestContext.Out.WriteLine(Name);
}

public class InheritingTests : BaseTests
{
    protected override string Name => "derived";

    [Test]
    public void Is_own() => TestContext.Out.WriteLine(TestContext.CurrentContext.Test.FullName);
}

public class OuterTests
{
    [Test]
    public void Is_outside()
    {
    }

    public class Inner
    {
        [Test]
        public void Is_inside() => Assert.Fail("inside");
    }
}

public static class StaticTests
{
    [Test]
    public static void Is_static() => TestContext.Out.WriteLine("static");
}
