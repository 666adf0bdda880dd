using System.Globalization;
using FluentAssertions;
using Xunit.Abstractions;

namespace NsFixture.Teardown.Tests;

/// <summary>
/// Many isolated tests in one run, each with a network: the last are as quick as the first, and neither kernel nor processes grow. NSFIXTURE_SOAK_TESTS is how many (500 unless it is set;
/// eng/soak.sh has 10,000); NSFIXTURE_SOAK_PLOT is where a plot of their times goes.
/// </summary>
public class SoakTests(ITestOutputHelper output)
{
    private static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("NSFIXTURE_SOAK_TESTS"), NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : 500;

    // What the machine and the run's lasting processes have.
    private sealed record Sample(long SlabKilobytes, int Namespaces, int HostDescriptors, int ServerDescriptors, long ServerKilobytes);

    [Fact]
    public void The_last_tests_are_as_quick_as_the_first_and_nothing_grows()
    {
        using var run = new HostRun("Steady", ("VICTIM_COUNT", Count.ToString(CultureInfo.InvariantCulture)));
        string log = Path.Combine(run.Signals.FullName, "started");
        WaitFor(run, log, Count / 10);
        Sample first = Take(run);
        WaitFor(run, log, Count * 9 / 10);
        Sample last = Take(run);
        run.Residue.RememberNamespaces();
        run.WaitForEnd(TimeSpan.FromSeconds(60 + (Count / 10)));
        run.Residue.WaitUntilGone().Should().BeEmpty();

        // From start to start, in milliseconds; CLOCK_MONOTONIC is one for all namespaces.
        double[] starts = [.. File.ReadLines(log).Select(l => double.Parse(l, CultureInfo.InvariantCulture)).Order()];
        starts.Should().HaveCount(Count);
        double[] times = [.. starts.Zip(starts.Skip(1), (a, b) => b - a)];
        int window = Math.Max(times.Length / 10, 10);
        double before = Median(times[..window]), after = Median(times[^window..]);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Count} tests: median of the first {window} {before:0.0} ms, of the last {window} {after:0.0} ms; {first}; {last}"));
        if (Environment.GetEnvironmentVariable("NSFIXTURE_SOAK_PLOT") is { Length: > 0 } plot)
            File.WriteAllText(plot, SoakPlot.Draw(times));
        last.HostDescriptors.Should().BeLessThan(first.HostDescriptors + 100, "at most 64 sandboxes are on their way out");
        last.ServerDescriptors.Should().BeLessThan(first.ServerDescriptors + (5 * 64) + 20, "it has five of each of them");
        last.ServerKilobytes.Should().BeLessThan(first.ServerKilobytes + 32 * 1024);
        last.Namespaces.Should().BeLessThan(first.Namespaces + 7 * 64);
        // Other work on the machine makes more of a difference than this in a short run.
        if (Count >= 5000)
        {
            after.Should().BeLessThan(1.2 * before);
            last.SlabKilobytes.Should().BeLessThan(first.SlabKilobytes + 64 * 1024);
        }
    }

    private static void WaitFor(HostRun run, string log, int tests)
    {
        for (DateTime deadline = DateTime.UtcNow + TimeSpan.FromSeconds(60 + tests); !File.Exists(log) || File.ReadLines(log).Count() < tests; Thread.Sleep(20))
            if (run.HasEnded || DateTime.UtcNow > deadline)
                throw new TimeoutException($"There were fewer than {tests} tests: {(run.HasEnded ? run.Output.Result + run.Errors.Result : "")}");
    }

    private static Sample Take(HostRun run)
    {
        int server = run.Servers.Single(), zygote = Residue.ChildrenOf([server]).Single();
        long Value(string file, string field) => long.Parse(File.ReadLines(file).First(l => l.StartsWith(field, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        return new Sample(Value("/proc/meminfo", "Slab:"), Residue.CountNamespaces(), Directory.GetFileSystemEntries($"/proc/{run.Host}/fd").Length,
            Directory.GetFileSystemEntries($"/proc/{zygote}/fd").Length, Value($"/proc/{zygote}/status", "VmRSS:"));
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
