using System.Net;
using System.Net.Sockets;
using Xunit.Abstractions;

namespace Quickstart;

/// <summary>Counts its connections; started once for the class, inside the sandbox that its tests share.</summary>
public sealed class CountingServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Any, 6379);

    /// <summary>Starts listening.</summary>
    public CountingServer() => listener.Start();

    /// <summary>How many clients have come.</summary>
    public int Connections { get; private set; }

    /// <summary>Connects once, from the same host.</summary>
    public async Task ConnectAsync()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IsolatedNetwork.Current.Address, 6379);
        using TcpClient accepted = await listener.AcceptTcpClientAsync();
        Connections++;
    }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();
}

[IsolatedNetwork(Scope = IsolationScope.PerClass)]
[TestCaseOrderer("Quickstart.InOrderOfDeclaration", "Quickstart")]
public class SharedServerTests(CountingServer server, ITestOutputHelper output) : IClassFixture<CountingServer>
{
    [Fact]
    public async Task The_first_test_of_the_class_finds_a_fresh_server()
    {
        await server.ConnectAsync();
        output.WriteLine($"connections to {IsolatedNetwork.Current.Address}:6379: {server.Connections}");
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task The_second_one_finds_the_same_server_in_the_same_sandbox()
    {
        await server.ConnectAsync();
        output.WriteLine($"connections to {IsolatedNetwork.Current.Address}:6379: {server.Connections}");
        Assert.Equal(2, server.Connections);
    }
}
