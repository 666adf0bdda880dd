namespace Conformance;

/// <summary>What xUnit.net v3 has and v2 has not.</summary>
public class ModernSkipTests
{
    public static bool Yes => true;

    public static bool No => false;

    [Fact]
    public void Skips_itself() => Assert.Skip("by itself");

    [Fact]
    public void Skips_itself_unless() => Assert.SkipUnless(No, "unless yes");

    [Fact]
    public void Does_not_skip_itself_when() => Assert.SkipWhen(No, "when yes");

    [Fact(Skip = "unless", SkipUnless = nameof(No))]
    public void Is_skipped_unless() => Assert.Fail("ran");

    [Fact(Skip = "unless", SkipUnless = nameof(Yes))]
    public void Is_not_skipped_unless()
    {
    }

    [Fact(Skip = "when", SkipWhen = nameof(Yes), SkipType = typeof(ModernSkipTests))]
    public void Is_skipped_when() => Assert.Fail("ran");

    [Fact(Skip = "when", SkipWhen = "NoSuchProperty")]
    public void Is_skipped_by_what_is_not_there() => Assert.Fail("ran");

    [Fact(SkipExceptions = [typeof(NotSupportedException)])]
    public void Is_skipped_by_an_exception() => throw new NotSupportedException("not here");

    [Fact]
    public async Task Skips_itself_later()
    {
        await Task.Delay(1);
        TestContext.Current.TestOutputHelper!.WriteLine("before");
        Assert.Skip("later");
    }
}

public class ExplicitTests
{
    [Fact(Explicit = true)]
    public void Is_explicit() => Assert.Fail("asked for");

    [Fact]
    public void Is_not_explicit()
    {
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2, Explicit = true)]
    public void Has_an_explicit_row(int n) => Assert.Equal(1, n);
}

/// <summary>Of explicit tests alone.</summary>
public class OnlyExplicitTests : IClassFixture<OnlyExplicitTests.Fixture>
{
    [Fact(Explicit = true)]
    public void Is_explicit()
    {
    }

    public sealed class Fixture
    {
        public Fixture() => Outside.Trace();
    }
}

public class ModernTheoryTests(ITestOutputHelper output)
{
    public static IEnumerable<ITheoryDataRow> Rows =>
    [
        new TheoryDataRow<int, string>(1, "plain"),
        new TheoryDataRow<int, string>(2, "skipped") { Skip = "a row" },
        new TheoryDataRow<int, string>(3, "named") { TestDisplayName = "a row with a name" },
        new TheoryDataRow<int, string>(4, "labelled") { Label = "the fourth" },
        new TheoryDataRow<int, string>(5, "with traits").WithTrait("Kind", "row"),
        new TheoryDataRow<int, string>(6, "explicit") { Explicit = true },
        new TheoryDataRow<int, string>(7, "in time") { Timeout = 20_000 },
    ];

    public static TheoryData<Celsius> Temperatures => [new Celsius(36.6), new Celsius(-40)];

    public static MatrixTheoryData<int, string> Matrix => new([1, 2], ["a", "b"]);

    public static async Task<IEnumerable<object[]>> Later()
    {
        await Task.Delay(1);
        return [[1], [2]];
    }

    public static async IAsyncEnumerable<object[]> OneAfterAnother()
    {
        await Task.Yield();
        yield return [1];
        yield return [2];
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Rows_with_settings_of_their_own(int n, string what) => output.WriteLine($"{n} {what}");

    [Theory]
    [MemberData(nameof(Rows), DisableDiscoveryEnumeration = true)]
    public void Late_rows_with_settings_of_their_own(int n, string what) => output.WriteLine($"{n} {what}");

    [Theory]
    [MemberData(nameof(Temperatures))]
    public void Rows_of_a_serializer_of_the_project(Celsius c) => Assert.True(c.Degrees > 0, $"{c.Degrees}");

    [Theory]
    [MemberData(nameof(Matrix))]
    public void Rows_of_a_matrix(int n, string s) => output.WriteLine($"{n}{s}");

    [Theory]
    [MemberData(nameof(Later))]
    public void Rows_that_come_later(int n) => Assert.Equal(1, n);

    [Theory]
    [MemberData(nameof(OneAfterAnother))]
    public void Rows_that_come_one_after_another(int n) => Assert.Equal(1, n);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(None))]
    public void Is_skipped_without_rows(int n) => Assert.Fail($"{n}");

    public static IEnumerable<object[]> None => [];

    [CulturedFact(["en-US", "de-DE"])]
    public void Runs_in_cultures() => output.WriteLine($"{System.Globalization.CultureInfo.CurrentCulture.Name}");
}
