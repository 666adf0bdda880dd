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

    private void Pass(TestReport message)
    {
        bool isDone = message.Kind == TestReportKind.Done;
        isKnown |= isDone && message.Number != 0;
        if (leaks != LeakMode.Fail || (held.Count == 0 && !(message.Kind == TestReportKind.Passed && tracker.IsLast(message.Case))))
        {
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
        if (all is [.., { Kind: TestReportKind.Done }] && LeakNotice.Failure(sandbox.EndReport) is { } failure)
        {
            failedForLeaks = true;
            int last = Array.FindLastIndex(all, m => m.Kind == TestReportKind.Passed);
            all[last] = all[last] with { Kind = TestReportKind.Failed, Failure = failure };
        }
        foreach (TestReport message in all)
            tracker.Receive(message);
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
