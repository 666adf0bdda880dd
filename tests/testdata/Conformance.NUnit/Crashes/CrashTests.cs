using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Conformance.Crashes;

public class CrashTests
{
    [Test]
    public void Exits_with_code_3()
    {
        Console.WriteLine("on the console");
        TestContext.Out.WriteLine("in the context");
        Environment.Exit(3);
    }

    [Test]
    public void Fails_fast() => Environment.FailFast("the reactor is too hot");

    [Test]
    public void Overflows_its_stack() => Assert.That(Descend(0), Is.Zero);

    [Test, Retry(3)]
    public void Kills_itself() => Kill(Environment.ProcessId, 9);

    [Test]
    public void Throws_on_another_thread()
    {
        Console.Error.WriteLine("before the throw");
        new Thread(() => throw new InvalidOperationException("thrown where nobody catches it")).Start();
        Thread.Sleep(Timeout.Infinite);
    }

    [Test, IsolatedNetwork(Deadline = 1000)]
    public void Never_wakes_up() => Thread.Sleep(Timeout.Infinite);

    [Test]
    public void Passes_amid_crashes()
    {
    }

    [Test]
    public void Leaves_a_daemon()
    {
        string marker = Environment.GetEnvironmentVariable("CONFORMANCE_RUN") ?? throw new InvalidOperationException("CONFORMANCE_RUN is not set");
        using var process = Process.Start("/bin/sh", ["-c", $"setsid sh -c 'sleep 1000; : {marker}' </dev/null >/dev/null 2>&1 & exit 0"]);
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    private static int Descend(int n) => 1 + Descend(n + 1);

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int pid, int signal);
}

public class ExitingOneTimeTearDownTests
{
    [Test]
    public void Passes_before_its_fixture_exits()
    {
    }

    [OneTimeTearDown]
    public void Once() => Environment.Exit(6);
}
