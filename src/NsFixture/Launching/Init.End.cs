using System.Diagnostics;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// The end of a sandbox in which a test has run, step by step. The test has reported everything, and nobody waits for this: its result is out, and the next
/// test has another sandbox.
/// <para>
/// 1. The test's process ends by itself: its <c>ProcessExit</c> handlers have run before its last report. 2. The programs on hosts are asked to end, the last one first.
/// 3. What is left is looked for. 4. Init says what it found, and ends; with it the kernel kills all others in the pid namespace, and takes network, mounts and the rest away.
/// Steps 1 and 2 have a limit each, and a sandbox whose client has gone ends at once.
/// </para>
/// </summary>
internal sealed unsafe partial class Init
{
    private const int TestPatience = 250, ProgramPatience = 100; // milliseconds
    private readonly List<EndStep> steps = [];
    private string[] stillOpen = [];
    private MountSnapshot mountsBefore = MountSnapshot.Empty;
    private bool testEnded, terminating;
    private long stepStarted, stepLimit; // Stopwatch's ticks; Environment's milliseconds, 0 before the end

    /// <summary>How long to wait for something to happen, in milliseconds; -1: for ever.</summary>
    private int Patience => stepLimit == 0 ? -1 : (int)Math.Max(0, stepLimit - System.Environment.TickCount64);

    private void BeginEnd(byte[] message)
    {
        if (message.Length > 1) // from a test that has built its sandbox itself
            mountsBefore = TestEnd.ReadMounts(message);
        BeginStep(TestPatience);
    }

    private void BeginStep(int limit) => (stepStarted, stepLimit) = (Stopwatch.GetTimestamp(), System.Environment.TickCount64 + limit);

    private void StepDone(string what) => steps.Add(new EndStep(what, (int)Stopwatch.GetElapsedTime(stepStarted).TotalMicroseconds));

    /// <summary>Goes on with the end, if it has begun and the step that it is in is done.</summary>
    private void ContinueEnd()
    {
        if (stepLimit == 0)
            return;
        bool tooLong = Patience == 0;
        if (!terminating)
        {
            if (!testEnded && test > 0 && !tooLong)
                return;
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
        BeginStep(0);
        List<string> left = Leftovers.Find(test, processes?.Sessions ?? [], mountsBefore);
        StepDone("looked for leaks");
        UnixSocket.Send(control, new EndReport(left, stillOpen, steps).Write().Written);
        Libc.Exit(0);
    }
}
