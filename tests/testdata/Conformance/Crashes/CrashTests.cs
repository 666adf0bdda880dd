using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Conformance.Crashes;

public class ExitTests
{
    [Fact]
    public void Exits_with_code_3() => Environment.Exit(3);

    [Fact]
    public void Passes_after_an_exit()
    {
    }
}

public class ExitZeroTests
{
    [Fact]
    public void Exits_with_code_0() => Environment.Exit(0);
}

public class FailFastTests
{
    [Fact]
    public void Fails_fast() => Environment.FailFast("the reactor is too hot");
}

public class StackOverflowTests
{
    [Fact]
    public void Overflows_its_stack() => Assert.Equal(0, Descend(0));

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    private static int Descend(int n) => 1 + Descend(n + 1);
}

public class KillTests
{
    [Fact]
    public void Kills_itself() => Kill(Environment.ProcessId, 9);

    [Fact]
    public void Passes_after_a_kill()
    {
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int pid, int signal);
}

public class NativeCrashTests
{
    [Fact]
    public void Frees_what_it_does_not_own() => Free(8);

    [DllImport("libc", EntryPoint = "free")]
    private static extern void Free(nint pointer);
}

public class OtherThreadTests(ITestOutputHelper output)
{
    [Fact]
    public void Throws_on_another_thread()
    {
        output.WriteLine("before the throw");
        new Thread(() => throw new InvalidOperationException("thrown where nobody catches it")).Start();
        Thread.Sleep(Timeout.Infinite);
    }
}

public class BusyTests
{
    [Fact, IsolatedNetwork(Deadline = 1000)]
    public void Never_stops_working()
    {
        while (true)
        {
        }
    }
}

public class SleepTests(ITestOutputHelper output)
{
    [Fact, IsolatedNetwork(Deadline = 1000)]
    public void Never_wakes_up()
    {
        output.WriteLine("going to sleep");
        Thread.Sleep(Timeout.Infinite);
    }

    [Fact, IsolatedNetwork(Deadline = 1000)]
    public Task Never_completes() => new TaskCompletionSource().Task;
}

public class DaemonTests
{
    // The test host looks for a process with this argument.
    [Fact]
    public void Leaves_a_daemon()
    {
        string marker = Environment.GetEnvironmentVariable("CONFORMANCE_RUN") ?? throw new InvalidOperationException("CONFORMANCE_RUN is not set");
        using var process = Process.Start("/bin/sh", ["-c", $"setsid sh -c 'sleep 1000; : {marker}' </dev/null >/dev/null 2>&1 & exit 0"]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void Leaves_a_daemon_that_holds_its_output()
    {
        using var process = Process.Start("/bin/sh", ["-c", "sleep 1000 & exit 0"]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}

public class CloseTests(ITestOutputHelper output)
{
    [Fact]
    public void Closes_its_standard_output_and_error()
    {
        Assert.Equal(0, Close(1));
        Assert.Equal(0, Close(2));
        output.WriteLine("and goes on");
        Console.WriteLine("closed");
    }

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int fd);
}

public class LoudTests(ITestOutputHelper output)
{
    [Fact]
    public void Says_much_and_dies()
    {
        for (int i = 0; i < 2000; i++)
            output.WriteLine($"line {i}");
        Console.Error.WriteLine("a last word");
        Environment.FailFast("out of words");
    }
}

public class ExitingFixtureTests : IClassFixture<ExitingFixtureTests.Fixture>
{
    [Fact]
    public void Has_a_fixture_that_exits() => Assert.Fail("ran");

    public sealed class Fixture
    {
        public Fixture() => Environment.Exit(5);
    }
}

public class ExitingDisposalTests : IClassFixture<ExitingDisposalTests.Fixture>
{
    [Fact]
    public void Passes_before_its_fixture_exits()
    {
    }

    public sealed class Fixture : IDisposable
    {
        public void Dispose() => Environment.Exit(6);
    }
}

public class InnocentTests
{
    [Fact]
    public void Passes_amid_crashes()
    {
    }

    [Fact]
    public void Fails_amid_crashes() => Assert.Fail("as it should");
}
