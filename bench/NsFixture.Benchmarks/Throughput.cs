using System.Diagnostics;
using System.Globalization;
using System.Xml.Linq;

namespace NsFixture.Benchmarks;

/// <summary>Empty isolated tests in one run of <c>dotnet test</c>, as its TRX report times them.</summary>
internal static class Throughput
{
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, "ManyTests", "ManyTests.dll");
        DirectoryInfo results = Directory.CreateTempSubdirectory("nsfixture-bench-");
        try
        {
            var start = new ProcessStartInfo("dotnet", ["test", assembly, "--logger", "trx;LogFileName=many.trx", "--results-directory", results.FullName])
            {
                RedirectStandardOutput = true,
                Environment = { ["MANYTESTS_COUNT"] = count.ToString(CultureInfo.InvariantCulture), ["NSFIXTURE_LAUNCHER"] = "fork", ["NSFIXTURE_REQUIRE"] = "1" },
            };
            long began = Stopwatch.GetTimestamp();
            using CpuAccount? cpu = CpuAccount.Open();
            using Process process = Process.Start(start)!;
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            TimeSpan all = Stopwatch.GetElapsedTime(began);
            if (process.ExitCode != 0)
                throw new InvalidOperationException("dotnet test failed: " + output);
            Measurement measurement = Read(XDocument.Load(Path.Combine(results.FullName, "many.trx")), count, all);
            // Of everything, the start of 'dotnet test' and discovery included.
            return [cpu == null ? measurement : measurement.With("cpu_ms_per_test", cpu.Total.TotalMilliseconds / count)];
        }
        finally
        {
            results.Delete(recursive: true);
        }
    }

    private static Measurement Read(XDocument trx, int count, TimeSpan all)
    {
        List<XElement> tests = [.. trx.Descendants().Where(e => e.Name.LocalName == "UnitTestResult")];
        if (tests.Count != count || tests.Any(t => (string?)t.Attribute("outcome") != "Passed"))
            throw new InvalidOperationException($"{count} tests should have passed; {tests.Count} ran.");
        // From the start of the first to the end of the last; the start of the test host and discovery stand apart.
        TimeSpan running = tests.Max(t => Time(t, "endTime")) - tests.Min(t => Time(t, "startTime"));
        return new Measurement("throughput", [.. tests.Select(t => TimeSpan.Parse((string)t.Attribute("duration")!, CultureInfo.InvariantCulture).TotalMilliseconds)])
            .With("tests_per_second", count / running.TotalSeconds)
            .With("running_s", running.TotalSeconds)
            .With("dotnet_test_s", all.TotalSeconds);
    }

    private static DateTimeOffset Time(XElement test, string attribute) =>
        DateTimeOffset.Parse((string)test.Attribute(attribute)!, CultureInfo.InvariantCulture);
}
