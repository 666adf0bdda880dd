using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>The process of a test, forked or executed: receives its request, runs it, reports, and ends.</summary>
internal static class TestProcess
{
    // Looked up in WarmUp, and so before the fork. Not AppContext.OnProcessExit, which calls both and between them disposes of the runtime's own event sources: most of
    // a millisecond for what the kernel does with the process.
    private static readonly Action Unloading = ProcessExit(typeof(AssemblyLoadContext)), Exiting = ProcessExit(typeof(AppDomain));

    private static Action ProcessExit(Type of) =>
        of.GetMethod("OnProcessExit", BindingFlags.Static | BindingFlags.NonPublic)?.CreateDelegate<Action>()
        ?? throw new PlatformNotSupportedException($"This .NET runtime has no {of.Name}.OnProcessExit: coverage of isolated tests would be lost.");

    /// <summary>Never returns.</summary>
    public static void Run(int socket, int control)
    {
        int exitCode = 1;
        try
        {
            _ = Libc.Fcntl(socket, Fcntl.F_SETFD, Fcntl.FD_CLOEXEC);
            _ = Libc.Fcntl(control, Fcntl.F_SETFD, Fcntl.FD_CLOEXEC);
            var channel = new TestChannel(socket);
            SocketEngine.Want();
            channel.Send(new TestReport(TestReportKind.Hello) { Number = Wire.Version });
            Run(channel, control);
            exitCode = 0;
        }
        catch (Exception e)
        {
            FileSystem.WriteAll(2, System.Text.Encoding.UTF8.GetBytes($"NsFixture: the test's process failed: {e}\n"), "standard error");
        }
        // Not Environment.Exit: in a forked runtime it waits two seconds for a thread that the fork did not keep.
        Libc.Exit(exitCode);
    }

    /// <summary>
    /// Takes the way of a test through this process as far as it leaves no trace, so that it is compiled before the fork: a
    /// request and its reports over a socket, the runner's own test, the object a test sees its sandbox by.
    /// </summary>
    public static void WarmUp(ITestRunner runner, string assemblyPath)
    {
        SandboxSpec spec = new SandboxOptions().Resolve(Path.GetDirectoryName(assemblyPath)!);
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_STREAM);
        var channel = new TestChannel(theirs);
        SocketStream.WriteAll(ours, Request([]).ToFrame());
        TestRequest received = channel.ReceiveRequest();
        _ = Enter(received, channel, control: -1);
        runner.WarmUp(Request, channel);
        _ = (IsolatedNetwork.HasAskedInit, TeardownLog.IsWanted);
        IsolatedNetwork.Leave();
        // Until a test's process sets its own. Not what they were: to ask for that would open the console, threads and all.
        Console.SetOut(TextWriter.Null);
        Console.SetError(TextWriter.Null);
        RuntimeHelpers.PrepareMethod(Unloading.Method.MethodHandle);
        RuntimeHelpers.PrepareMethod(Exiting.Method.MethodHandle);
        Descriptors.Close(ours);
        Descriptors.Close(theirs);

        TestRequest Request(byte[] payload) => new()
        {
            RunnerType = runner.GetType().AssemblyQualifiedName!,
            AssemblyPath = assemblyPath,
            Payload = payload,
            WorkingDirectory = Environment.CurrentDirectory,
            EnvironmentChanges = [],
            Spec = spec,
            Launcher = LauncherKind.Fork,
            LauncherReason = "",
        };
    }

    private static void Run(TestChannel channel, int control)
    {
        TestRequest request = channel.ReceiveRequest();
        IReadOnlyList<Func<TestReport>> coverage = [];
        try
        {
            ITestRunner runner = Enter(request, channel, control);
            TemporaryFiles.Begin();
            if (EnvironmentSettings.WaitForDebugger && request.Launcher == LauncherKind.Exec)
                WaitForDebugger(channel);
            runner.Run(request, channel);
        }
        catch (Exception e)
        {
            channel.Send(new TestReport(TestReportKind.RunFailed) { Failure = FailureInfo.Of(e) });
        }
        try
        {
            coverage = CoverageTrackers.Detach(request.CoverageTrackers);
        }
        catch (SandboxException e)
        {
            channel.Send(new TestReport(TestReportKind.RunFailed) { Failure = FailureInfo.Of(e) });
        }
        Unloading();
        Exiting();
        foreach (Func<TestReport> counted in coverage)
            channel.Send(counted());
        TestEnd.Report(channel, control, IsolatedNetwork.HasAskedInit, request);
    }

    private static void WaitForDebugger(TestChannel channel)
    {
        channel.Send(new TestReport(TestReportKind.WaitingForDebugger) { Number = Libc.GetPid() });
        while (!Debugger.IsAttached)
            Thread.Sleep(100);
    }

    private static ITestRunner Enter(TestRequest request, TestChannel channel, int control)
    {
        Adopt(request);
        Console.SetOut(new ForwardingWriter(text => channel.Send(new TestReport(TestReportKind.ConsoleOut) { Text = text })));
        Console.SetError(new ForwardingWriter(text => channel.Send(new TestReport(TestReportKind.ConsoleError) { Text = text })));
        IsolatedNetwork.Enter(new IsolatedNetwork(request, channel, control));
        if (request.Spec.Plan.Hosts.Count > 1 && !request.Spec.Hardened) // whose threads may go nowhere
            HostContext.Mark();
        return (ITestRunner)Activator.CreateInstance(Type.GetType(request.RunnerType, throwOnError: true)!)!;
    }

    /// <summary>Makes the process look like the test host: its environment, its directory, and no stale caches of the fork server's.</summary>
    private static void Adopt(TestRequest request)
    {
        EnvironmentSnapshot.Apply(request.EnvironmentChanges);
        Environment.CurrentDirectory = request.WorkingDirectory;
        AppContext.SetData("APP_CONTEXT_BASE_DIRECTORY", Path.GetDirectoryName(request.AssemblyPath) + "/");
    }
}
