using System.Diagnostics;
using System.Text;

namespace NsFixture.Launching;

/// <summary>
/// Sees that what an adapter is told of a run is whole: every case that was asked for starts and finishes, every test has
/// exactly one outcome, however the process ended. What the test could not report itself is added here.
/// </summary>
internal sealed class RunTracker(IReadOnlyList<string> caseNames, Action<TestReport> forward)
{
    private enum CaseState
    {
        NotStarted,
        Running,
        Finished,
    }

    private sealed class OpenTest(int caseIndex)
    {
        public int Case { get; } = caseIndex;
        public long Started { get; } = Stopwatch.GetTimestamp();
        public StringBuilder Output { get; } = new();
        public StringBuilder AddedOutput { get; } = new();
        public bool HasOutcome { get; set; }
    }

    private readonly CaseState[] cases = new CaseState[caseNames.Count];
    private readonly bool[] hadTest = new bool[caseNames.Count];
    private readonly Dictionary<int, OpenTest> open = [];
    private int nextSyntheticTest = 1 << 24;

    /// <summary>The process said that it had reported everything.</summary>
    public bool IsDone { get; private set; }

    /// <summary>The name of the case that runs now, or null.</summary>
    public string? RunningCase => Array.IndexOf(cases, CaseState.Running) is >= 0 and var i ? caseNames[i] : null;

    /// <summary>The name of the first case that has not started yet.</summary>
    public string NextCase => caseNames[Math.Max(Array.IndexOf(cases, CaseState.NotStarted), 0)];

    /// <summary>What runs, for what is said of it as a whole.</summary>
    public string Name => caseNames.Count == 1 ? caseNames[0] : $"{caseNames[0]} and {caseNames.Count - 1} more";

    /// <summary>Whether no case comes after this one.</summary>
    public bool IsLast(int index) => index == caseNames.Count - 1;

    /// <summary>How far the run has come: what to say of a process that has ended.</summary>
    public string Progress =>
        IsDone ? "after the test"
        : cases.All(c => c == CaseState.Finished) ? "after the test, before its clean-up was done"
        : "before the test was finished";

    public void Receive(TestReport message)
    {
        switch (message.Kind)
        {
            case TestReportKind.Done:
                IsDone = true;
                return;
            case TestReportKind.RunFailed:
                EndAll(message.Failure!);
                return;
            case TestReportKind.CaseStarting:
                cases[message.Case] = CaseState.Running;
                break;
            case TestReportKind.CaseFinished:
                cases[message.Case] = CaseState.Finished;
                break;
            case TestReportKind.TestStarting:
                hadTest[message.Case] = true;
                open[message.Test] = new OpenTest(message.Case);
                break;
            case TestReportKind.Output when open.TryGetValue(message.Test, out OpenTest? test):
                test.Output.Append(message.Text);
                break;
            case TestReportKind.Passed or TestReportKind.Failed or TestReportKind.Skipped when open.TryGetValue(message.Test, out OpenTest? test):
                test.HasOutcome = true;
                if (message.Kind != TestReportKind.Skipped) // whose text is its reason
                    message = WithAddedOutput(message, test);
                break;
            case TestReportKind.TestFinished when open.Remove(message.Test, out OpenTest? test):
                message = WithAddedOutput(message, test);
                break;
        }
        forward(message);
    }

    /// <summary>Output of every test that runs now, from outside it.</summary>
    public void AddOutput(string text)
    {
        foreach (var (id, test) in open)
        {
            test.AddedOutput.Append(text);
            forward(new TestReport(TestReportKind.Output) { Case = test.Case, Test = id, Text = text });
        }
    }

    // A test's outcome repeats its whole output, of which the test's process knows its own part only.
    private static TestReport WithAddedOutput(TestReport message, OpenTest test) =>
        test.AddedOutput.Length == 0 ? message : message with { Text = message.Text + test.AddedOutput };

    /// <summary>Every case is skipped.</summary>
    public void SkipAll(string reason) => WholeCases(() => new TestReport(TestReportKind.Skipped) { Text = reason });

    /// <summary>The run is over, in the way that <paramref name="failure"/> says; null: as it should be.</summary>
    public void End(FailureInfo? failure)
    {
        bool anythingMissing = open.Count > 0 || cases.Any(c => c != CaseState.Finished);
        if (anythingMissing)
            EndAll(failure ?? FailureInfo.Of(typeof(SandboxException), "The test's process ended in order but left tests unreported. This is a defect of NsFixture or of a custom test framework."));
        else if (failure != null)
            forward(new TestReport(TestReportKind.CleanupFailure) { Case = caseNames.Count - 1, Text = "test process", Failure = failure });
    }

    private void EndAll(FailureInfo failure)
    {
        string? culprit = RunningCase;
        HashSet<int> told = [.. open.Values.Select(test => test.Case)];
        foreach (var (id, test) in open.ToArray())
        {
            decimal time = (decimal)Stopwatch.GetElapsedTime(test.Started).TotalSeconds;
            string output = test.Output.ToString();
            bool hadOutcome = test.HasOutcome; // which the next line gives it
            if (!hadOutcome)
                Receive(new TestReport(TestReportKind.Failed) { Case = test.Case, Test = id, Time = time, Text = output, Failure = failure });
            Receive(new TestReport(TestReportKind.TestFinished) { Case = test.Case, Test = id, Time = time, Text = output });
            if (hadOutcome)
                forward(new TestReport(TestReportKind.CleanupFailure) { Case = test.Case, Text = "test", Failure = failure });
        }
        for (int i = 0; i < cases.Length; i++)
        {
            if (cases[i] != CaseState.Running)
                continue;
            if (!hadTest[i])
                WholeTest(i, () => new TestReport(TestReportKind.Failed) { Failure = failure });
            else if (!told.Contains(i)) // between two tests of a case, or after its last
                forward(new TestReport(TestReportKind.CleanupFailure) { Case = i, Text = "test case", Failure = failure });
            Receive(new TestReport(TestReportKind.CaseFinished) { Case = i });
        }
        FailureInfo rest = culprit == null ? failure : FailureInfo.Of(typeof(TestProcessEndedException),
            $"The test did not run: the sandbox that it shares with its class ended during \"{culprit}\". {failure.Messages[0]}");
        WholeCases(() => new TestReport(TestReportKind.Failed) { Failure = rest });
    }

    private void WholeCases(Func<TestReport> outcome)
    {
        for (int i = 0; i < cases.Length; i++)
        {
            if (cases[i] != CaseState.NotStarted)
                continue;
            Receive(new TestReport(TestReportKind.CaseStarting) { Case = i });
            WholeTest(i, outcome);
            Receive(new TestReport(TestReportKind.CaseFinished) { Case = i });
        }
    }

    private void WholeTest(int caseIndex, Func<TestReport> outcome)
    {
        int id = nextSyntheticTest++;
        Receive(new TestReport(TestReportKind.TestStarting) { Case = caseIndex, Test = id, Text = caseNames[caseIndex] });
        Receive(outcome() with { Case = caseIndex, Test = id });
        Receive(new TestReport(TestReportKind.TestFinished) { Case = caseIndex, Test = id });
    }
}
