using System.Diagnostics;

namespace NsFixture.Benchmarks;

internal static class Stopwatches
{
    /// <summary>The time of each of <paramref name="count"/> calls, in milliseconds.</summary>
    public static List<double> Measure(int count, Action action)
    {
        var times = new List<double>(count);
        for (int i = 0; i < count; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return times;
    }
}
