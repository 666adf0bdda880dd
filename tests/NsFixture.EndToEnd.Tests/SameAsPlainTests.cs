namespace NsFixture.EndToEnd.Tests;

/// <summary>The same source, built plain and isolated, by VSTest: nobody who looks at the command line can tell which is which.</summary>
[Collection(WithCommandLineRuns.Name)]
public class SameAsPlainTests(CommandLineRuns runs)
{
    [Theory]
    [InlineData("", 16)]
    [InlineData("V3.", 16)]
    [InlineData("NUnit.", 17)]
    [InlineData("MSTest.", 17)]
    public void A_run_leaves_the_same_results(string framework, int tests)
    {
        TestRun plain = runs[framework + "Plain"], isolated = runs[framework + "Isolated"];
        Assert.True(isolated.Outcomes.Count == tests, isolated.Output);
        Assert.Equal(plain.Outcomes.Select(WithoutWhatVaries), isolated.Outcomes.Select(WithoutWhatVaries));
        Assert.Equal((1, 1), (plain.ExitCode, isolated.ExitCode));
        Assert.DoesNotContain(isolated.Outcomes, t => t.Output.Contains("NOT ISOLATED", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("V3.")]
    [InlineData("NUnit.")]
    [InlineData("MSTest.")]
    public void A_test_takes_as_long_as_it_takes_inside(string framework)
    {
        TestOutcome waits = runs[framework + "Isolated"].Outcomes.Single(t => t.Name.EndsWith("Passes_later", StringComparison.Ordinal));
        Assert.True(waits.Duration >= TimeSpan.FromMilliseconds(9), waits.ToString()); // it waits for 10, by a clock that is coarser
    }

    [Fact]
    public void List_tests_prints_the_same()
    {
        Command plain = List("Plain"), isolated = List("Isolated");
        Assert.Equal(Tests(plain), Tests(isolated));
        Assert.Equal(16 + 16 + 17 + 17, Tests(isolated).Count);
        Assert.Equal((0, 0), (plain.ExitCode, isolated.ExitCode));

        static Command List(string build) => Command.Run(["dotnet", "test", .. CommandLineRuns.Frameworks.Select(f => CommandLineRuns.Assembly(f + build)), "--list-tests"]);

        static List<string> Tests(Command command) => [.. command.Output.Split('\n').Where(l => l.StartsWith("    ", StringComparison.Ordinal)).Select(l => l.TrimEnd())];
    }

    // Each part of a filter chooses tests that no other does.
    [Theory]
    [InlineData(new[] { "", "V3." }, "Category=Fast|DisplayName~spaces|FullyQualifiedName~Is_skipped|FullyQualifiedName=CommandLine.OutcomeTests.Passes_later", 2 * 6)]
    [InlineData(new[] { "NUnit.", "MSTest." }, "TestCategory=Fast|Size=3|FullyQualifiedName~Is_skipped|FullyQualifiedName=CommandLine.OutcomeTests.Passes_later", 5 + 6)]
    public void Vstest_runs_the_same_tests_that_a_filter_chooses(string[] frameworks, string filter, int tests)
    {
        TestRun plain = Run("Plain"), isolated = Run("Isolated");
        foreach (string framework in frameworks)
            Assert.Equal(
                plain.ByAssembly[CommandLineRuns.Assembly(framework + "Plain")].Select(WithoutWhatVaries),
                isolated.ByAssembly[CommandLineRuns.Assembly(framework + "Isolated")].Select(WithoutWhatVaries));
        Assert.True(isolated.Outcomes.Count == tests, isolated.Output);
        Assert.Equal(Summary(plain), Summary(isolated));
        Assert.Equal((1, 1), (plain.ExitCode, isolated.ExitCode));

        TestRun Run(string build) => TestRun.Together("vstest", frameworks.Select(f => CommandLineRuns.Assembly(f + build)), ["--TestCaseFilter:" + filter]);

        // In no order: of two assemblies that run side by side the one that is done first comes first.
        static string[] Summary(TestRun run) => [.. run.Output.Split('\n').Where(l => l.Contains("Total:", StringComparison.Ordinal)).Select(l => l.Split(", Duration")[0]).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void The_isolated_run_is_isolated()
    {
        // Else everything above would hold of two plain runs.
        TestRun run = TestRun.Together("test", CommandLineRuns.Frameworks.Select(f => CommandLineRuns.Assembly(f + "Isolated")), ["--filter", "FullyQualifiedName~OtherTests"],
            environment: ("NSFIXTURE_LAUNCHER", "inprocess"));
        Assert.Equal((CommandLineRuns.Frameworks.Length, 0), (run.Outcomes.Count, run.ExitCode));
        Assert.All(run.Outcomes, outcome =>
        {
            Assert.Contains("WARNING: NOT ISOLATED.", outcome.Output);
            Assert.Contains("NSFIXTURE_LAUNCHER=inprocess", outcome.Output);
            Assert.Equal("Passed", outcome.Outcome);
        });
    }

    // No test takes as long as another.
    private static TestOutcome WithoutWhatVaries(TestOutcome outcome) => outcome with { Duration = default, StackTrace = StackFrames.WithoutForeign(outcome.StackTrace) };
}
