using System.Text.RegularExpressions;

namespace NsFixture.EndToEnd.Tests;

/// <summary>The tests of xUnit.net v3, plain and isolated, by each of its runners.</summary>
public partial class XunitV3Tests
{
    private static readonly string Plain = Path.Combine(Paths.Testdata("CommandLine.V3.Plain"), "CommandLine.dll");
    private static readonly string Isolated = Path.Combine(Paths.Testdata("CommandLine.V3.Isolated"), "CommandLine.dll");

    [Theory]
    [InlineData("", 16)]
    [InlineData("--filter-trait Category=Fast", 3)]
    [InlineData("--filter-method CommandLine.OutcomeTests.Fails", 1)]
    [InlineData("--filter-class CommandLine.OtherTests", 1)]
    public void Microsoft_Testing_Platform_leaves_the_same_results(string filter, int tests)
    {
        List<TestOutcome> plain = OfPlatform(Plain, filter), isolated = OfPlatform(Isolated, filter);
        Assert.Equal(plain, isolated);
        Assert.Equal(tests, isolated.Count);
    }

    [Fact]
    public void Microsoft_Testing_Platform_lists_the_same_tests()
    {
        string plain = List(Plain), isolated = List(Isolated);
        Assert.Equal(plain, isolated);
        Assert.Contains("A name of its own, with spaces", isolated);

        static string List(string assembly) => Duration().Replace(Command.Run([Path.ChangeExtension(assembly, null), "--list-tests", "--no-banner"]).Output, "");
    }

    [Theory]
    [InlineData("", 16)]
    [InlineData("Category=Fast", 3)]
    [InlineData("FullyQualifiedName~Fails|DisplayName~spaces", 2)]
    public void VSTest_leaves_the_same_results(string filter, int tests)
    {
        string[] arguments = filter.Length == 0 ? [] : ["--filter", filter];
        TestRun plain = TestRun.Of(Plain, arguments), isolated = TestRun.Of(Isolated, arguments);
        Assert.Equal(plain.Outcomes, isolated.Outcomes);
        Assert.True(isolated.Outcomes.Count == tests, isolated.Output);
        Assert.Equal(plain.ExitCode, isolated.ExitCode);
    }

    [Fact]
    public void The_isolated_run_is_isolated()
    {
        // Else everything above would hold of two plain runs.
        TestRun run = TestRun.Of(Isolated, ["--filter", "FullyQualifiedName~Named"], environment: ("NSFIXTURE_LAUNCHER", "inprocess"));
        TestOutcome outcome = Assert.Single(run.Outcomes);
        Assert.Contains("WARNING: NOT ISOLATED.", outcome.Output);
        Assert.Equal("Passed", outcome.Outcome);
    }

    private static List<TestOutcome> OfPlatform(string assembly, string filter)
    {
        using var directory = new TemporaryDirectory();
        Command command = Command.Run(
            [Path.ChangeExtension(assembly, null), "--report-xunit-trx", "--report-xunit-trx-filename", "results.trx", "--results-directory", directory.Path,
             .. filter.Split(' ', StringSplitOptions.RemoveEmptyEntries)],
            environment: ("NSFIXTURE_REQUIRE", "1"));
        string trx = Path.Combine(directory.Path, "results.trx");
        Assert.True(File.Exists(trx), command.Output);
        return TestRun.Read(trx);
    }

    [GeneratedRegex(@"(?m)^.*(duration|x64|/).*$")]
    private static partial Regex Duration();
}
