namespace NsFixture.EndToEnd.Tests;

/// <summary>The same source, built plain and isolated: nobody who looks at the command line can tell which is which.</summary>
public class SameAsPlainTests
{
    private static readonly string Plain = Path.Combine(Paths.Testdata("CommandLine.Plain"), "CommandLine.dll");
    private static readonly string Isolated = Path.Combine(Paths.Testdata("CommandLine.Isolated"), "CommandLine.dll");

    [Fact]
    public void List_tests_prints_the_same()
    {
        Command plain = Command.Run(["dotnet", "test", Plain, "--list-tests"]), isolated = Command.Run(["dotnet", "test", Isolated, "--list-tests"]);
        Assert.Equal(Tests(plain), Tests(isolated));
        Assert.Equal(16, Tests(isolated).Count);
        Assert.Equal((0, 0), (plain.ExitCode, isolated.ExitCode));

        static List<string> Tests(Command command) =>
            [.. command.Output.Split('\n').Select(l => l.TrimEnd()).SkipWhile(l => !l.StartsWith("The following Tests", StringComparison.Ordinal)).Skip(1).Where(l => l.Length > 0).Order()];
    }

    [Theory]
    [InlineData("", 16, 1)]
    [InlineData("FullyQualifiedName~CoverageTests", 8, 0)]
    [InlineData("DisplayName~Passes", 2, 0)]
    [InlineData("Category=Fast", 3, 1)]
    [InlineData("FullyQualifiedName=CommandLine.OutcomeTests.Passes", 1, 0)]
    [InlineData("FullyQualifiedName~Fails|DisplayName~spaces", 2, 1)]
    [InlineData("FullyQualifiedName~Is_skipped", 1, 0)]
    public void A_run_leaves_the_same_results(string filter, int tests, int exitCode)
    {
        string[] arguments = filter.Length == 0 ? [] : ["--filter", filter];
        TestRun plain = TestRun.Of(Plain, arguments), isolated = TestRun.Of(Isolated, arguments);
        Assert.Equal(plain.Outcomes, isolated.Outcomes);
        Assert.True(isolated.Outcomes.Count == tests, isolated.Output);
        Assert.Equal((exitCode, exitCode), (plain.ExitCode, isolated.ExitCode));
    }

    [Fact]
    public void Vstest_runs_the_same_tests()
    {
        Command plain = Command.Run(["dotnet", "vstest", Plain]), isolated = Command.Run(["dotnet", "vstest", Isolated]);
        Assert.Equal(Summary(plain), Summary(isolated));
        Assert.Equal("Failed!  - Failed:     3, Passed:    12, Skipped:     1, Total:    16", Summary(isolated));
        Assert.Equal((1, 1), (plain.ExitCode, isolated.ExitCode));

        static string Summary(Command command) =>
            command.Output.Split('\n').Single(l => l.Contains("Total:", StringComparison.Ordinal)).Split(", Duration")[0];
    }

    [Fact]
    public void The_isolated_run_is_isolated()
    {
        // Else everything above would hold of two plain runs.
        TestRun run = TestRun.Of(Isolated, ["--filter", "FullyQualifiedName~Named"], environment: ("NSFIXTURE_LAUNCHER", "inprocess"));
        Assert.Contains("WARNING: NOT ISOLATED.", Assert.Single(run.Outcomes).Output);
        Assert.Contains("NSFIXTURE_LAUNCHER=inprocess", run.Outcomes[0].Output);
        Assert.Equal("Passed", run.Outcomes[0].Outcome);
        Assert.DoesNotContain("NOT ISOLATED", TestRun.Of(Isolated, ["--filter", "FullyQualifiedName~Named"]).Outcomes.Single().Output);
    }
}
