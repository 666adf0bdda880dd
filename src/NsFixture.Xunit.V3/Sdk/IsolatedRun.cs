using NsFixture.Launching;
using Xunit.v3;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// Test cases on their way through one sandbox, as the test host sees them. xUnit.net asks for one case after another: the first
/// one asked for starts the sandbox, and what the process reports of the others is held until their turn.
/// </summary>
internal sealed class IsolatedRun
{
    private readonly IsolatedRunContext context;
    private readonly IsolationSettings settings;
    private readonly HeldReports[] held;
    private readonly HeldReports afterwards = new();
    private readonly Lock gate = new();
    private SemaphoreSlim? places;
    private IReadOnlyList<IsolatedRun> companions = [];
    private int asked;
    private Task? run;

    private IsolatedRun(IsolatedRunContext context, IsolationSettings settings, IReadOnlyList<IXunitTestCase> cases)
    {
        (this.context, this.settings, Cases) = (context, settings, cases);
        held = [.. cases.Select(_ => new HeldReports())];
    }

    /// <summary>The cases that share the sandbox.</summary>
    public IReadOnlyList<IXunitTestCase> Cases { get; }

    /// <summary>The sandboxes that the isolated cases of a class need, by what their attributes say of sharing and running at once.</summary>
    public static IReadOnlyList<IsolatedRun> Plan(IsolatedRunContext context, IReadOnlyList<IXunitTestCase> ofClass)
    {
        var cases = ofClass.Select(c => (Case: c, Settings: Isolation.Of(c.TestMethod)!)).ToLookup(c => c.Settings.Scope == IsolationScope.PerClass);
        List<IsolatedRun> runs = [.. cases[false].Select(c => new IsolatedRun(context, c.Settings, [c.Case]))];
        if (cases[true].Any())
            runs.Add(new IsolatedRun(context, cases[true].First().Settings, [.. cases[true].Select(c => c.Case)]));
        List<IsolatedRun> atOnce = runs.FindAll(r => r.settings is { Scope: IsolationScope.PerTest, MaxParallel: > 1 });
        if (atOnce.Count > 1)
        {
            var places = new SemaphoreSlim(atOnce.Max(r => r.settings.MaxParallel));
            atOnce.ForEach(r => (r.places, r.companions) = (places, atOnce));
        }
        return runs;
    }

    /// <summary>Runs one of the cases: its messages come on the bus, and have all come when this completes.</summary>
    public async ValueTask<RunSummary> RunAsync(IXunitTestCase testCase, IMessageBus bus, CancellationTokenSource cancellation)
    {
        int index = Cases.TakeWhile(c => c != testCase).Count();
        Task all = Start(cancellation.Token);
        foreach (IsolatedRun other in companions)
            _ = other.Start(cancellation.Token);
        var replay = new Replay(testCase, bus, cancellation);
        held[index].Open(replay.Handle);
        await Task.WhenAny(held[index].Finished, all);
        bool isLast = Interlocked.Increment(ref asked) == Cases.Count;
        if (isLast || all.IsFaulted)
        {
            try
            {
                await all;
            }
            catch (Exception e) when (!replay.HasBegun)
            {
                // Such as a test case of the project's own that xUnit.net cannot serialize.
                return XunitRunnerHelper.FailTestCases(bus, cancellation, [testCase], e);
            }
        }
        if (isLast)
            afterwards.Open(replay.Handle); // what failed when the last test was over, fixtures say
        return replay.Summary;
    }

    private Task Start(CancellationToken cancellation)
    {
        lock (gate)
            return run ??= RunAllAsync(cancellation);
    }

    private async Task RunAllAsync(CancellationToken cancellation)
    {
        if (places != null)
            await places.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (!cancellation.IsCancellationRequested)
                await context.Launcher.RunAsync(settings, TestCasePayload.Write(Cases, context.Options), [.. Cases.Select(c => c.TestCaseDisplayName)], Take, context.Cancellation).ConfigureAwait(false);
        }
        finally
        {
            places?.Release();
        }
    }

    // On the event loop's thread.
    private void Take(TestReport report)
    {
        if (report.Kind == TestReportKind.Diagnostic)
        {
            if (MessageCodec.Read(report) is { } diagnostic)
                context.DiagnosticMessageSink?.OnMessage(diagnostic);
            return;
        }
        HeldReports reports = report.Case >= 0 && !held[report.Case].Finished.IsCompleted ? held[report.Case] : afterwards;
        reports.Add(report);
        if (report.Kind == TestReportKind.CaseFinished)
            reports.Finish();
    }

    /// <summary>Keeps reports until there is someone to take them.</summary>
    private sealed class HeldReports
    {
        private readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<TestReport> reports = [];
        private Action<TestReport>? target;

        public Task Finished => finished.Task;

        public void Add(TestReport report)
        {
            lock (reports)
                if (target == null)
                    reports.Add(report);
                else
                    target(report);
        }

        public void Open(Action<TestReport> to)
        {
            lock (reports)
            {
                reports.ForEach(to);
                reports.Clear();
                target = to;
            }
        }

        public void Finish() => finished.SetResult();
    }
}
