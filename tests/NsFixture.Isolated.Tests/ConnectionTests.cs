using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using static NsFixture.Isolated.Tests.LinkProbe;

namespace NsFixture.Isolated.Tests;

/// <summary>Connections of hosts are the same, whether they stand at once, as without conditions, or have to be waited for.</summary>
public class ConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory, InlineData(0, "10.0.0"), InlineData(30, "10.0.0"), InlineData(0, "fd00:"), InlineData(30, "fd00:")]
    public async Task It_is_connected_once_and_blocks_as_others_do(int delay, string addresses)
    {
        await using VirtualNetwork network = await Delayed(delay);
        IPAddress to = network["b"].Addresses.First(a => a.ToString().StartsWith(addresses, StringComparison.Ordinal));
        using Socket listener = network["b"].Listen(80);
        using TcpClient client = await network["a"].ConnectAsync(to.ToString(), 80).WaitAsync(Patience);
        client.Connected.Should().BeTrue();
        client.Client.Blocking.Should().BeTrue();
        client.Client.RemoteEndPoint.Should().Be(new IPEndPoint(to, 80));
        ((IPEndPoint)client.Client.LocalEndPoint!).Address.Should().Be(to.AddressFamily == AddressFamily.InterNetwork ? network["a"].Address : network["a"].Address6);
        using Socket server = await listener.AcceptAsync().WaitAsync(Patience);
        listener.Poll(Ms(2 * delay + 5), SelectMode.SelectRead).Should().BeFalse("there is one connection");
        byte[] one = [1];
        Task<int> answering = Task.Run(() => server.Receive(one) == 1 ? server.Send(one) : 0);
        client.Client.Send(one);
        client.Client.Receive(one).Should().Be(1, "it waits for what comes");
        (await answering).Should().Be(1);
        ValueTask<int> hearing = client.GetStream().ReadAsync(one);
        await server.SendAsync(one);
        (await hearing.AsTask().WaitAsync(Patience)).Should().Be(1);
    }

    [Theory, InlineData(0), InlineData(30)]
    public async Task A_refusal_says_whose(int delay)
    {
        await using VirtualNetwork network = await Delayed(delay);
        var connecting = () => network["a"].ConnectAsync("b", 81).WaitAsync(Patience);
        (await connecting.Should().ThrowAsync<SocketException>().WithMessage($"Connection refused*{network["b"].Address}:81")).Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
    }

    [Fact]
    public async Task What_cannot_be_reached_is_named()
    {
        await using VirtualNetwork network = await Delayed(0);
        var connecting = () => network["a"].ConnectAsync("192.0.2.1", 80).WaitAsync(Patience);
        (await connecting.Should().ThrowAsync<SocketException>().WithMessage("*192.0.2.1:80")).Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
    }

    [Fact]
    public async Task Whoever_waits_can_give_up()
    {
        await using VirtualNetwork network = await Delayed(0);
        using Socket listener = network["b"].Listen(80);
        network.Partition("a", "b");
        using var patience = new CancellationTokenSource(Ms(50));
        var connecting = () => network["a"].ConnectAsync("b", 80, patience.Token).WaitAsync(Patience);
        await connecting.Should().ThrowAsync<OperationCanceledException>();
        network.Heal();
        using TcpClient client = await network["a"].ConnectAsync("b", 80).WaitAsync(Patience);
        using Socket server = await listener.AcceptAsync().WaitAsync(Patience);
        ((IPEndPoint)server.RemoteEndPoint!).Port.Should().Be(((IPEndPoint)client.Client.LocalEndPoint!).Port, "the other one was given up");
        var late = () => network["a"].ConnectAsync("b", 80, new CancellationToken(canceled: true));
        await late.Should().ThrowAsync<OperationCanceledException>();
        listener.Poll(Ms(5), SelectMode.SelectRead).Should().BeFalse("nothing was sent for it");
    }

    [Fact]
    public async Task A_partition_that_heals_lets_it_through()
    {
        await using VirtualNetwork network = await Delayed(0);
        using Socket listener = network["b"].Listen(80);
        network.Partition("a", "b");
        Task<TcpClient> connecting = network["a"].ConnectAsync("b", 80);
        await Task.Delay(50);
        connecting.IsCompleted.Should().BeFalse();
        network.Heal();
        using TcpClient client = await connecting.WaitAsync(Patience);
        client.Connected.Should().BeTrue();
    }

    [Fact]
    public async Task Whoever_waits_on_a_host_that_ends_is_told()
    {
        await using VirtualNetwork network = await Delayed(0);
        network.Partition("a", "b");
        Task<TcpClient> connecting = network["a"].ConnectAsync("b", 80);
        network["a"].Kill();
        var waiting = () => connecting.WaitAsync(Patience);
        (await waiting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().BeOneOf(SocketError.OperationAborted, SocketError.ConnectionAborted);
    }

    private static Task<VirtualNetwork> Delayed(int milliseconds) => milliseconds == 0
        ? VirtualNetwork.CreateAsync(Topology.Of("a", "b"))
        : Pair(Perfect.WithDelay(Ms(milliseconds)), Perfect.WithDelay(Ms(milliseconds)));
}
