using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using NsFixture.Linux;

namespace NsFixture.Networking;

/// <summary>
/// Connects sockets of hosts. Between two hosts of a sandbox a connection stands by the time connect(2) returns: the kernel
/// carries the handshake over within it. The runtime's ConnectAsync would wait to be told so, and have threads started that do.
/// </summary>
internal static class HostConnection
{
    /// <summary>Connects a socket that nobody has used.</summary>
    /// <param name="descriptor">Of TCP, which does not block; the returned socket's from here on, and closed if there is none.</param>
    /// <param name="to">The address.</param>
    /// <param name="given">What the host ends with itself.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SocketException">It was refused, is unreachable, or timed out.</exception>
    public static async ValueTask<Socket> OpenAsync(int descriptor, IPEndPoint to, HostSockets given, CancellationToken cancellation)
    {
        Socket socket = Begin(descriptor, to, out int error);
        try
        {
            given.Add(socket);
            if (error is not (0 or Err.EINPROGRESS))
                await socket.ConnectAsync(to, cancellation).ConfigureAwait(false); // says what it was as the runtime does
            else if (!socket.Connected)
                socket = given.Add(await WaitAsync(socket, cancellation).ConfigureAwait(false));
            return socket;
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is SocketException failure && !e.Message.Contains(to.ToString(), StringComparison.Ordinal))
                throw new SocketException((int)failure.SocketErrorCode, $"{e.Message} {to}");
            throw;
        }
    }

    /// <summary>A socket that is connected if that could be at once, and connects if the error is EINPROGRESS.</summary>
    public static Socket Begin(int descriptor, IPEndPoint to, out int error)
    {
        error = InetSocket.Connect(descriptor, to);
        _ = Libc.Fcntl(descriptor, Fcntl.F_SETFL, 0); // the runtime takes it for blocking, as all sockets are until it needs otherwise
        return new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
    }

    /// <summary>A client without a socket, to be given one: it makes one itself.</summary>
    public static TcpClient NewClient()
    {
        var client = new TcpClient();
        client.Client.Dispose();
        return client;
    }

    // What is to be sent waits for the connection, or fails as it does. The socket does not learn of it, a second with the same handle does.
    [SuppressMessage("Usage", "CA1816", Justification = "The first socket has given its handle away.")]
    private static async Task<Socket> WaitAsync(Socket socket, CancellationToken cancellation)
    {
        await socket.SendAsync(ReadOnlyMemory<byte>.Empty, cancellation).ConfigureAwait(false);
        var connected = new Socket(socket.SafeHandle) { Blocking = true };
        GC.SuppressFinalize(socket);
        return connected;
    }
}
