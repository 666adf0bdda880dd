namespace NsFixture.Benchmarks;

/// <summary>
/// One empty test after another, as a runner sees them.
/// Baselines before and after, so that a machine which gets slower meanwhile does not flatter anyone.
/// </summary>
internal static class IsolatedTest
{
    public static Task<IReadOnlyList<Measurement>> RunForkAsync(int count)
    {
        int few = Math.Max(10, count / 3);
        var host = new XunitHost();
        var unshare = Stopwatches.Measure(few, Unshare.Run);
        var fork = Measure(host, LauncherKind.Fork, count);
        unshare.AddRange(Stopwatches.Measure(few, Unshare.Run));
        var exec = new Measurement("isolated-test-exec", Measure(host, LauncherKind.Exec, Math.Max(10, count / 10)));
        var plain = new Measurement("plain-test", host.Run(nameof(EmptyTests.Plain), few));
        var baseline = new Measurement("unshare", unshare);
        var isolated = new Measurement("isolated-test", fork);
        isolated.With("ratio_to_unshare", isolated.Median / baseline.Median)
            .With("p95_to_median", isolated.P95 / isolated.Median)
            .With("exec_to_fork", exec.Median / isolated.Median);
        return Task.FromResult<IReadOnlyList<Measurement>>([isolated, baseline, exec, plain]);
    }

    public static Task<IReadOnlyList<Measurement>> RunExecAsync(int count)
    {
        var exec = new Measurement("isolated-test-exec", Measure(new XunitHost(), LauncherKind.Exec, count));
        return Task.FromResult<IReadOnlyList<Measurement>>([exec]);
    }

    public static List<double> Measure(XunitHost host, LauncherKind launcher, int count)
    {
        Environment.SetEnvironmentVariable("NSFIXTURE_LAUNCHER", launcher.ToString());
        Environment.SetEnvironmentVariable("NSFIXTURE_REQUIRE", "1");
        return host.Run(nameof(EmptyTests.Isolated), count);
    }
}
