[assembly: TestCollectionOrderer("Conformance.ByName", "Conformance")]

namespace Conformance;

[TestCaseOrderer("Conformance.Backwards", "Conformance")]
public class OrderTests
{
    [Fact]
    public void A()
    {
    }

    [Fact]
    public void B() => Assert.Fail("B");

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(2)]
    public void C(int n) => Assert.NotEqual(2, n);

    [Fact(Skip = "skipped")]
    public void D()
    {
    }
}

[TestCaseOrderer("Conformance.Throwing", "Conformance")]
public class ThrowingOrderTests
{
    [Fact]
    public void One()
    {
    }

    [Fact]
    public void Two()
    {
    }
}

[TestCaseOrderer("Conformance.NoSuchOrderer", "Conformance")]
public class MissingOrdererTests
{
    [Fact]
    public void Runs_all_the_same()
    {
    }
}

public sealed class Backwards : ITestCaseOrderer
{
    public IEnumerable<TTestCase> OrderTestCases<TTestCase>(IEnumerable<TTestCase> testCases)
        where TTestCase : ITestCase => testCases.OrderByDescending(c => c.DisplayName, StringComparer.Ordinal);
}

public sealed class Throwing : ITestCaseOrderer
{
    public IEnumerable<TTestCase> OrderTestCases<TTestCase>(IEnumerable<TTestCase> testCases)
        where TTestCase : ITestCase => throw new InvalidOperationException("no order today");
}

public sealed class ByName : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderByDescending(c => c.DisplayName, StringComparer.Ordinal);
}
