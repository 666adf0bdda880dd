using System.Diagnostics;
using System.Runtime;
using NsFixture.Linux;
using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>
/// What the process of a test has to say before its last report: what it still has open, and, if it has built its sandbox itself, what it leaves there. Where there is an
/// init, that one looks meanwhile, and says what it finds.
/// </summary>
internal static class TestEnd
{
    private static MountSnapshot? mountsBefore, ownMountsBefore; // as an init would see them, and as this process does

    private static long compiledBefore;
    private static TimeSpan compilingBefore;

    /// <summary>This process has built its sandbox itself, and is about to be a test's.</summary>
    public static void Begin()
    {
        mountsBefore = ownMountsBefore = MountSnapshot.Take();
        if (TeardownLog.IsWanted)
            (compiledBefore, compilingBefore) = (JitInfo.GetCompiledMethodCount(), JitInfo.GetCompilationTime());
    }

    /// <summary>It has been hardened, and with that has copies of the mounts for its own.</summary>
    public static void BeginHardened() => ownMountsBefore = MountSnapshot.Take();

    /// <summary>Sends the last reports.</summary>
    /// <param name="channel">Where they go.</param>
    /// <param name="control">The socket by which it asks about hosts.</param>
    /// <param name="asked">Whether it has: then there is an init, which knows what may be left.</param>
    /// <param name="request">What the test was told.</param>
    public static void Report(TestChannel channel, int control, bool asked, TestRequest request)
    {
        bool alone = mountsBefore != null && !asked, looks = EnvironmentSettings.Leaks(out _) != LeakMode.Off;
        bool initLooks = (looks || request.Spec.Limits != null) && !alone // who has limits has an init, which knows what has come of them
            && UnixSocket.Send(control, (mountsBefore ?? MountSnapshot.Empty).Write(new ByteWriter().Byte((byte)ControlKind.Look).Boolean(mountsBefore != null)).Written);
        if (looks && Look(alone, request) is { } report)
            channel.Send(new TestReport(TestReportKind.Left) { Data = report.Write().Written.ToArray() });
        channel.Send(new TestReport(TestReportKind.Done) { Number = initLooks ? 0 : 1 });
    }

    private static EndReport? Look(bool alone, TestRequest request)
    {
        long start = Stopwatch.GetTimestamp();
        List<string> open = StillOpen.Find(), files = [];
        TemporaryFiles.Add(request, open, files);
        if (!alone)
            return open.Count + files.Count == 0 ? null : new EndReport([], open, files, []);
        List<string> left = Leftovers.Find(Libc.GetPid(), [], ownMountsBefore!, SelfBuiltTest.IsOfAnotherHost);
        if (left.Count + open.Count == 0 && !TeardownLog.IsWanted)
            return null;
        var steps = new List<EndStep> { new("looked for leaks", (int)Stopwatch.GetElapsedTime(start).TotalMicroseconds) };
        if (TeardownLog.IsWanted && JitInfo.GetCompiledMethodCount() - compiledBefore is > 0 and var compiled)
            steps.Add(new EndStep($"{compiled} methods had been compiled", (int)(JitInfo.GetCompilationTime() - compilingBefore).TotalMicroseconds));
        return new EndReport(left, open, files, steps);
    }
}
