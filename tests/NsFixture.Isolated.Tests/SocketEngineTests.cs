using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Sockets that wait do so as elsewhere, though the fork server has used the runtime's engine of them without its thread.</summary>
[IsolatedNetwork(Hosts = ["server"])]
public class SocketEngineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // Where each test has a fresh runtime, it starts the thread with the first socket.
    private static int AtFirst => IsolatedNetwork.Current.Launcher == LauncherKind.Fork ? 0 : 1;

    private static int Threads => Directory.GetDirectories("/proc/self/task").Count(t => File.ReadAllText(Path.Combine(t, "comm")).Trim() == ".NET Sockets");

    [Fact]
    public async Task Sockets_that_never_wait_start_no_thread()
    {
        using Socket listener = IsolatedNetwork.Current.Network["server"].Listen(80);
        using TcpClient client = await IsolatedNetwork.Current.Network.TestHost.ConnectAsync("server", 80);
        using Socket server = await listener.AcceptAsync();
        (await server.SendAsync(new byte[] { 7 })).Should().Be(1);
        client.GetStream().ReadByte().Should().Be(7);
        Threads.Should().Be(AtFirst);
    }

    [Fact]
    public async Task The_first_that_waits_starts_one()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 80);
        listener.Start();
        for (int i = 0; i < 3; i++)
        {
            Task<TcpClient> accepting = listener.AcceptTcpClientAsync();
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, 80).WaitAsync(Patience);
            using TcpClient server = await accepting.WaitAsync(Patience);
            byte[] one = [1];
            Task hearing = server.GetStream().ReadExactlyAsync(one).AsTask();
            hearing.IsCompleted.Should().BeFalse();
            await client.GetStream().WriteAsync(one);
            await hearing.WaitAsync(Patience);
        }
        Threads.Should().Be(1);
    }

    [Fact]
    public async Task Many_that_wait_at_once_start_one()
    {
        (Socket, Socket)[] pairs = [.. Enumerable.Range(0, 200).Select(_ => Pair())];
        using var together = new Barrier(8);
        Task<int>[] hearing = new Task<int>[pairs.Length];
        Thread[] threads = [.. Enumerable.Range(0, together.ParticipantCount).Select(n => new Thread(() =>
        {
            together.SignalAndWait();
            for (int i = n; i < pairs.Length; i += together.ParticipantCount)
                hearing[i] = pairs[i].Item1.ReceiveAsync(new byte[1]);
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        hearing.Should().OnlyContain(h => !h.IsCompleted);
        foreach (var (_, sender) in pairs)
            sender.Send([1]);
        (await Task.WhenAll(hearing).WaitAsync(Patience)).Should().OnlyContain(n => n == 1);
        Threads.Should().Be(1);
        foreach (var (one, other) in pairs)
        {
            one.Dispose();
            other.Dispose();
        }
    }

    [Fact]
    public async Task Whoever_blocks_on_a_socket_in_use_is_woken()
    {
        var (one, other) = Pair();
        using (one)
        using (other)
        {
            (await one.SendAsync(new byte[] { 1 })).Should().Be(1); // from here on the descriptor does not block
            Task<int> blocking = Task.Factory.StartNew(() => one.Receive(new byte[1]), TaskCreationOptions.LongRunning);
            await Task.Delay(30);
            blocking.IsCompleted.Should().BeFalse();
            other.Send([1]);
            (await blocking.WaitAsync(Patience)).Should().Be(1);
        }
    }

    [Fact]
    public async Task Datagrams_and_pipes_wait_too()
    {
        using var receiver = new UdpClient(new IPEndPoint(IPAddress.Loopback, 53));
        Task<UdpReceiveResult> hearing = receiver.ReceiveAsync();
        using var sender = new UdpClient(AddressFamily.InterNetwork);
        await sender.SendAsync(new byte[] { 7 }, new IPEndPoint(IPAddress.Loopback, 53));
        (await hearing.WaitAsync(Patience)).Buffer.Should().Equal(7);
        using var pipe = new NamedPipeServerStream("engine");
        Task opening = pipe.WaitForConnectionAsync();
        using var end = new NamedPipeClientStream("engine");
        await end.ConnectAsync(5000);
        await opening.WaitAsync(Patience);
        Threads.Should().Be(1);
    }

    [Fact]
    public async Task A_wait_can_be_given_up()
    {
        var (one, other) = Pair();
        using (one)
        using (other)
        using (var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(30)))
        {
            var hearing = () => one.ReceiveAsync(new byte[1].AsMemory(), patience.Token).AsTask().WaitAsync(Patience);
            await hearing.Should().ThrowAsync<OperationCanceledException>();
        }
    }

    private static (Socket, Socket) Pair()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var one = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        one.Connect(listener.LocalEndPoint!);
        return (one, listener.Accept());
    }
}
