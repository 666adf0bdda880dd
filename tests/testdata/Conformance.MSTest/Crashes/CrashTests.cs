using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Conformance.Crashes;

[TestClass]
public class CrashTests(TestContext context)
{
    [TestMethod]
    public void Exits_with_code_3()
    {
        Console.WriteLine("on the console");
        context.WriteLine("in the context");
        Trace.WriteLine("in a trace");
        Environment.Exit(3);
    }

    [TestMethod]
    public void Fails_fast() => Environment.FailFast("the reactor is too hot");

    [TestMethod]
    public void Overflows_its_stack() => Assert.AreEqual(0, Descend(0));

    [TestMethod, Retry(3)]
    public void Kills_itself() => Kill(Environment.ProcessId, 9);

    [TestMethod]
    public void Throws_on_another_thread()
    {
        Console.Error.WriteLine("before the throw");
        new Thread(() => throw new InvalidOperationException("thrown where nobody catches it")).Start();
        Thread.Sleep(Timeout.Infinite);
    }

    [TestMethod, IsolatedNetwork(Deadline = 1000)]
    public void Never_wakes_up() => Thread.Sleep(Timeout.Infinite);

    [TestMethod]
    public void Passes_amid_crashes()
    {
    }

    [TestMethod]
    public void Leaves_a_daemon()
    {
        string marker = Environment.GetEnvironmentVariable("CONFORMANCE_RUN") ?? throw new InvalidOperationException("CONFORMANCE_RUN is not set");
        using var process = Process.Start("/bin/sh", ["-c", $"setsid sh -c 'sleep 1000; : {marker}' </dev/null >/dev/null 2>&1 & exit 0"]);
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    private static int Descend(int n) => 1 + Descend(n + 1);

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int pid, int signal);
}

[TestClass]
public class ExitingClassCleanupTests
{
    [TestMethod]
    public void Passes_before_its_class_exits()
    {
    }

    [ClassCleanup]
    public static void Once() => Environment.Exit(6);
}
