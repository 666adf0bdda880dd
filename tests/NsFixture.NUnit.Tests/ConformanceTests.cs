using NsFixture.Tests.Recording;
using Recorder;

namespace NsFixture.NUnit.Tests;

/// <summary>An isolated test is to its runner what it would be as a plain one: the same names, outcomes, messages, stacks, output, properties.</summary>
[Collection(WithRecordedRuns.Name)]
public class ConformanceTests(RecordedRuns runs)
{
    private const string Everything = RunSettings.WithoutCrashes;

    // What is explicit is run where it is named.
    private const string Explicit = " --only Conformance.ExplicitTests --only Conformance.SkipTests";

    // Where the process itself matters; all the rest that a process is to xUnit.net's tests it is to these.
    private static readonly string OnlyProcess = RunSettings.Part(" --only Conformance.OutcomeTests --only Conformance.LifecycleTests --only Conformance.Prepared. --only Conformance.ContextTests --only Conformance.Isolated.");

    private static readonly string OutsideFile = Path.Combine(Path.GetTempPath(), $"nsfixture-outside-{Environment.ProcessId}");

    private static readonly Dictionary<string, RunSettings> Configurations = new()
    {
        ["fork"] = Isolated(Everything) with { Launcher = "fork" },
        ["exec"] = Isolated(Everything + OnlyProcess) with { Launcher = "exec" },
        ["one worker"] = Isolated(Everything + " --workers 0") with { Launcher = "fork" },
        ["explicit"] = Isolated(Everything + Explicit) with { Launcher = "fork" },
        // As an ordinary user is mapped; for one, this is "fork" once more.
        ["single user mapping"] = Isolated(Everything + OnlyProcess) with { Launcher = "fork", UserMapping = "single" },
    };

    public static TheoryData<string> All => [.. Configurations.Keys];

    public static IEnumerable<object[]> Classes =>
        from configuration in Configurations
        from name in TestClasses.Of("NUnit.Plain")
        where configuration.Value.Includes(name)
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
        RunSettings settings = Configurations["one worker"];
        LineDiff.AssertSame(Order(runs[settings.Plain]), Order(runs[settings]), "The order of tests");

        static List<string> Order(RecordedRun run) => [.. TestClasses.Of("NUnit.Plain").SelectMany(name => Transcript.OrderOf(run, name))];
    }

    [Theory]
    [InlineData("fork")]
    [InlineData("exec")]
    [InlineData("one worker")]
    public void Namespaces_and_their_set_up_are_what_they_are_plain(string configuration)
    {
        RunSettings settings = Configurations[configuration];
        LineDiff.AssertSame(Transcript.OfNamespaces(runs[settings.Plain]), Transcript.OfNamespaces(runs[settings]), $"The run \"{configuration}\"");
    }

    [Theory]
    [InlineData("fork")]
    [InlineData("exec")]
    [InlineData("single user mapping")]
    public void The_isolated_run_was_isolated(string configuration)
    {
        RecordedRun run = runs[Configurations[configuration]];
        Assert.Contains($"launcher {run.Settings.Launcher} in process 2 on test", Outcome(run, "Says_how_it_runs").Text, StringComparison.OrdinalIgnoreCase);
        foreach (string passes in (string[])["Is_isolated_beside_other_wrappers", "The_nearest_attribute_counts", "The_nearest_attribute_counts_for_cases(1)", "The_nearest_attribute_counts_for_cases(2)"])
            Assert.Equal("Passed at Test", Outcome(run, passes).State);
    }

    [Theory]
    [InlineData("fork")]
    [InlineData("exec")]
    public void Settings_that_cannot_be_fail_the_test(string configuration)
    {
        RecordedMessage outcome = Outcome(runs[Configurations[configuration]], "Cannot_be");
        Assert.Equal("Failed:Error at Test", outcome.State);
        Assert.Contains("Subnet = \"10.0.0.0/99\"", outcome.ExceptionMessages![0]);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Nothing_of_an_isolated_fixture_runs_in_the_test_host(string configuration)
    {
        _ = runs[Configurations[configuration]];
        Assert.False(File.Exists(OutsideFile), File.Exists(OutsideFile) ? File.ReadAllText(OutsideFile) : "");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Nothing_of_a_run_is_left_after_two_seconds(string configuration) => Assert.Empty(runs[Configurations[configuration]].Survivors);

    private static RunSettings Isolated(string arguments) => new("NUnit.Isolated", arguments) { Environment = $"CONFORMANCE_OUTSIDE={OutsideFile}" };

    private static RecordedMessage Outcome(RecordedRun run, string test) => Assert.Single(run.Messages, m => m.Kind == "TestFinished" && m.Test == test);
}
