namespace NsFixture.Tests.Sandboxes;

public class EnvironmentSettingsTests
{
    [Theory]
    [InlineData("nonsense")]
    [InlineData("-1")]
    [InlineData("0")]
    [InlineData("2147483648")]
    [InlineData(" 5")]
    public void An_impossible_deadline_is_named_with_its_value(string value)
    {
        EnvironmentSettings.ParseDeadline(value, out string? problem);
        Assert.Contains($"NSFIXTURE_DEADLINE={value} is not a number of milliseconds from 1 to", problem);
    }

    [Theory, InlineData("ages"), InlineData("0"), InlineData("-1"), InlineData("10081"), InlineData("NaN")]
    public void An_impossible_time_to_keep_sandboxes_is_named_with_its_value(string value)
    {
        EnvironmentSettings.ParseKeepFor(value, out string? problem);
        Assert.Contains($"NSFIXTURE_KEEP_FOR={value} is not a number of minutes", problem);
    }

    [Theory, InlineData("0.05", 3), InlineData("90", 5400), InlineData("", 1800), InlineData(null, 1800)]
    public void A_sandbox_is_kept_for_minutes_and_for_thirty_by_default(string? value, double seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), EnvironmentSettings.ParseKeepFor(value, out string? problem));
        Assert.Null(problem);
    }

    [Theory]
    [InlineData("1500", 1.5)]
    [InlineData("", 300)]
    [InlineData(null, 300)]
    public void A_deadline_is_in_milliseconds_and_five_minutes_by_default(string? value, double seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), EnvironmentSettings.ParseDeadline(value, out string? problem));
        Assert.Null(problem);
    }
}
