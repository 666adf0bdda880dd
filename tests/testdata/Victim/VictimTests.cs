using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NsFixture;
using NsFixture.Xunit;
using Xunit;

namespace Victim;

/// <summary>Isolated tests that leave behind whatever a test can, and end in order.</summary>
[IsolatedNetwork]
public class Untidy
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5)]
    public void Leaves_files_processes_and_sockets(int number)
    {
        File.WriteAllText($"/tmp/nsfixture-victim-{number}", "left");
        File.WriteAllText($"/run/nsfixture-victim-{number}", "left");
        File.WriteAllText($"/dev/shm/nsfixture-victim-{number}", "left");
        new TcpListener(IPAddress.Any, 5432).Start();
        Detached.Start();
    }
}

/// <summary>Isolated tests that are in the middle of everything, four at once, until someone ends them.</summary>
[IsolatedNetwork(MaxParallel = 4)]
public class Busy
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Runs_until_it_is_ended(int number)
    {
        File.WriteAllText($"/tmp/nsfixture-victim-{number}", "left");
        Detached.Start();
        // The output directory is written through: this is how the outside hears of it.
        File.WriteAllText(Path.Combine(Environment.GetEnvironmentVariable("VICTIM_SIGNALS")!, $"busy-{number}"), "");
        Thread.Sleep(Timeout.Infinite);
    }
}

/// <summary>Isolated tests, one after another, each of which says that it runs, and ends when it is told to.</summary>
[IsolatedNetwork]
public class Stepwise
{
    [Theory, InlineData('a'), InlineData('b'), InlineData('c'), InlineData('d')]
    public void Runs_until_it_may_end(char which)
    {
        string signals = Environment.GetEnvironmentVariable("VICTIM_SIGNALS")!;
        int step = Directory.GetFiles(signals, "step-*").Length + 1;
        Console.WriteLine($"step {step} is test {which}");
        File.WriteAllText(Path.Combine(signals, $"step-{step}"), "");
        while (!File.Exists(Path.Combine(signals, $"go-{step}")))
            Thread.Sleep(10);
    }
}

internal static class Detached
{
    /// <summary>A process that outlives its parent: a session of its own, the terminal's signals ignored.</summary>
    public static void Start()
    {
        using var shell = Process.Start("/bin/sh", ["-c", "trap '' TERM HUP INT; setsid sh -c 'trap \"\" TERM HUP INT; sleep 1000' </dev/null >/dev/null 2>&1 &"]);
        shell.WaitForExit();
    }
}
