using System.Text.RegularExpressions;

namespace NsFixture.Docs.Tests;

/// <summary>The table of what is compared names the test classes that there are: all of them, each in its framework's column.</summary>
public partial class ConformanceTableTests
{
    // A column's heading, and the directories of the tests it is about.
    private static readonly Dictionary<string, string[]> Suites = new()
    {
        ["xUnit.net v2"] = ["Conformance"], ["xUnit.net v3"] = ["Conformance", "Conformance.V3"], ["NUnit"] = ["Conformance.NUnit"], ["MSTest"] = ["Conformance.MSTest"],
    };

    private static readonly string[] Page = File.ReadAllLines(Path.Combine(Repository.Root, "docs/conformance.md"));
    private static readonly string[][] Table = [.. Page.Where(l => l.StartsWith('|')).Select(l => l.Split('|', StringSplitOptions.TrimEntries)[1..^1])];

    public static TheoryData<string> Frameworks => [.. Suites.Keys];

    [Fact]
    public void There_is_a_column_for_each_framework() => Assert.Equal([.. Suites.Keys], Table[0][1..]);

    [Theory, MemberData(nameof(Frameworks))]
    public void A_frameworks_column_names_the_classes_of_its_suite(string framework)
    {
        int column = Array.IndexOf(Table[0], framework);
        var named = Table[2..].SelectMany(row => Name().Matches(row[column]).Select(m => m.Groups[1].Value)).Distinct().Order(StringComparer.Ordinal);
        var there = Suites[framework].SelectMany(suite => Directory.GetFiles(Path.Combine(Repository.Root, "tests/testdata", suite), "*.cs"))
            .Select(file => framework == "xUnit.net v3" ? NotOfV3().Replace(File.ReadAllText(file), "") : File.ReadAllText(file))
            .SelectMany(code => Class().Matches(code).Select(m => m.Groups[1].Value)).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(there, named);
    }

    [Fact]
    public void Each_cell_names_a_class_or_says_that_there_is_no_such_thing() =>
        Assert.All(Table[2..].SelectMany(row => row[1..]), cell => Assert.True(cell == "—" || Name().IsMatch(cell), cell));

    [Fact]
    public void The_intended_differences_are_few_and_each_is_explained()
    {
        string[] explained = [.. Page.Where(l => l.Length > 2 && char.IsAsciiDigit(l[0]) && l[1] == '.').Select(l => l[..1])];
        Assert.InRange(explained.Length, 1, 5);
        Assert.All(Table.SelectMany(row => row).SelectMany(cell => Mark().Matches(cell)), m => Assert.Contains($"{"¹²³⁴⁵".IndexOf(m.Value, StringComparison.Ordinal) + 1}", explained));
    }

    [GeneratedRegex(@"`(\w+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"\bclass (\w+Tests)\b")]
    private static partial Regex Class();

    [GeneratedRegex(@"(?s)#if !XUNIT_V3.*?#endif")]
    private static partial Regex NotOfV3();

    [GeneratedRegex("[¹²³⁴⁵]")]
    private static partial Regex Mark();
}
