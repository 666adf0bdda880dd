using NsFixture.Tests.Recording;
using Recorder;

namespace NsFixture.Xunit.Tests;

/// <summary>A test that takes its process down is one failed test that says what happened; all the others run.</summary>
[Collection(WithRecordedRuns.Name)]
public class CrashTests(RecordedRuns runs)
{
    private const string Exit3 = "exited with code 3 before the test was finished", Abort = "was killed by signal 6 (SIGABRT) before the test was finished";

    private static readonly string[] Essential = ["TestCaseStarting", "TestStarting", "TestPassed", "TestFailed", "TestSkipped", "TestFinished", "TestCaseFinished"];

    private static readonly Dictionary<string, RunSettings> Configurations = new()
    {
        ["fork"] = Crashes("Isolated") with { Launcher = "fork" },
        ["exec"] = Crashes("Isolated") with { Launcher = "exec" },
        // Where the last of a class would fail for all: leaks are only told here.
        ["fork, per class"] = Crashes("PerClass") with { Launcher = "fork", Environment = "NSFIXTURE_LEAKS=warn" },
#if !XUNIT_V3 // where that is no matter of the framework
        ["single user mapping"] = Crashes("Isolated") with { Launcher = "fork", UserMapping = "single" },
#endif
    };

    /// <summary>What becomes of each test: of its message, the parts that must be there; none for one that passes.</summary>
    private static readonly Dictionary<string, string[]> Outcomes = new()
    {
        ["Exits_with_code_3"] = [Exit3],
        ["Passes_after_an_exit"] = [],
        ["Exits_with_code_0"] = ["exited with code 0 before the test was finished"],
        ["Fails_fast"] = [Abort, "Process terminated.", "the reactor is too hot"],
        ["Overflows_its_stack"] = [Abort, "Stack overflow.", "Descend"],
        ["Kills_itself"] = ["was killed by signal 9 (SIGKILL) before the test was finished"],
        ["Passes_after_a_kill"] = [],
        ["Frees_what_it_does_not_own"] = ["was killed by signal 11 (SIGSEGV) before the test was finished"],
        ["Throws_on_another_thread"] = [Abort, "Unhandled exception. System.InvalidOperationException: thrown where nobody catches it"],
        ["Never_stops_working"] = ["longer than its deadline of 1000 ms", "Deadline = milliseconds"],
        ["Never_wakes_up"] = ["longer than its deadline of 1000 ms"],
        ["Never_completes"] = ["longer than its deadline of 1000 ms"],
        ["Leaves_a_daemon"] = ["The test left behind: process ", "in a session of its own"],
        ["Leaves_a_daemon_that_holds_its_output"] = ["The test left behind: process ", "'sleep 1000' (the one that started it has ended)"],
        ["Closes_its_standard_output_and_error"] = [],
        ["Says_much_and_dies"] = [Abort, "out of words"],
        ["Has_a_fixture_that_exits"] = ["exited with code 5 before the test was finished"],
        ["Passes_before_its_fixture_exits"] = [],
        ["Passes_amid_crashes"] = [],
        ["Fails_amid_crashes"] = ["as it should"],
    };

    public static TheoryData<string> All => [.. Configurations.Keys];

    public static IEnumerable<object[]> Tests => from c in Configurations.Keys from t in Outcomes.Keys select new object[] { c, t };

    [Theory]
    [MemberData(nameof(Tests))]
    public void A_crash_is_one_failure_that_says_what_happened(string configuration, string test)
    {
        RecordedRun run = runs[Configurations[configuration]];
        RecordedMessage outcome = run.OutcomeOf(test);
        string message = outcome.ExceptionMessages?[0] ?? "";
        if (outcome.Kind == "TestFailed" && message.StartsWith("The test did not run", StringComparison.Ordinal))
            Assert.Equal("per class", configuration.Split(", ")[^1]); // it was to share its process with the one that crashed
        else if (configuration.EndsWith("per class", StringComparison.Ordinal) && test.StartsWith("Leaves_", StringComparison.Ordinal))
            Assert.Equal("TestPassed", outcome.Kind);
        else
            Assert.Equal((Outcomes[test].Length == 0 ? "TestPassed" : "TestFailed", ""), (outcome.Kind, string.Join(", ", Outcomes[test].Where(p => !message.Contains(p)))));
        Assert.Equal(
            ["TestCaseStarting", "TestStarting", outcome.Kind, "TestFinished", "TestCaseFinished"],
            run.Messages.Where(m => m.CaseId == outcome.CaseId).Select(m => m.Kind).Where(Essential.Contains));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_failure_of_a_crash_is_not_told_twice(string configuration)
    {
        // A process that ends after its test has passed is the exception: the test's outcome is told already.
        string[] after = [.. runs[Configurations[configuration]].Messages.Where(m => m.Kind.EndsWith("CleanupFailure", StringComparison.Ordinal)).Select(m => $"{m.Method}: {m.ExceptionMessages![0]}")];
        Assert.Equal(["Passes_before_its_fixture_exits: The test's process exited with code 6 after the test, before its clean-up was done."], after);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_output_before_a_crash_is_kept(string configuration)
    {
        RecordedRun run = runs[Configurations[configuration]];
        string expected = string.Concat(Enumerable.Range(0, 2000).Select(n => $"line {n}\n"));
        Assert.Equal(expected, string.Concat(run.OfTest("Says_much_and_dies").Where(m => m.Kind == "TestOutput").Select(m => m.Text)));
        Assert.Contains($"<{expected.Length} characters", run.OutcomeOf("Says_much_and_dies").Text);
        Assert.Contains("a last word", run.StandardError);
        Assert.Equal("going to sleep\n", run.OutcomeOf("Never_wakes_up").Text);
        Assert.Equal("before the throw\n", run.OutcomeOf("Throws_on_another_thread").Text);
        Assert.Equal("and goes on\n", run.OutcomeOf("Closes_its_standard_output_and_error").Text);
        Assert.Contains("closed", run.StandardOutput);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_totals_count_every_test_once(string configuration)
    {
        RecordedRun run = runs[Configurations[configuration]];
        int failed = run.Messages.Count(m => m.Kind == "TestFailed");
        Assert.Equal([Outcomes.Count, failed, 0], run.Assembly.Counts![..3]);
        foreach (string level in (string[])["TestCollectionFinished", "TestClassFinished", "TestMethodFinished", "TestCaseFinished"])
            Assert.Equal((Outcomes.Count, failed), (run.Messages.Where(m => m.Kind == level).Sum(m => m.Counts![0]), run.Messages.Where(m => m.Kind == level).Sum(m => m.Counts![1])));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void No_daemon_is_left_after_two_seconds(string configuration)
    {
        RecordedRun run = runs[Configurations[configuration]];
        Assert.Contains(run.OutcomeOf("Leaves_a_daemon").Kind, (string[])["TestPassed", "TestFailed"]);
        Assert.Empty(run.Survivors);
    }

#if XUNIT_V3
    private static RunSettings Crashes(string build) => new("V3." + build, "--only Conformance.Crashes. --threads 4");
#else
    private static RunSettings Crashes(string build) => new(build, "--only Conformance.Crashes. --threads 4");
#endif
}
