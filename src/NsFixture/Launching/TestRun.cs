using System.Text;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// One process of one sandbox running its test cases, from the test host's side: sends the request, reads reports and raw
/// output as they come, ends what takes too long, and says how it ended. State belongs to the event loop's thread.
/// </summary>
internal sealed partial class TestRun
{
    private const int ShownLength = 2000;

    // Until its first case starts a process has this much more: a fresh runtime on a busy machine is not the test's slowness.
    private static readonly TimeSpan StartAllowance = TimeSpan.FromSeconds(30);

    // What the runtime says first when it crashes; pages of stack follow.
    private static readonly string[] CrashBanners = ["Unhandled exception.", "Process terminated.", "Stack overflow.", "Fatal error."];
    private readonly EventLoop loop = EventLoop.Shared;
    private readonly TaskCompletionSource completion = new();
    private readonly FrameReader frames = new();
    private readonly Sandbox sandbox;
    private readonly TimeSpan deadline;
    private readonly RunTracker tracker;
    private readonly ProcessOutput output, error;
    private readonly int socket;
    private readonly string assemblyPath;
    private EventLoop.Timer? timer;
    private CancellationTokenRegistration registration;
    private bool timedOut, cancelled, started, reading, over, socketAtEnd, debugged;

    private TestRun(Sandbox sandbox, TimeSpan deadline, RunTracker tracker, string assemblyPath, TestConnection connection)
    {
        (this.sandbox, this.deadline, this.tracker, this.assemblyPath, socket) = (sandbox, deadline, tracker, assemblyPath, connection.Socket);
        output = new ProcessOutput(connection.Output, Console.Out);
        error = new ProcessOutput(connection.Error, Console.Error);
    }

    /// <summary>
    /// Runs, and completes when everything was reported and passed on: with the process's last report, not its end, which takes
    /// the kernel milliseconds that no test should wait for. What follows runs on the event loop's thread.
    /// </summary>
    /// <param name="sandbox">Has started this one process.</param>
    /// <param name="request">What the process is told.</param>
    /// <param name="deadline">For each case.</param>
    /// <param name="tracker">Is told everything, the end included.</param>
    /// <param name="cancellation">Ends the sandbox.</param>
    public static Task RunAsync(Sandbox sandbox, TestRequest request, TimeSpan deadline, RunTracker tracker, CancellationToken cancellation)
    {
        if (sandbox.TakeConnection() is not { } connection)
        {
            // Not before it is gone: until then it may not be known why.
            return sandbox.Gone.ContinueWith(
                _ => tracker.End(OfServer(sandbox, "The test had not started") ?? NotBuilt(sandbox) ?? FailureInfo.Of(typeof(SandboxException), $"The test's sandbox was lost: {sandbox.WhyLost}.")),
                CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        var run = new TestRun(sandbox, deadline, tracker, request.AssemblyPath, connection);
        sandbox.Name = request.RunnerType == typeof(Canary).AssemblyQualifiedName ? null : tracker.Name;
        run.loop.Post(() => run.Start(cancellation));
        // On the caller's thread: a request may be larger than the socket's buffer, and then this waits for the process.
        SocketStream.WriteAll(connection.Socket, request.ToFrame());
        run.loop.Post(run.BeginReading);
        return run.completion.Task;
    }

    private void Start(CancellationToken cancellation)
    {
        sandbox.TestEnded += OnTestEnded;
        sandbox.Lost += OnLost;
        StartTimer();
        registration = cancellation.Register(() => loop.Post(Cancel));
    }

    // Only now, since the same socket must block while the request is being written.
    private void BeginReading()
    {
        SocketStream.SetNonBlocking(socket);
        loop.Watch(socket, () => ReadReports(untilEmpty: false));
        loop.Watch(output.Pipe, () => ReadRaw(output));
        loop.Watch(error.Pipe, () => ReadRaw(error));
        reading = true;
        if (sandbox.End != null)
            OnTestEnded();
        else if (sandbox.IsLost)
            OnLost();
    }

    private void StartTimer()
    {
        if (debugged)
            return; // nobody is held to a deadline at a breakpoint
        timer?.Cancel();
        timer = loop.Schedule(started ? deadline : deadline + StartAllowance, () =>
        {
            timedOut = true;
            DumpAndKill();
        });
    }

    private void Cancel()
    {
        if (over)
            return;
        cancelled = true;
        sandbox.Kill();
    }

    private void ReadRaw(ProcessOutput raw)
    {
        raw.ReadSome();
        if (raw.AtEnd)
            loop.Unwatch(raw.Pipe);
    }

    private void ReadReports(bool untilEmpty)
    {
        do
        {
            int n = socketAtEnd ? 0 : SocketStream.Read(socket, frames.Free);
            if (n < 0)
                return;
            if (n == 0)
            {
                socketAtEnd = true;
                loop.Unwatch(socket);
                return;
            }
            frames.Advance(n);
            // What the test printed before it reported comes before the report.
            output.ReadSome();
            error.ReadSome();
            while (frames.TryRead(out ReadOnlySpan<byte> frame))
            {
                try
                {
                    Handle(TestReport.Read(frame));
                }
                catch (Exception e)
                {
                    // An attachment that cannot be kept, an adapter that cannot take a message: this run's failure, and not the
                    // end of the loop that all others depend on.
                    Finish(FailureInfo.Of(e));
                    return;
                }
            }
            if (over)
                return;
            if (tracker.IsDone)
            {
                DrainOutput();
                Finish(null);
                return;
            }
        }
        while (untilEmpty);
    }

    private void Handle(TestReport message)
    {
        switch (message.Kind)
        {
            case TestReportKind.Hello:
                break; // the version was checked with the server's
            case TestReportKind.ConsoleOut:
                output.PrintConsole(message.Text!);
                break;
            case TestReportKind.ConsoleError:
                error.PrintConsole(message.Text!);
                break;
            case TestReportKind.CoverageHits:
                CoverageHits.Add(message.Text!, message.Data!);
                break;
            case TestReportKind.CoverageMarks:
                CoverageHits.Mark(message.Text!, message.Data!);
                break;
            case TestReportKind.Attachment:
                tracker.AddOutput($"attachment: {SaveAttachment(message)}{Environment.NewLine}");
                break;
            case TestReportKind.Left:
                var report = new ByteReader(message.Data);
                report.Byte();
                sandbox.Learn(EndReport.Read(ref report));
                break;
            case TestReportKind.CaseStarting:
                started = true;
                StartTimer();
                Pass(message);
                break;
            case TestReportKind.WaitingForDebugger:
                debugged = true;
                timer?.Cancel();
                DebuggerNotice.Print(sandbox.ProcessId, message.Number, tracker.NextCase);
                break;
            default:
                Pass(message);
                break;
        }
    }

    private string SaveAttachment(TestReport message)
    {
        string directory = Attachments.DirectoryFor(assemblyPath, tracker.RunningCase ?? "test");
        string path = Path.Combine(directory, message.Text!);
        File.WriteAllBytes(path, message.Data!);
        return path;
    }

    // It ended of itself. After its last report nobody waits for that any more.
    private void OnTestEnded()
    {
        if (!reading)
            return; // it was quicker than the thread that wrote its request; BeginReading looks again
        if (!awaitsLook)
            Drain();
        if (awaitsLook)
        {
            if (!MayStay)
                sandbox.Finish(); // its last report was there, and what it leaves is still being looked for, or whoever should has gone
            return;
        }
        Finish(Stopped() ?? Ended($"The test's process {sandbox.End} {tracker.Progress}."));
    }

    private void OnLost()
    {
        if (!reading)
            return;
        if (awaitsLook)
        {
            CompleteLook();
            return;
        }
        Drain();
        if (awaitsLook)
        {
            CompleteLook();
            return;
        }
        Finish(Stopped()
            ?? (OfServer(sandbox, started ? "The test had started" : "The test had not started") is { } lost ? lost with { Messages = [lost.Messages[0] + Tails()] }
            : NotBuilt(sandbox) ?? Ended($"The test's sandbox was lost: {sandbox.WhyLost}.")));
    }

    // Null: it was.
    private static FailureInfo? NotBuilt(Sandbox sandbox) => sandbox.Failure is { } why && why.StartsWith("the sandbox could not be built", StringComparison.Ordinal)
        ? FailureInfo.Of(typeof(SandboxException), char.ToUpperInvariant(why[0]) + why[1..]) : null;

    private void Drain()
    {
        ReadReports(untilEmpty: true);
        if (over || awaitsLook)
            return;
        ReleaseHeld();
        DrainOutput();
    }

    private void DrainOutput()
    {
        while (output.ReadSome())
        {
        }
        while (error.ReadSome())
        {
        }
        output.EndLines();
        error.EndLines();
    }

    private void Finish(FailureInfo? failure)
    {
        if (over)
            return;
        over = true;
        timer?.Cancel();
        registration.Unregister();
        sandbox.TestEnded -= OnTestEnded;
        sandbox.Lost -= OnLost;
        foreach (int fd in (int[])[socket, output.Pipe, error.Pipe])
            loop.Unwatch(fd);
        Descriptors.Close(socket);
        Descriptors.Close(output.Pipe);
        Descriptors.Close(error.Pipe);
        try
        {
            if (failure != null)
                NoteOutcome(failed: true);
            tracker.End(failure);
            WarnOfLeaks();
            Complete();
        }
        catch (Exception e)
        {
            completion.SetException(e);
        }
    }

    // Not the test's doing. It is not run again either: a test that ends its server would never be found.
    private static FailureInfo? OfServer(Sandbox sandbox, string progress) => sandbox.ServerLoss is not { } loss ? null
        : FailureInfo.Of(typeof(ForkServerLostException), $"Infrastructure failure, not the test's own: {loss} {progress}; it is not run again.");

    /// <summary>Why this has ended the process; null where something else did.</summary>
    private FailureInfo? Stopped() => timedOut ? Deadline() : cancelled ? Ended($"The run was cancelled {tracker.Progress}.") : null;

    private FailureInfo Deadline() => FailureInfo.Of(typeof(TestDeadlineException), !started
        ? $"The test's process did not come to start the test within its deadline of {deadline.TotalMilliseconds:0} ms and {StartAllowance.TotalSeconds:0} s more: the machine is overloaded, or the test assembly cannot be loaded." + Tails()
        : $"The test ran longer than its deadline of {deadline.TotalMilliseconds:0} ms and was ended. " +
        "If it needs more time, raise it: [IsolatedNetwork(Deadline = milliseconds)] or NSFIXTURE_DEADLINE=milliseconds." + Tails() + (dump == null ? "" : Environment.NewLine + dump));

    private FailureInfo Ended(string message) => FailureInfo.Of(typeof(TestProcessEndedException), message + LimitNotice.Sentences(sandbox.LimitHits) + Tails());

    private string Tails() => Tail("standard output", output.Tail) + Tail("standard error", error.Tail);

    private static string Tail(string name, string text) =>
        text.Length == 0 ? "" : $"{Environment.NewLine}The last of its {name}:{Environment.NewLine}{Excerpt(text.TrimEnd())}";

    /// <summary>The end of a text, or if the runtime has said why it crashed, the beginning of that.</summary>
    private static string Excerpt(string text)
    {
        if (text.Length <= ShownLength)
            return text;
        int banner = CrashBanners.Max(b => text.LastIndexOf(b, StringComparison.Ordinal));
        return banner < 0 ? text[^ShownLength..] : text.Substring(banner, Math.Min(ShownLength, text.Length - banner));
    }
}
