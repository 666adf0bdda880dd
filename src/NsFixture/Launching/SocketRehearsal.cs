using System.Net;
using System.Net.Sockets;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>
/// An exchange over the machine's loopback, by which the runtime binds what its sockets call: a first use takes milliseconds, in
/// each test. Nothing waits for more than it has been told is there, so that no thread is started.
/// </summary>
internal static class SocketRehearsal
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <exception cref="Exception">This machine's loopback does not carry it.</exception>
    public static void Run()
    {
        _ = ConnectionAsync().Wait(0);
        _ = DatagramAsync().Wait(0);
    }

    private static async Task ConnectionAsync()
    {
        using var listener = new Socket(Socket.OSSupportsIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        IPAddress own = IPAddress.Loopback;
        if (listener.AddressFamily == AddressFamily.InterNetworkV6)
        {
            listener.DualMode = true;
            own = own.MapToIPv6();
        }
        listener.Bind(new IPEndPoint(own, 0));
        listener.Listen(1);
        using TcpClient client = HostConnection.NewClient();
        int descriptor = LinuxException.Check(Libc.Socket(SocketConstants.AF_INET, SocketConstants.SOCK_STREAM | SocketConstants.SOCK_CLOEXEC | SocketConstants.SOCK_NONBLOCK, 0), "socket", "for a rehearsal");
        client.Client = HostConnection.Begin(descriptor, new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)listener.LocalEndPoint!).Port), out _);
        client.LingerState = new LingerOption(true, 0); // nothing is left in the machine's table of connections
        using Socket server = await Ready(listener).AcceptAsync().ConfigureAwait(false);
        byte[] one = new byte[1];
        await client.GetStream().WriteAsync(one).ConfigureAwait(false);
        _ = await Ready(server).ReceiveAsync(one).ConfigureAwait(false);
        _ = await server.SendAsync(one).ConfigureAwait(false);
        _ = Ready(client.Client);
        await client.GetStream().ReadExactlyAsync(one).ConfigureAwait(false);
    }

    private static async Task DatagramAsync()
    {
        using var server = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new UdpClient(AddressFamily.InterNetwork);
        await client.SendAsync(new byte[1], (IPEndPoint)server.Client.LocalEndPoint!).ConfigureAwait(false);
        _ = Ready(server.Client);
        _ = await server.ReceiveAsync().ConfigureAwait(false);
    }

    private static Socket Ready(Socket socket) => socket.Poll(Patience, SelectMode.SelectRead) ? socket : throw new TimeoutException("The machine's loopback carries nothing.");
}
