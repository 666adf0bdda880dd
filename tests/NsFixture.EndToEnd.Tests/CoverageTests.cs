using System.Globalization;
using System.Xml.Linq;

namespace NsFixture.EndToEnd.Tests;

public class CoverageTests
{
    [Fact]
    public void Line_hits_with_coverlet_are_the_same_with_eight_isolated_tests_at_once()
    {
        var plain = Hits("CommandLine.Plain");
        var isolated = Hits("CommandLine.Isolated");
        Assert.Equal(plain, isolated);
        Assert.Contains(isolated, line => line.Key.File == "Collatz.cs" && line.Value > 300); // the loop's body, counted and not just touched
        Assert.Contains(isolated, line => line is { Key.File: "Collatz.cs", Value: 0 });
        Assert.Contains(isolated, line => line is { Key.File: "CommandLineTests.cs", Value: 8 });
    }

    private static SortedDictionary<(string File, int Line), int> Hits(string project)
    {
        using var directory = new TemporaryDirectory();
        string results = Path.Combine(directory.Path, "results");
        TestRun run = TestRun.Of(Path.Combine(directory.Copy(Paths.Testdata(project)), "CommandLine.dll"),
            ["--collect", "XPlat Code Coverage", "--test-adapter-path", Paths.CoverletAdapter,
             "--", "DataCollectionRunSettings.DataCollectors.DataCollector.Configuration.IncludeTestAssembly=true"],
            results: results);
        Assert.True(run.Outcomes.Count == 16, run.Output);
        // The TRX logger keeps a copy of every attachment, so there are two of the one report.
        string report = Directory.GetFiles(results, "coverage.cobertura.xml", SearchOption.AllDirectories)[0];
        var hits = new SortedDictionary<(string, int), int>();
        // NsFixture, built from source here, is in the isolated report as well; out of its package it is not.
        foreach (XElement type in XDocument.Load(report).Descendants("class").Where(c => ((string)c.Attribute("name")!).StartsWith("CommandLine.", StringComparison.Ordinal)))
            foreach (XElement line in type.Element("lines")!.Elements("line"))
            {
                var key = (Path.GetFileName((string)type.Attribute("filename")!), int.Parse((string)line.Attribute("number")!, CultureInfo.InvariantCulture));
                hits[key] = hits.GetValueOrDefault(key) + int.Parse((string)line.Attribute("hits")!, CultureInfo.InvariantCulture);
            }
        return hits;
    }
}
