using NsFixture.Tests.Recording;
using Recorder;

namespace NsFixture.MSTest.Tests;

/// <summary>An isolated test is to its runner what it would be as a plain one: the same names, outcomes, messages, stacks, output, files.</summary>
[Collection(WithRecordedRuns.Name)]
public class ConformanceTests(RecordedRuns runs)
{
    private const string Everything = RunSettings.WithoutCrashes;

    // Where the process itself matters; all the rest that a process is to xUnit.net's tests it is to these.
    private static readonly string OnlyProcess = RunSettings.Part(" --only Conformance.OutcomeTests --only Conformance.LifecycleTests --only Conformance.ContextTests --only Conformance.Isolated.");

    private static readonly string OutsideFile = Path.Combine(Path.GetTempPath(), $"nsfixture-outside-{Environment.ProcessId}");

    private static readonly Dictionary<string, RunSettings> Configurations = new()
    {
        ["fork"] = Isolated(Everything) with { Launcher = "fork" },
        ["exec"] = Isolated(Everything + OnlyProcess) with { Launcher = "exec" },
        ["four at once"] = Isolated(Everything + " --workers 4") with { Launcher = "fork" },
        // As an ordinary user is mapped; for one, this is "fork" once more.
        ["single user mapping"] = Isolated(Everything + OnlyProcess) with { Launcher = "fork", UserMapping = "single" },
    };

    public static TheoryData<string> All => [.. Configurations.Keys];

    public static IEnumerable<object[]> Classes =>
        from configuration in Configurations
        from name in TestClasses.Of("MSTest.Plain")
        where name != "Conformance.BaseTests" && configuration.Value.Includes(name)
        select new object[] { configuration.Key, name };

    [Theory]
    [MemberData(nameof(Classes))]
    public void Every_test_of_a_class_is_what_it_is_plain(string configuration, string className)
    {
        RunSettings settings = Configurations[configuration];
        LineDiff.AssertSame(Transcript.OfClass(runs[settings.Plain], className), Transcript.OfClass(runs[settings], className), $"{className} under \"{configuration}\"");
    }

    [Fact]
    public void Tests_run_in_the_order_they_run_in_plain()
    {
        RunSettings settings = Configurations["fork"];
        LineDiff.AssertSame(Order(runs[settings.Plain]), Order(runs[settings]), "The order of tests");

        static List<string> Order(RecordedRun run) => [.. TestClasses.Of("MSTest.Plain").SelectMany(name => Transcript.OrderOf(run, name))];
    }

    [Theory]
    [InlineData("fork")]
    [InlineData("exec")]
    [InlineData("single user mapping")]
    public void The_isolated_run_was_isolated(string configuration)
    {
        RecordedRun run = runs[Configurations[configuration]];
        Assert.Contains($"launcher {run.Settings.Launcher} in process 2 on test", Outcome(run, "Says_how_it_runs").Text, StringComparison.OrdinalIgnoreCase);
        foreach (string passes in (string[])["Everything_runs_inside", "The_nearest_attribute_counts", "The_nearest_attribute_counts_for_rows (1)", "The_nearest_attribute_counts_for_rows (2)", "Has_a_topology"])
            Assert.Equal("Passed", Outcome(run, passes).State);
    }

    [Theory]
    [InlineData("fork")]
    [InlineData("exec")]
    public void Settings_that_cannot_be_fail_the_test(string configuration)
    {
        RecordedMessage outcome = Outcome(runs[Configurations[configuration]], "Cannot_be");
        Assert.Equal("Failed", outcome.State);
        Assert.Contains("Subnet = \"10.0.0.0/99\"", outcome.ExceptionMessages![0]);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Nothing_of_an_isolated_class_runs_in_the_test_host(string configuration)
    {
        _ = runs[Configurations[configuration]];
        Assert.False(File.Exists(OutsideFile), File.Exists(OutsideFile) ? File.ReadAllText(OutsideFile) : "");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Nothing_of_a_run_is_left_after_two_seconds(string configuration) => Assert.Empty(runs[Configurations[configuration]].Survivors);

    private static RunSettings Isolated(string arguments) => new("MSTest.Isolated", arguments) { Environment = $"CONFORMANCE_OUTSIDE={OutsideFile}" };

    private static RecordedMessage Outcome(RecordedRun run, string test) => Assert.Single(run.Messages, m => m.Kind == "TestFinished" && m.Test == test);
}
