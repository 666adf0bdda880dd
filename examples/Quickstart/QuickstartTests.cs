using System.Net;
using System.Net.Sockets;
using NsFixture;
using NsFixture.Xunit;
using Xunit.Abstractions;

namespace Quickstart;

public class QuickstartTests(ITestOutputHelper output)
{
    [Fact, IsolatedNetwork]
    public void Any_port_is_free()
    {
        foreach (string line in IsolatedNetwork.Current.Diagnostics)
            output.WriteLine(line);
        using var listener = new TcpListener(IPAddress.Any, 5432);
        listener.Start();
        Assert.Equal("test", Environment.MachineName);
    }

    [Fact, IsolatedNetwork]
    public void The_test_sees_only_its_own_processes()
    {
        string[] processes = [.. Directory.GetDirectories("/proc").Select(d => Path.GetFileName(d)).Where(n => char.IsAsciiDigit(n[0]))];
        Assert.Equal(["1", "2"], processes.Order());
        Assert.Equal(2, Environment.ProcessId);
    }

    [Fact, IsolatedNetwork]
    public void Writes_to_etc_stay_inside()
    {
        File.WriteAllText("/etc/nsfixture-was-here", "inside");
        Assert.Equal("inside", File.ReadAllText("/etc/nsfixture-was-here"));
    }

    [Fact]
    public void The_machine_has_no_trace_of_it() => Assert.False(File.Exists("/etc/nsfixture-was-here"));
}
