using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// The self-test of a forked runtime, run once before the first real test: what tests rely on must work in the fork, on this
/// runtime and this kernel, or else <c>exec</c> is used. It is a test like any other, in a sandbox like any other.
/// </summary>
internal sealed class Canary : ITestRunner
{
    public const string CaseName = "NsFixture's self-test of a forked runtime";

    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static int finalized;

    public void WarmUp(Func<byte[], TestRequest> request, ITestReportSink sink)
    {
        // It is to find the forked runtime as the tests will.
    }

    public void Run(TestRequest request, ITestReportSink sink)
    {
        sink.Send(new TestReport(TestReportKind.CaseStarting) { Case = 0 });
        sink.Send(new TestReport(TestReportKind.TestStarting) { Case = 0, Test = 0, Text = CaseName });
        Need("process id", () => Environment.ProcessId == Libc.GetPid());
        Need("garbage collection with many threads", CollectWithThreads);
        Need("timers, tasks and the thread pool", () =>
            Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => { await Task.Delay(1); await Task.Run(() => { }); })).Wait(5000));
        Need("finalizers", RunFinalizers);
        Need("sockets", ConnectToSelf);
        Need("child processes", StartProcess);
        sink.Send(new TestReport(TestReportKind.Passed) { Case = 0, Test = 0 });
        sink.Send(new TestReport(TestReportKind.TestFinished) { Case = 0, Test = 0 });
        sink.Send(new TestReport(TestReportKind.CaseFinished) { Case = 0 });
    }

    private static void Need(string what, Func<bool> check)
    {
        if (!check())
            throw new SandboxException($"in a forked runtime, {what} did not work");
    }

    private static bool CollectWithThreads()
    {
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 100; i++)
                GC.KeepAlive(new byte[20_000]);
        })).ToList();
        threads.ForEach(t => t.Start());
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        return threads.TrueForAll(t => t.Join(5000));
    }

    private sealed class Garbage
    {
        ~Garbage() => Interlocked.Increment(ref finalized);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MakeGarbage()
    {
        for (int i = 0; i < 20; i++)
            _ = new Garbage();
    }

    private static bool RunFinalizers()
    {
        MakeGarbage();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return finalized == 20;
    }

    private static bool ConnectToSelf()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        Task connected = client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using TcpClient server = listener.AcceptTcpClientAsync().WaitAsync(TimeSpan.FromSeconds(5)).GetAwaiter().GetResult();
        return connected.Wait(5000);
    }

    private static bool StartProcess()
    {
        using var process = Process.Start(new ProcessStartInfo("/proc/self/exe") { RedirectStandardOutput = true, RedirectStandardError = true })!;
        return process.StandardOutput.ReadToEnd().Length > 0 && process.WaitForExit(5000);
    }
}
