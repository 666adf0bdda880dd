namespace NsFixture.Benchmarks;

/// <summary>What a root tree costs a test that is not the first in it: the usual one beside none at all, and others beside the usual one.</summary>
internal static class RootTrees
{
    public static Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        Environment.SetEnvironmentVariable("NSFIXTURE_LEAKS", "off"); // without a tree, /dev/shm is the machine's, and whatever is in it
        var host = new XunitHost();
        var usual = new Measurement("isolated-test", IsolatedTest.Measure(host, LauncherKind.Fork, count));
        var without = new Measurement(nameof(EmptyTests.InNoTree), host.Run(nameof(EmptyTests.InNoTree), count));
        usual.With("more_than_no_tree_ms", usual.Median - without.Median);
        var measured = new List<Measurement> { usual, without };
        foreach (string test in (string[])[nameof(EmptyTests.InMinimalTree), nameof(EmptyTests.InImage), nameof(EmptyTests.InReadOnlyTree), nameof(EmptyTests.Hardened)])
        {
            var other = new Measurement(test, host.Run(test, count));
            measured.Add(other.With("more_than_usual_ms", other.Median - usual.Median));
        }
        return Task.FromResult<IReadOnlyList<Measurement>>(measured);
    }
}
