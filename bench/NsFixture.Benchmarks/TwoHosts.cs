namespace NsFixture.Benchmarks;

/// <summary>What a second host and a third cost a test.</summary>
internal static class TwoHosts
{
    public static Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        var host = new XunitHost();
        var empty = new Measurement("isolated-test", IsolatedTest.Measure(host, LauncherKind.Fork, count));
        var networked = new Measurement("two-hosts", host.Run(nameof(EmptyTests.RoundTrip), count));
        networked.With("ratio_to_isolated_test", networked.Median / empty.Median);
        return Task.FromResult<IReadOnlyList<Measurement>>([networked, empty]);
    }
}
