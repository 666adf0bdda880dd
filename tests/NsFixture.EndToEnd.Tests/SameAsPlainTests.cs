using System.Text.RegularExpressions;

namespace NsFixture.EndToEnd.Tests;

/// <summary>The same source, built plain and isolated: nobody who looks at the command line can tell which is which.</summary>
public partial class SameAsPlainTests
{
    private static readonly string Plain = Assembly("", "Plain"), Isolated = Assembly("", "Isolated");

    [Theory]
    [InlineData("", 16)]
    [InlineData("NUnit.", 9)]
    [InlineData("MSTest.", 9)]
    public void List_tests_prints_the_same(string framework, int tests)
    {
        Command plain = Command.Run(["dotnet", "test", Assembly(framework, "Plain"), "--list-tests"]), isolated = Command.Run(["dotnet", "test", Assembly(framework, "Isolated"), "--list-tests"]);
        Assert.Equal(Tests(plain), Tests(isolated));
        Assert.Equal(tests, Tests(isolated).Count);
        Assert.Equal((0, 0), (plain.ExitCode, isolated.ExitCode));

        static List<string> Tests(Command command) =>
            [.. command.Output.Split('\n').Select(l => l.TrimEnd()).SkipWhile(l => !l.StartsWith("The following Tests", StringComparison.Ordinal)).Skip(1).Where(l => l.Length > 0).Order()];
    }

    [Theory]
    [InlineData("", "", 16, 1)]
    [InlineData("", "FullyQualifiedName~CoverageTests", 8, 0)]
    [InlineData("", "DisplayName~Passes", 2, 0)]
    [InlineData("", "Category=Fast", 3, 1)]
    [InlineData("", "FullyQualifiedName=CommandLine.OutcomeTests.Passes", 1, 0)]
    [InlineData("", "FullyQualifiedName~Fails|DisplayName~spaces", 2, 1)]
    [InlineData("", "FullyQualifiedName~Is_skipped", 1, 0)]
    [InlineData("NUnit.", "", 9, 1)]
    [InlineData("NUnit.", "TestCategory=Fast", 2, 1)]
    [InlineData("NUnit.", "FullyQualifiedName=CommandLine.OutcomeTests.Passes|Size=3", 2, 0)]
    [InlineData("MSTest.", "", 9, 1)]
    [InlineData("MSTest.", "TestCategory=Fast", 3, 1)]
    [InlineData("MSTest.", "FullyQualifiedName=CommandLine.OutcomeTests.Passes|Size=3", 2, 0)]
    public void A_run_leaves_the_same_results(string framework, string filter, int tests, int exitCode)
    {
        string[] arguments = filter.Length == 0 ? [] : ["--filter", filter];
        TestRun plain = TestRun.Of(Assembly(framework, "Plain"), arguments), isolated = TestRun.Of(Assembly(framework, "Isolated"), arguments);
        Assert.Equal(plain.Outcomes.Select(WithoutForeignFrames), isolated.Outcomes.Select(WithoutForeignFrames));
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

    [Theory]
    [InlineData("NUnit.")]
    [InlineData("MSTest.")]
    public void The_test_program_itself_runs_the_same_tests(string framework)
    {
        // Without dotnet test and VSTest: a test project of these frameworks is a program on Microsoft.Testing.Platform.
        foreach (var (arguments, exitCode) in ((string[], int)[])[(["--list-tests"], 0), (["--output", "Detailed"], 2), (["--filter", "TestCategory=Fast", "--output", "Detailed"], 2)])
        {
            Command plain = Run("Plain"), isolated = Run("Isolated");
            Assert.Equal(Lines(plain), Lines(isolated));
            Assert.Contains(Lines(isolated), l => l.Contains("Passes", StringComparison.Ordinal));
            Assert.True((exitCode, exitCode) == (plain.ExitCode, isolated.ExitCode), plain.Output + isolated.Output);

            Command Run(string build) => Command.Run(["dotnet", "exec", Assembly(framework, build), "--no-ansi", "--no-banner", .. arguments]);
        }

        // Tests end as they do, and none takes as long as another; the results stand in an order of their own.
        static List<string> Lines(Command command) =>
            [.. ForeignFrame().Replace(Varying().Replace(command.Output, ""), "").Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0).Order(StringComparer.Ordinal)];
    }

    [Theory]
    [InlineData("")]
    [InlineData("NUnit.")]
    [InlineData("MSTest.")]
    public void The_isolated_run_is_isolated(string framework)
    {
        // Else everything above would hold of two plain runs.
        string assembly = Assembly(framework, "Isolated");
        TestRun run = TestRun.Of(assembly, ["--filter", "FullyQualifiedName~OtherTests"], environment: ("NSFIXTURE_LAUNCHER", "inprocess"));
        Assert.Contains("WARNING: NOT ISOLATED.", Assert.Single(run.Outcomes).Output);
        Assert.Contains("NSFIXTURE_LAUNCHER=inprocess", run.Outcomes[0].Output);
        Assert.Equal("Passed", run.Outcomes[0].Outcome);
        Assert.DoesNotContain("NOT ISOLATED", TestRun.Of(assembly, ["--filter", "FullyQualifiedName~OtherTests"]).Outcomes.Single().Output);
    }

    private static string Assembly(string framework, string build) => Path.Combine(Paths.Testdata($"CommandLine.{framework}{build}"), "CommandLine.dll");

    // How reflection calls a method depends on how often it has called it.
    private static TestOutcome WithoutForeignFrames(TestOutcome outcome) => outcome with { StackTrace = ForeignFrame().Replace(outcome.StackTrace, "") };

    [GeneratedRegex(@" *at (InvokeStub_|System\.Reflection\.|System\.RuntimeMethodHandle\.|NUnit\.Framework\.Internal\.)[^\n]*\n?")]
    private static partial Regex ForeignFrame();

    [GeneratedRegex(@"\(\d[\w. ]*s\)|duration: .*|/\S*/bin/\S*|CommandLine\.(NUnit|MSTest)\.(Plain|Isolated)")]
    private static partial Regex Varying();
}
