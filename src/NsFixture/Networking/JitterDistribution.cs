namespace NsFixture;

/// <summary>How the delays of single packets spread around <see cref="LinkConditions.Delay"/>.</summary>
public enum JitterDistribution
{
    /// <summary>Each delay within ± <see cref="LinkConditions.Jitter"/> is as likely as any other.</summary>
    Uniform,

    /// <summary>The bell curve; <see cref="LinkConditions.Jitter"/> is its standard deviation.</summary>
    Normal,

    /// <summary>Mostly near the delay, now and then far above it, as on congested links; <see cref="LinkConditions.Jitter"/> is the scale.</summary>
    Pareto,
}
