using System.Diagnostics;
using System.Globalization;
using System.Xml.Linq;

namespace NsFixture.Benchmarks;

/// <summary>
/// The same empty isolated tests, one after another, in each framework: a run of <c>dotnet vstest</c> each, from whose TRX report comes
/// what a test costs, from its start to that of the next. Rounds, so that a machine which gets slower meanwhile does so for all.
/// </summary>
internal static class Adapters
{
    private const int Tests = 300, WarmUp = 10;

    private static readonly string[] Frameworks = ["Xunit", "Xunit.V3", "NUnit", "MSTest"];

    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds)
    {
        var times = Frameworks.ToDictionary(f => f, _ => new List<double>());
        for (int i = 0; i < rounds; i++)
            foreach (string framework in Frameworks)
                times[framework].AddRange(await MeasureAsync(Path.Combine(AppContext.BaseDirectory, "Adapters", framework, "EmptyTests.dll")));
        double first = new Measurement("", times[Frameworks[0]]).Median;
        return [.. Frameworks.Select(f => new Measurement("adapter-" + f.ToLowerInvariant(), times[f])).Select(m => m.With("ratio_to_xunit", m.Median / first))];
    }

    private static async Task<IEnumerable<double>> MeasureAsync(string assembly)
    {
        DirectoryInfo results = Directory.CreateTempSubdirectory("nsfixture-bench-");
        try
        {
            var start = new ProcessStartInfo("dotnet", ["vstest", assembly, "--logger:trx;LogFileName=results.trx", "--ResultsDirectory:" + results.FullName])
            {
                RedirectStandardOutput = true,
                Environment = { ["NSFIXTURE_LAUNCHER"] = "fork", ["NSFIXTURE_REQUIRE"] = "1" },
            };
            using Process process = Process.Start(start)!;
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            if (process.ExitCode != 0)
                throw new InvalidOperationException("dotnet vstest failed: " + output);
            List<XElement> tests = [.. XDocument.Load(Path.Combine(results.FullName, "results.trx")).Descendants().Where(e => e.Name.LocalName == "UnitTestResult")];
            if (tests.Count != Tests || tests.Any(t => (string?)t.Attribute("outcome") != "Passed"))
                throw new InvalidOperationException($"{Tests} tests should have passed; {tests.Count} ran.");
            List<DateTimeOffset> starts = [.. tests.Select(t => DateTimeOffset.Parse((string)t.Attribute("startTime")!, CultureInfo.InvariantCulture)).Order().Skip(WarmUp)];
            return starts.Zip(starts.Skip(1), (a, b) => (b - a).TotalMilliseconds);
        }
        finally
        {
            results.Delete(recursive: true);
        }
    }
}
