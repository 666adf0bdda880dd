using System.Globalization;
using System.Xml.Linq;

namespace NsFixture.EndToEnd.Tests;

[Collection(WithCommandLineRuns.Name)]
public class CoverageTests(CommandLineRuns runs)
{
    [Theory]
    [InlineData("")]
    [InlineData("V3.")]
    [InlineData("NUnit.")]
    [InlineData("MSTest.")]
    public void Line_hits_with_coverlet_are_the_same_with_isolated_tests_at_once(string framework)
    {
        var plain = Hits(runs.Coverage(framework + "Plain"));
        var isolated = Hits(runs.Coverage(framework + "Isolated"));
        Assert.Equal(plain, isolated);
        Assert.Contains(isolated, line => line.Key.File == "Collatz.cs" && line.Value > 300); // the loop's body, counted and not just touched
        Assert.Contains(isolated, line => line is { Key.File: "Collatz.cs", Value: 0 });
        Assert.Contains(isolated, line => line is { Key.File: "CommandLineTests.cs", Value: 8 });
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
