#if XUNIT_V3
[assembly: TestCollectionOrderer(typeof(Conformance.ByName))]
// Else by ids, which differ from one build's directory to another's.
[assembly: TestCaseOrderer(typeof(Conformance.Forwards))]
#else
[assembly: TestCollectionOrderer("Conformance.ByName", "Conformance")]
#endif

namespace Conformance;

#if XUNIT_V3
[TestCaseOrderer(typeof(Backwards))]
#else
[TestCaseOrderer("Conformance.Backwards", "Conformance")]
#endif
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

#if XUNIT_V3
[TestCaseOrderer(typeof(Throwing))]
#else
[TestCaseOrderer("Conformance.Throwing", "Conformance")]
#endif
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

#if !XUNIT_V3
[TestCaseOrderer("Conformance.NoSuchOrderer", "Conformance")]
public class MissingOrdererTests
{
    [Fact]
    public void Runs_all_the_same()
    {
    }
}
#endif

#if XUNIT_V3
public sealed class Forwards : ITestCaseOrderer
{
    public IReadOnlyCollection<TTestCase> OrderTestCases<TTestCase>(IReadOnlyCollection<TTestCase> testCases)
        where TTestCase : notnull, ITestCase => [.. testCases.OrderBy(c => $"{c.TestMethodName} {c.TestCaseDisplayName}", StringComparer.Ordinal)];
}

public sealed class Backwards : ITestCaseOrderer
{
    public IReadOnlyCollection<TTestCase> OrderTestCases<TTestCase>(IReadOnlyCollection<TTestCase> testCases)
        where TTestCase : notnull, ITestCase => [.. testCases.OrderByDescending(c => c.TestCaseDisplayName, StringComparer.Ordinal)];
}

public sealed class Throwing : ITestCaseOrderer
{
    public IReadOnlyCollection<TTestCase> OrderTestCases<TTestCase>(IReadOnlyCollection<TTestCase> testCases)
        where TTestCase : notnull, ITestCase => throw new InvalidOperationException("no order today");
}

public sealed class ByName : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderByDescending(c => c.TestCollectionDisplayName, StringComparer.Ordinal)];
}
#else
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
#endif
