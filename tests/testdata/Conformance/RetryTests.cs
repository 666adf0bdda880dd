namespace Conformance;

public class RetryTests(ITestOutputHelper output)
{
    private static int attempts;

    [RetryFact(3)]
    public void Passes_the_third_time()
    {
        output.WriteLine($"attempt {++attempts}");
        Assert.Equal(3, attempts);
    }

    [RetryFact(2)]
    public void Never_passes()
    {
        output.WriteLine("an attempt");
        Assert.Fail("never");
    }

    [RetryFact(5, Skip = "not at all")]
    public void Is_skipped() => Assert.Fail("ran");

    [ThreeTimesFact]
    public void Is_three_test_cases(int n) => Assert.NotEqual(1, n);
}
