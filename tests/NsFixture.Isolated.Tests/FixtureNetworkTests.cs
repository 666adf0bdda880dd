using System.Net;
using System.Net.Sockets;
using FluentAssertions;

namespace NsFixture.Isolated.Tests;

/// <summary>A network that plain tests share: they run in the test host, and act through the hosts' sockets.</summary>
public sealed class OfficeNetwork : IAsyncLifetime
{
    public VirtualNetwork Network { get; private set; } = null!;

    public async Task InitializeAsync() => Network = await VirtualNetwork.CreateAsync(Topology.Of("client", "server"));

    public async Task DisposeAsync() => await (Network?.DisposeAsync() ?? default); // there is none where the machine allows none
}

/// <summary>Networks without an attribute.</summary>
public class FixtureNetworkTests(OfficeNetwork office) : IClassFixture<OfficeNetwork>
{
    [Theory, InlineData("client", "server"), InlineData("server", "client")]
    public async Task A_plain_test_connects_host_to_host(string from, string to)
    {
        using Socket listener = office.Network[to].Listen(5432);
        using TcpClient client = await office.Network[from].ConnectAsync(to, 5432).WaitAsync(TimeSpan.FromSeconds(10));
        using Socket server = await listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(10));
        ((IPEndPoint)client.Client.LocalEndPoint!).Address.Should().Be(office.Network[from].Address);
    }

    [Fact]
    public async Task The_machines_own_network_is_not_concerned()
    {
        using Socket listener = office.Network["server"].Listen(0);
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        using var outside = new TcpClient();
        var connecting = () => outside.ConnectAsync(IPAddress.Loopback, port).WaitAsync(TimeSpan.FromSeconds(5));
        await connecting.Should().ThrowAsync<SocketException>();
    }

    [Fact]
    public async Task Networks_with_the_same_addresses_do_not_meet()
    {
        await using VirtualNetwork other = await VirtualNetwork.CreateAsync(Topology.Of("client", "server"));
        using Socket listener = office.Network["server"].Listen(90);
        var connecting = () => other["client"].ConnectAsync("server", 90).WaitAsync(TimeSpan.FromSeconds(5));
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
    }

    [Fact]
    public async Task A_network_that_was_disposed_of_says_so()
    {
        VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("server"));
        VirtualHost server = network["server"];
        await network.DisposeAsync();
        await network.DisposeAsync();
        var listening = () => server.Listen(80);
        listening.Should().Throw<SandboxException>().WithMessage("*gone*");
    }

    [Fact]
    public async Task A_topology_that_cannot_be_names_every_mistake_and_builds_nothing()
    {
        var creating = () => VirtualNetwork.CreateAsync(Topology.Of("same", "same", "not a name"));
        (await creating.Should().ThrowAsync<InvalidTopologyException>()).Which.Message.Should().Contain("same").And.Contain("not a name");
    }

    [Fact]
    public async Task Programs_of_a_fixtures_network_end_with_it()
    {
        VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("server"));
        HostProcess process = await network["server"].Command("sh").WithArguments("-c", "hostname; exec sleep 1000").WithReadyLine("server").StartAsync();
        process.Exited.IsCompleted.Should().BeFalse();
        await network.DisposeAsync();
        (await process.Exited.WaitAsync(TimeSpan.FromSeconds(10))).Should().Be(128 + 9);
        await process.DisposeAsync();
    }

    [Fact]
    public async Task A_hundred_hosts_are_one_network()
    {
        string[] names = [.. Enumerable.Range(1, 100).Select(i => $"node{i}")];
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of(names));
        using Socket listener = network["node100"].Listen(80);
        foreach (string from in (string[])["node1", "node50", "node99"])
        {
            using TcpClient client = await network[from].ConnectAsync("node100", 80).WaitAsync(TimeSpan.FromSeconds(20));
            client.Connected.Should().BeTrue();
        }
    }
}
