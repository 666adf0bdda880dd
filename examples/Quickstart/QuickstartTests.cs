using System.Net;
using System.Net.Sockets;
using NsFixture;
using NsFixture.Xunit;

namespace Quickstart;

public class QuickstartTests
{
    [Fact, IsolatedNetwork]
    public void Any_port_is_free()
    {
        using var listener = new TcpListener(IPAddress.Any, 5432);
        listener.Start();
        Assert.Equal("test", Environment.MachineName);
        Assert.NotEqual(1, Environment.ProcessId);
    }
    [Fact]
    public void Plain() { }
}
