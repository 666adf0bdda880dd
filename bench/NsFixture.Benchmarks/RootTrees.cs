namespace NsFixture.Benchmarks;

/// <summary>What another root tree costs a test that is not the first in it.</summary>
internal static class RootTrees
{
    public static Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        var host = new XunitHost();
        var usual = new Measurement("isolated-test", IsolatedTest.Measure(host, LauncherKind.Fork, count));
        var measured = new List<Measurement> { usual };
        foreach (string test in (string[])[nameof(EmptyTests.InMinimalTree), nameof(EmptyTests.InReadOnlyTree), nameof(EmptyTests.Hardened)])
        {
            var other = new Measurement(test, host.Run(test, count));
            measured.Add(other.With("more_than_usual_ms", other.Median - usual.Median));
        }
        return Task.FromResult<IReadOnlyList<Measurement>>(measured);
    }
}
