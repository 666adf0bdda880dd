namespace NsFixture.Launching;

/// <summary>
/// A run whose test leaves something behind. By default that is said when it is known, which is after the test's end. Where it is to fail the test, the last case's
/// outcome is held back until init has looked, a millisecond or so.
/// </summary>
internal sealed partial class TestRun
{
    private readonly LeakMode leaks = EnvironmentSettings.Leaks(out _);
    private readonly List<TestReport> held = [];
    private bool awaitsEnd, failedForLeaks;

    private void Pass(TestReport message)
    {
        if (leaks != LeakMode.Fail || (held.Count == 0 && !(message.Kind == TestReportKind.Passed && tracker.IsLast(message.Case))))
        {
            tracker.Receive(message);
            return;
        }
        held.Add(message);
        if (message.Kind != TestReportKind.Done)
            return;
        awaitsEnd = true;
        sandbox.Ending += CompleteEnd;
        sandbox.Finish();
        if (sandbox.IsLost)
            CompleteEnd();
    }

    // Without a report where init has ended without one.
    private void CompleteEnd()
    {
        if (!awaitsEnd)
            return;
        awaitsEnd = false;
        sandbox.Ending -= CompleteEnd;
        if (LeakNotice.Failure(sandbox.EndReport) is { } failure)
        {
            failedForLeaks = true;
            int last = held.FindLastIndex(m => m.Kind == TestReportKind.Passed);
            held[last] = held[last] with { Kind = TestReportKind.Failed, Failure = failure };
        }
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
        foreach (TestReport message in all)
            tracker.Receive(message);
    }

    /// <summary>Has it said what the test leaves, when that is known.</summary>
    private void WarnOfLeaks()
    {
        if (sandbox.Name == null || leaks == LeakMode.Off)
            return;
        if (sandbox.EndReport == null)
            sandbox.Ending += Warn;
        else
            Warn();
    }

    private void Warn()
    {
        if (LeakNotice.Warning(sandbox.Name!, sandbox.EndReport!, failedForLeaks) is { } warning)
            Console.Error.WriteLine(warning);
    }
}
