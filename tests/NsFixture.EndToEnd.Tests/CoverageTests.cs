using System.Globalization;
using System.Xml.Linq;

namespace NsFixture.EndToEnd.Tests;

[Collection(WithCommandLineRuns.Name)]
public class CoverageTests(CommandLineRuns runs)
{
    [Theory, MemberData(nameof(Frameworks.All), MemberType = typeof(Frameworks))]
    public void Line_hits_with_coverlet_are_the_same_with_isolated_tests_at_once(string framework)
    {
        var plain = Hits(runs.Coverage(framework + "Plain"));
        var isolated = Hits(runs.Coverage(framework + "Isolated"));
        Assert.Equal(plain, isolated);
        Assert.Contains(isolated, line => line.Key.File == "Collatz.cs" && line.Value > 300); // the loop's body, counted and not just touched
        Assert.Contains(isolated, line => line is { Key.File: "Collatz.cs", Value: 0 });
        Assert.Contains(isolated, line => line is { Key.File: "CommandLineTests.cs", Value: 8 });
    }

    [Fact]
    public void Lines_are_covered_with_Microsofts_collector_as_in_plain_tests()
    {
        var plain = Covered("Plain");
        Assert.Equal(plain, Covered("Isolated"));
        Assert.Contains(plain, line => line is { Key.File: "Collatz.cs", Value: 1 });
        Assert.Contains(plain, line => line is { Key.File: "Collatz.cs", Value: 0 });
        Assert.Contains(plain, line => line is { Key.File: "CommandLineTests.cs", Value: 1 });

        // In a copy, as it rewrites assemblies in place too; with a temporary directory that no sandbox shows, and that is gone afterwards, since the collector leaves files there.
        static SortedDictionary<(string File, int Line), int> Covered(string build)
        {
            using TemporaryDirectory copy = new(), temporary = new();
            TemporaryDirectory.Copy(Path.GetDirectoryName(CommandLineRuns.Assembly(build))!, copy.Path);
            string results = Path.Combine(temporary.Path, "results");
            TestRun run = TestRun.Together("test", [Path.Combine(copy.Path, "CommandLine.dll")], ["--collect", "Code Coverage;Format=cobertura", "--test-adapter-path", Paths.CodeCoverageAdapter],
                results: results, environment: [("NSFIXTURE_REQUIRE", "1"), ("TMPDIR", temporary.Path)]);
            Assert.True(run.Outcomes.Count(o => o.Outcome == "Passed") == 12, run.Output);
            return Hits(XDocument.Load(Directory.GetFiles(results, "*.cobertura.xml", SearchOption.AllDirectories)[0]));
        }
    }

    private static SortedDictionary<(string File, int Line), int> Hits(XDocument report)
    {
        var hits = new SortedDictionary<(string, int), int>();
        // NsFixture, built from source here, is in the isolated report as well; out of its package it is not.
        foreach (XElement type in report.Descendants("class").Where(c => ((string)c.Attribute("name")!).StartsWith("CommandLine.", StringComparison.Ordinal)))
            foreach (XElement line in type.Element("lines")!.Elements("line"))
            {
                var key = (Path.GetFileName((string)type.Attribute("filename")!), int.Parse((string)line.Attribute("number")!, CultureInfo.InvariantCulture));
                hits[key] = hits.GetValueOrDefault(key) + int.Parse((string)line.Attribute("hits")!, CultureInfo.InvariantCulture);
            }
        return hits;
    }
}
