using NsFixture.Tests.Recording;
using Recorder;

namespace NsFixture.MSTest.Tests;

/// <summary>A test that takes its process down is one failed test that says what happened; all the others run.</summary>
[Collection(WithRecordedRuns.Name)]
public class CrashTests(RecordedRuns runs)
{
    private const string Abort = "was killed by signal 6 (SIGABRT) before the test was finished";

    private static readonly Dictionary<string, RunSettings> Configurations = new()
    {
        ["fork"] = Crashes with { Launcher = "fork" },
        ["exec"] = Crashes with { Launcher = "exec" },
    };

    /// <summary>What becomes of each test: of its message, the parts that must be there; none for one that passes.</summary>
    private static readonly Dictionary<string, string[]> Outcomes = new()
    {
        ["Exits_with_code_3"] = ["exited with code 3 before the test was finished"],
        ["Fails_fast"] = [Abort, "Process terminated.", "the reactor is too hot"],
        ["Overflows_its_stack"] = [Abort, "Stack overflow.", "Descend"],
        ["Kills_itself"] = ["was killed by signal 9 (SIGKILL) before the test was finished"],
        ["Throws_on_another_thread"] = [Abort, "Unhandled exception. System.InvalidOperationException: thrown where nobody catches it"],
        ["Never_wakes_up"] = ["longer than its deadline of 1000 ms", "Deadline = milliseconds"],
        ["Passes_amid_crashes"] = [],
        ["Leaves_a_daemon"] = ["The test left behind: process ", "in a session of its own"],
        // MSTest tells a test's result when its class and assembly are cleaned up.
        ["Passes_before_its_class_exits"] = ["exited with code 6 before the test was finished"],
    };

    private static RunSettings Crashes => new("MSTest.Isolated", "--only Conformance.Crashes.");

    public static IEnumerable<object[]> Tests => from c in Configurations.Keys from t in Outcomes.Keys select new object[] { c, t };

    public static TheoryData<string> All => [.. Configurations.Keys];

    [Theory]
    [MemberData(nameof(Tests))]
    public void A_crash_is_one_failure_that_says_what_happened(string configuration, string test)
    {
        RecordedMessage outcome = Outcome(configuration, test);
        string message = outcome.ExceptionMessages![0] ?? "";
        Assert.Equal((Outcomes[test].Length == 0, ""), (outcome.State == "Passed", string.Join(", ", Outcomes[test].Where(p => !message.Contains(p)))));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void What_a_crashing_test_has_printed_is_its_output(string configuration) =>
        Assert.Equal(["on the console", "in the context", "in a trace"], Outcome(configuration, "Exits_with_code_3").Text!.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    [Theory]
    [MemberData(nameof(All))]
    public void No_daemon_is_left_after_two_seconds(string configuration) => Assert.Empty(runs[Configurations[configuration]].Survivors);

    private RecordedMessage Outcome(string configuration, string test) => Assert.Single(runs[Configurations[configuration]].Messages, m => m.Kind == "TestFinished" && m.Method == test);
}
