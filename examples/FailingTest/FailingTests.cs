namespace FailingTest;

/// <summary>The same failure twice, plain and isolated: eng/demo.sh shows that a developer sees no difference.</summary>
public class FailingTests
{
    [Fact]
    public void A_plain_test_fails() => CheckPorts();

    [Fact, IsolatedNetwork]
    public void An_isolated_test_fails() => CheckPorts();

    private static void CheckPorts()
    {
        int[] expected = [80, 443], actual = [80, 8443];
        Assert.Equal(expected, actual);
    }
}
