using System.Diagnostics;
using Xunit.Abstractions;

namespace Quickstart;

[IsolatedNetwork]
public class ProcessTests(ITestOutputHelper output)
{
    private static string[] Processes =>
        [.. Directory.GetDirectories("/proc").Select(d => Path.GetFileName(d)).Where(n => char.IsAsciiDigit(n[0])).OrderBy(int.Parse)];

    [Fact]
    public void The_test_sees_its_own_processes_only()
    {
        using Process sleep = Process.Start("sleep", "1000");
        output.WriteLine($"I am process {Environment.ProcessId}; in /proc there are {string.Join(", ", Processes)}: init, the test, sleep");
        Assert.NotEqual(1, Environment.ProcessId);
        Assert.Equal(["1", $"{Environment.ProcessId}", $"{sleep.Id}"], Processes);
        sleep.Kill(); // it would end with the test, which would fail for leaving it
    }

    [Fact]
    public void The_test_is_root_whoever_runs_it()
    {
        output.WriteLine($"inside I am {Environment.UserName}, and may bind to port 80, mount and chown");
        Assert.True(Environment.IsPrivilegedProcess);
        Assert.Contains(File.ReadLines("/proc/self/status"), line => line.Split('\t') is ["Uid:", "0", "0", ..]);
    }
}
