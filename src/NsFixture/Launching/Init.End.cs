using System.Diagnostics;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// The end of a sandbox in which a test has run, step by step.
/// <para>
/// 1. The test's framework has cleaned up, and its <c>ProcessExit</c> handlers have run. Now it asks what it leaves: that is looked for at once, and said, and with the test's last report its result is out.
/// Nobody waits for what follows, and the next test has another sandbox. 2. The test's process ends by itself. 3. The programs on hosts are asked to end, the last one first.
/// 4. Init ends; with it the kernel kills all others in the pid namespace, and takes network, mounts and the rest away.
/// Steps 2 and 3 have a limit each, and a sandbox whose client has gone ends at once.
/// </para>
/// </summary>
internal sealed unsafe partial class Init
{
    private const int TestPatience = 250, ProgramPatience = 100; // milliseconds
    private readonly List<EndStep> steps = [];
    private MountSnapshot mountsBefore = MountSnapshot.Empty;
    private bool testEnded, terminating, hasLooked;
    private long stepStarted, stepLimit; // Stopwatch's ticks; Environment's milliseconds, 0 before the end

    /// <summary>How long to wait for something to happen, in milliseconds; -1: for ever.</summary>
    private int Patience => stepLimit != 0 ? Left(stepLimit) : keptUntil != 0 ? Left(keptUntil) : -1;

    private static int Left(long limit) => (int)Math.Max(0, limit - System.Environment.TickCount64);

    private void Look(byte[] message)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        if (reader.Boolean()) // from a test that has built its sandbox itself
            mountsBefore = MountSnapshot.Read(ref reader);
        Look();
    }

    private void Look()
    {
        hasLooked = true;
        stepStarted = Stopwatch.GetTimestamp();
        List<string> left = Leftovers.Find(test, processes?.Sessions ?? [], mountsBefore, target => network.IsOfHost(target, except: plan.Test.Index));
        StepDone("looked for leaks");
        SayHits();
        Say(left);
    }

    private void Say(List<string> left)
    {
        UnixSocket.Send(control, new EndReport(left, [], [], [.. steps]).Write().Written);
        steps.Clear();
    }

    private void BeginEnd()
    {
        if (stepLimit == 0)
            BeginStep(TestPatience);
    }

    private void BeginStep(int limit) => (stepStarted, stepLimit) = (Stopwatch.GetTimestamp(), System.Environment.TickCount64 + limit);

    private void StepDone(string what) => steps.Add(new EndStep(what, (int)Stopwatch.GetElapsedTime(stepStarted).TotalMicroseconds));

    /// <summary>Goes on with the end, if it has begun and the step that it is in is done.</summary>
    private void ContinueEnd()
    {
        if (keptUntil != 0 && stepLimit == 0 && Left(keptUntil) == 0)
            BeginStep(0);
        if (stepLimit == 0)
            return;
        bool tooLong = Patience == 0;
        if (!terminating)
        {
            if (!testEnded && test > 0 && !tooLong)
                return;
            if (!isAttending)
                StepDone(testEnded || test < 0 ? "the test's process ended" : "the test's process did not end");
            terminating = true;
            BeginStep(ProgramPatience);
            if (processes is { Sessions.Count: > 0 })
            {
                processes.Terminate();
                return;
            }
        }
        if (processes is { Sessions.Count: > 0 } && !tooLong)
            return;
        if (processes != null)
            StepDone(processes.Sessions.Count == 0 ? "programs on hosts ended" : "programs on hosts did not end");
        if (!hasLooked)
            Look(); // at what a test that has ended before its time has left
        else if (steps.Count > 0)
            Say([]);
        Libc.Exit(0);
    }
}
