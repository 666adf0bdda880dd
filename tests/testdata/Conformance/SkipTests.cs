namespace Conformance;

public class SkipTests
{
    public static TheoryData<int> Rows => [1, 2];

    [Fact(Skip = "a fact, because of reasons")]
    public void A_skipped_fact() => Assert.Fail("ran");

    [Fact(Skip = "odd \"reason\" \U0001F600 of\ntwo lines", DisplayName = "a name of its own")]
    public void A_skipped_fact_with_a_name() => Assert.Fail("ran");

    [Theory(Skip = "a theory")]
    [InlineData(1)]
    [InlineData(2)]
    public void A_skipped_theory(int n) => Assert.Fail($"ran {n}");

    [Theory]
    [InlineData(1)]
    [InlineData(2, Skip = "a row")]
    public void A_skipped_row(int n) => Assert.Equal(1, n);

    [Theory]
    [MemberData(nameof(Rows), Skip = "rows of a member")]
    public void Skipped_member_data(int n) => Assert.Fail($"ran {n}");

    [Fact]
    public void Skipped_while_it_runs() => throw new Exception("$XunitDynamicSkip$found out late");

    [Fact]
    public async Task Skipped_later_while_it_runs()
    {
        await Task.Delay(1);
        throw new Exception("$XunitDynamicSkip$found out later");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_row_skipped_while_it_runs(int n)
    {
        if (n == 2)
            throw new Exception("$XunitDynamicSkip$not two");
    }

    [SkipUnless("NO_SUCH_VARIABLE")]
    public void Skipped_by_an_attribute_of_the_project() => Assert.Fail("ran");

    public sealed class SkipUnlessAttribute : FactAttribute
    {
        public SkipUnlessAttribute(string variable)
        {
            if (Environment.GetEnvironmentVariable(variable) == null)
                Skip = $"needs {variable}";
        }
    }
}

public class SkipInConstructorTests
{
    public SkipInConstructorTests() => throw new Exception("$XunitDynamicSkip$by the constructor");

    [Fact]
    public void Skipped_by_its_constructor() => Assert.Fail("ran");
}

public class SkipInFixtureTests(SkipInFixtureTests.Fixture fixture) : IClassFixture<SkipInFixtureTests.Fixture>
{
    [Fact]
    public void Skipped_by_its_fixture() => Assert.Fail($"ran {fixture}");

    public sealed class Fixture
    {
        public Fixture() => throw new Exception("$XunitDynamicSkip$by the fixture");
    }
}
