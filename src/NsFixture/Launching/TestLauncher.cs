using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime;

namespace NsFixture.Launching;

/// <summary>
/// Runs the isolated tests of one assembly: chooses the launcher and says why, owns the fork servers and their pools. The one
/// thing an adapter's half in the test host talks to.
/// </summary>
internal sealed class TestLauncher
{
    private static readonly ConcurrentDictionary<string, TestLauncher> Launchers = new();
    private const string NoSandboxes = "This machine allows no isolated tests: ";
    private readonly string assemblyPath, runnerType;
    private readonly ServerSlot<Backend> warm, bare;
    private readonly Lazy<IReadOnlyList<string>> coverageTrackers;

    private TestLauncher(string assemblyPath, string runnerType)
    {
        (this.assemblyPath, this.runnerType) = (Path.GetFullPath(assemblyPath), runnerType);
        warm = new(StartWarmAsync, backend => backend.Server, retryFailures: false);
        bare = new(StartBareAsync, backend => backend.Server, retryFailures: false);
        coverageTrackers = new(() => CoverageTrackers.Find(Path.GetDirectoryName(this.assemblyPath)!));
    }

    // Microsoft's collector asks for a profiler for whatever it has not rewritten; what it has, counts without.
    private static bool IsProfiled => Environment.GetEnvironmentVariable("CORECLR_ENABLE_PROFILING") == "1";

    private bool IsInstrumented => IsProfiled && coverageTrackers.Value.Any(CoverageTrackers.IsMicrosofts);

    // What its test processes are forked with, in contrast to executed ones, which are given the present one.
    private sealed record Backend(LauncherKind Kind, string Reason, SandboxPool Pool, ForkServer Server, EnvironmentSnapshot? Environment = null);

    /// <summary>The launcher of a test assembly. <paramref name="runner"/> is an <see cref="ITestRunner"/>.</summary>
    public static TestLauncher For(string assemblyPath, Type runner) =>
        Launchers.GetOrAdd(assemblyPath, path => new TestLauncher(path, runner.AssemblyQualifiedName!));

    /// <summary>Why a test is skipped on a machine that allows no sandboxes; null: it fails, since NSFIXTURE_REQUIRE=1.</summary>
    /// <param name="problem">Cause and remedy.</param>
    public static string? SkipReason(string problem) =>
        Environment.GetEnvironmentVariable("NSFIXTURE_REQUIRE") == "1" ? null : $"{NoSandboxes}{problem} (NSFIXTURE_REQUIRE=1 makes this a failure.)";

    /// <summary>Starts the fork server in the background, so that it is warm when the first test wants it.</summary>
    public void WarmUp()
    {
        if (OperatingSystem.IsLinux() && ChooseHere(LauncherKind.Auto).Kind == LauncherKind.Fork)
            _ = warm.GetAsync();
    }

    /// <summary>Whether a test with this setting runs without a sandbox, and why.</summary>
    public static bool IsInProcess(LauncherKind asked, out string reason)
    {
        (LauncherKind kind, reason) = Choose(asked);
        return kind == LauncherKind.InProcess;
    }

    /// <summary>What stands at the head of the output of a test that runs without a sandbox.</summary>
    public static string InProcessWarning(string reason) =>
        $"WARNING: NOT ISOLATED. This test runs in the test host's own process and network: {reason}.";

    /// <summary>
    /// Runs test cases in one sandbox and tells <paramref name="report"/> about them, whatever happens: bad settings, a machine
    /// that allows no sandbox, a crash and a deadline all end in an outcome for every case. Reports come on the event loop's thread.
    /// </summary>
    /// <param name="settings">Of the attribute.</param>
    /// <param name="payload">For the adapter's <see cref="ITestRunner"/>.</param>
    /// <param name="caseNames">The display names of the cases in the payload.</param>
    /// <param name="report">Gets the messages.</param>
    /// <param name="cancellation">Ends the sandbox.</param>
    public Task RunAsync(IsolationSettings settings, byte[] payload, IReadOnlyList<string> caseNames, Action<TestReport> report, CancellationToken cancellation = default)
    {
        // The one way from the event loop's thread to the test framework's: each costs the thread pool a thread's awakening.
        var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        RunOnLoopAsync(settings, payload, caseNames, report, cancellation).ContinueWith(completion.SetFromTask, TaskContinuationOptions.ExecuteSynchronously);
        return completion.Task;
    }

    private async Task RunOnLoopAsync(IsolationSettings settings, byte[] payload, IReadOnlyList<string> caseNames, Action<TestReport> report, CancellationToken cancellation)
    {
        var tracker = new RunTracker(caseNames, report);
        string directory = Path.GetDirectoryName(assemblyPath)!;
        SandboxSpec spec;
        try
        {
            spec = settings.Options.Resolve(directory);
            if (settings.Problems is { Count: > 0 } problems)
                throw new InvalidSandboxOptionsException(problems);
        }
        catch (InvalidSandboxOptionsException e)
        {
            var all = new InvalidSandboxOptionsException([.. e.Problems.Union(settings.Problems)]);
            tracker.End(FailureInfo.Of(all.GetType(), "[IsolatedNetwork] has settings that cannot be. " + all.Message));
            return;
        }
        Backend backend;
        try
        {
            if (!OperatingSystem.IsLinux())
                throw new SandboxUnavailableException("Isolated tests need Linux: run them there, in WSL 2, or in a Linux container or dev container.");
            backend = await (ChooseHere(settings.Options.Launcher).Kind == LauncherKind.Exec ? bare : warm).GetAsync().ConfigureAwait(false);
        }
        catch (SandboxUnavailableException e)
        {
            if (SkipReason(e.Message) is { } reason)
                tracker.SkipAll(reason);
            else
                tracker.End(FailureInfo.Of(e.GetType(), $"{NoSandboxes}{e.Message} (It fails, rather than being skipped, because NSFIXTURE_REQUIRE=1.)"));
            return;
        }
        catch (ForkServerLostException e)
        {
            tracker.End(FailureInfo.Of(e.GetType(), $"Infrastructure failure, not the test's own: {e.Message}"));
            return;
        }
        try
        {
            spec = await RootPreparation.PrepareAsync(backend.Server, spec, new RootPreparation.Managed(backend.Kind, Environment.CurrentDirectory)).ConfigureAwait(false);
        }
        catch (SandboxException e)
        {
            tracker.End(FailureInfo.Of(e.GetType(), e.Message));
            return;
        }
        await RunAsync(backend, Request(backend, spec, runnerType, payload), settings.Options.Deadline, tracker, cancellation).ConfigureAwait(false);
    }

    /// <summary>Completes when the sandboxes of all tests that have ended are gone, and everything in them.</summary>
    public async Task SettleAsync()
    {
        foreach (var backend in (ServerSlot<Backend>[])[warm, bare])
            if (backend.Present is { } present)
                await present.Pool.SettleAsync().ConfigureAwait(false);
    }

    /// <summary>What was asked for, or what stands against it.</summary>
    private static (LauncherKind Kind, string Reason) Choose(LauncherKind asked, bool isInstrumented = false)
    {
        LauncherKind? variable = EnvironmentSettings.Launcher(out string? problem);
        return problem != null ? (LauncherKind.Auto, problem) // which fails every test, so nothing is launched
            : EnvironmentSettings.WaitForDebugger ? (LauncherKind.Exec, "NSFIXTURE_WAIT_FOR_DEBUGGER=1: a forked runtime has nothing that a debugger could attach to")
            : variable is { } kind and not LauncherKind.Auto ? (kind, $"NSFIXTURE_LAUNCHER={kind.ToString().ToLowerInvariant()}")
            : Choose(asked, isInstrumented, variable == null ? "the default" : "NSFIXTURE_LAUNCHER=auto");
    }

    /// <summary>The same for this assembly.</summary>
    private (LauncherKind Kind, string Reason) ChooseHere(LauncherKind asked) => Choose(asked, IsInstrumented);

    private static (LauncherKind Kind, string Reason) Choose(LauncherKind asked, bool isInstrumented, string byDefault)
    {
        if (asked != LauncherKind.Auto)
            return (asked, $"[IsolatedNetwork(Launcher = LauncherKind.{asked})]");
        if (Debugger.IsAttached)
            return (LauncherKind.InProcess, "a debugger is attached to the test host, and could not follow into a sandbox");
        if (IsProfiled && !isInstrumented)
            return (LauncherKind.Exec, "a CLR profiler is asked for (CORECLR_ENABLE_PROFILING=1), which a forked runtime cannot have");
        if (GCSettings.IsServerGC)
            return (LauncherKind.Exec, "the server garbage collector is asked for, whose threads a fork would lose");
        return (LauncherKind.Fork, isInstrumented ? byDefault + "; lines are counted by assemblies that Microsoft's collector has rewritten, and its profiler is left out" : byDefault);
    }

    private async Task<Backend> StartWarmAsync(bool again)
    {
        ForkServer server = ForkServer.Start(assemblyPath, runnerType, again);
        try
        {
            await server.Ready.ConfigureAwait(false);
            var backend = new Backend(LauncherKind.Fork, ChooseHere(LauncherKind.Auto).Reason, new SandboxPool(server, forkTests: true), server, server.Environment);
            await RunCanaryAsync(backend).ConfigureAwait(false);
            return backend;
        }
        catch (SandboxException e) when (e is not ForkServerLostException)
        {
            // A bare server says whether it is this runtime that cannot be forked warm, or sandboxes that cannot be had at all.
            Backend fallback = await bare.GetAsync().ConfigureAwait(false);
            return fallback with { Reason = $"the fork launcher does not work here: {e.Message}" };
        }
    }

    private async Task<Backend> StartBareAsync(bool again)
    {
        ForkServer server = ForkServer.Start(assemblyPath, runnerType: null, again);
        await server.Ready.ConfigureAwait(false);
        return new Backend(LauncherKind.Exec, ChooseHere(LauncherKind.Exec).Reason, new SandboxPool(server, forkTests: false), server);
    }

    private async Task RunCanaryAsync(Backend backend)
    {
        string? problem = null;
        bool passed = false;
        var tracker = new RunTracker([Canary.CaseName], message =>
        {
            passed |= message.Kind == TestReportKind.Passed;
            problem ??= message.Failure?.Messages[0];
        });
        var spec = new SandboxOptions().Resolve(Path.GetDirectoryName(assemblyPath)!);
        await RunAsync(backend, Request(backend, spec, typeof(Canary).AssemblyQualifiedName!, []), Canary.Limit, tracker, CancellationToken.None).ConfigureAwait(false);
        if (backend.Server.Loss is { } loss)
            throw new ForkServerLostException(loss); // which says nothing of whether it can be forked
        if (!passed || problem != null)
            throw new SandboxException(problem ?? "its self-test did not report a result");
    }

    private TestRequest Request(Backend backend, SandboxSpec spec, string runner, byte[] payload) => new()
    {
        RunnerType = runner,
        AssemblyPath = assemblyPath,
        Payload = payload,
        WorkingDirectory = Environment.CurrentDirectory,
        EnvironmentChanges = backend.Environment?.Changes() ?? [],
        Spec = spec,
        Launcher = backend.Kind,
        LauncherReason = backend.Reason,
        CoverageTrackers = coverageTrackers.Value,
    };

    private static async Task RunAsync(Backend backend, TestRequest request, TimeSpan deadline, RunTracker tracker, CancellationToken cancellation)
    {
        Sandbox sandbox = await backend.Pool.AcquireAsync(request.Spec).ConfigureAwait(false);
        try
        {
            if (backend.Kind == LauncherKind.Exec)
                sandbox.StartTest(DotnetHost.Arguments(request.AssemblyPath, "run-test"), DotnetHost.CurrentEnvironment(request.CoverageTrackers.Any(CoverageTrackers.IsMicrosofts) ? [("CORECLR_ENABLE_PROFILING", "0")] : null));
            if (request.Spec.Plan.HasConditions || request.Spec.Limits != null)
                await Task.WhenAny(sandbox.Ready).ConfigureAwait(false); // the test's diagnostics are to say what puts them into effect
            Task run = TestRun.RunAsync(sandbox, request with { Notes = sandbox.Notes ?? [] }, deadline, tracker, cancellation);
            backend.Pool.Refill(request.Spec);
            await run.ConfigureAwait(false);
        }
        finally
        {
            backend.Pool.Release(sandbox);
        }
    }
}
