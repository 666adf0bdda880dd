using NsFixture.Launching;

namespace NsFixture.Benchmarks;

/// <summary>
/// What the end of its sandbox costs a test. One that looks for leaks and takes each step beside one that looks for nothing and is just killed, in turns, so that a machine which gets slower
/// meanwhile does so for both; and whether a test waits for the end of the one before, by programs that do not end when they are told to, for which init waits a tenth of a second, beside
/// such as do.
/// </summary>
internal static class Teardown
{
    private const int Rounds = 10;

    public static Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        var host = new XunitHost();
        int each = Math.Max(10, count / Rounds), few = Math.Max(5, each / 5);
        List<double> whole = [], none = [], stubborn = [], obedient = [];
        IsolatedTest.Measure(host, LauncherKind.Fork, 50);
        for (int round = 0; round < Rounds; round++)
        {
            whole.AddRange(MeasureWith(LeakMode.Fail, host, each));
            none.AddRange(MeasureWith(LeakMode.Off, host, each));
            obedient.AddRange(host.Run(nameof(EmptyTests.WithObedientProgram), few, warmUp: 3));
            stubborn.AddRange(host.Run(nameof(EmptyTests.WithStubbornProgram), few, warmUp: 3));
        }
        Measurement with = new("teardown", whole), without = new("no-teardown", none), ends = new("programs-that-end", obedient), ignores = new("programs-that-do-not", stubborn);
        return Task.FromResult<IReadOnlyList<Measurement>>([with.With("cost_ms", with.Median - without.Median), without, ignores.With("wait_ms", ignores.Median - ends.Median), ends]);
    }

    private static List<double> MeasureWith(LeakMode leaks, XunitHost host, int count)
    {
        Environment.SetEnvironmentVariable("NSFIXTURE_LEAKS", leaks.ToString().ToLowerInvariant());
        try
        {
            return IsolatedTest.Measure(host, LauncherKind.Fork, count);
        }
        finally
        {
            Environment.SetEnvironmentVariable("NSFIXTURE_LEAKS", null);
        }
    }
}
