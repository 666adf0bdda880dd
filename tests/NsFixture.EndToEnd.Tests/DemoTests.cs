namespace NsFixture.EndToEnd.Tests;

[Collection(WithFreshCheckout.Name)]
public class DemoTests(FreshCheckout checkout)
{
    [Fact]
    public void The_demo_keeps_its_promises_in_a_fresh_checkout()
    {
        Command demo = checkout.Demo;
        Assert.True(demo.ExitCode == 0, demo.Output);
        Assert.Contains("Everything happened as promised.", demo.Output);
        Assert.DoesNotContain("BROKEN", demo.Output);
    }
}
