namespace NsFixture.Launching;

/// <summary>
/// A run whose test leaves something behind. Where that is to fail the test, the last case's outcome is held back until it is known: with the last report of a test that looks
/// itself, else when init has looked, a millisecond or so. Where it is not, it is said when it is known, and no test waits.
/// </summary>
internal sealed partial class TestRun
{
    private readonly LeakMode leaks = EnvironmentSettings.Leaks(out _);
    private readonly List<TestReport> held = [];
    private bool awaitsLook, isKnown, failedForLeaks;

    private bool HasLimits => sandbox.Spec.Limits != null;

    private void Pass(TestReport message)
    {
        bool isDone = message.Kind == TestReportKind.Done;
        isKnown |= isDone && message.Number != 0;
        bool isOutcome = message.Kind == TestReportKind.Passed || (message.Kind == TestReportKind.Failed && HasLimits);
        if ((leaks != LeakMode.Fail && !HasLimits) || (held.Count == 0 && !(isOutcome && tracker.IsLast(message.Case))))
        {
            if (message.Kind == TestReportKind.Failed || (message.Kind == TestReportKind.Passed && tracker.IsLast(message.Case)))
                NoteOutcome(message.Kind == TestReportKind.Failed);
            tracker.Receive(message);
            return;
        }
        held.Add(message);
        if (!isDone)
            return;
        if (isKnown || sandbox.HasLooked || sandbox.IsLost)
        {
            ReleaseHeld();
            return;
        }
        awaitsLook = true;
        sandbox.Looked += CompleteLook;
    }

    // Without a report where init has ended without one.
    private void CompleteLook()
    {
        if (!awaitsLook)
            return;
        awaitsLook = false;
        sandbox.Looked -= CompleteLook;
        try
        {
            ReleaseHeld();
            DrainOutput();
            Finish(null);
        }
        catch (Exception e)
        {
            Finish(FailureInfo.Of(e)); // an adapter that cannot take a message
        }
    }

    private void ReleaseHeld()
    {
        TestReport[] all = [.. held];
        held.Clear();
        if (all is [.., { Kind: TestReportKind.Done }])
        {
            // Whether it has passed or failed, what it has come up against is the more likely cause of all the rest.
            FailureInfo? left = leaks == LeakMode.Fail ? LeakNotice.Failure(sandbox.EndReport) : null, failure = LimitNotice.Failure(sandbox.LimitHits) ?? left;
            int last = Array.FindLastIndex(all, m => m.Kind is TestReportKind.Passed or TestReportKind.Failed);
            failedForLeaks = failure != null && failure == left && all[last].Kind == TestReportKind.Passed;
            if (all[last].Kind == TestReportKind.Failed)
                all[last] = all[last] with { Failure = LimitNotice.Add(sandbox.LimitHits, all[last].Failure!) };
            else if (failure != null)
                all[last] = all[last] with { Kind = TestReportKind.Failed, Failure = failure };
        }
        foreach (TestReport message in all)
        {
            if (message.Kind is TestReportKind.Passed or TestReportKind.Failed)
                NoteOutcome(message.Kind == TestReportKind.Failed);
            tracker.Receive(message);
        }
    }

    /// <summary>Has it said what the test leaves, when that is known.</summary>
    private void WarnOfLeaks()
    {
        if (sandbox.Name == null || leaks == LeakMode.Off)
            return;
        if (isKnown || sandbox.HasLooked)
            Warn();
        else
            sandbox.Looked += Warn;
    }

    private void Warn()
    {
        if (sandbox.EndReport is { } report && LeakNotice.Warning(sandbox.Name!, report, failedForLeaks) is { } warning)
            Console.Error.WriteLine(warning);
    }
}
