namespace NsFixture.Benchmarks;

/// <summary>What a second host and a third cost a test; and the parts of it, as a first use of sockets costs something by itself.</summary>
internal static class TwoHosts
{
    public static Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        var host = new XunitHost();
        var empty = new Measurement("isolated-test", IsolatedTest.Measure(host, LauncherKind.Fork, count));
        var networked = new Measurement("two-hosts", host.Run(nameof(EmptyTests.RoundTrip), count));
        var silent = new Measurement("two-hosts-without-traffic", host.Run(nameof(EmptyTests.WithHosts), count));
        var loopback = new Measurement("isolated-test-with-loopback", host.Run(nameof(EmptyTests.Loopback), count));
        networked.With("ratio_to_isolated_test", networked.Median / empty.Median).With("ratio_to_loopback", networked.Median / loopback.Median);
        return Task.FromResult<IReadOnlyList<Measurement>>([networked, silent, loopback, empty]);
    }
}
