using System.Net;
using System.Net.Sockets;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture;

public sealed partial class VirtualHost
{
    private const int Backlog = 512;

    /// <summary>A new socket on this host.</summary>
    /// <param name="family">IPv4, or IPv6.</param>
    /// <param name="type">Stream, datagram, raw.</param>
    /// <param name="protocol">TCP, UDP, ICMP; <see cref="ProtocolType.Unspecified"/>: the type's own.</param>
    /// <exception cref="SandboxException">The kernel refused it, or the sandbox is gone.</exception>
    public Socket OpenSocket(AddressFamily family, SocketType type, ProtocolType protocol = ProtocolType.Unspecified) =>
        sockets.Add(new Socket(new SafeSocketHandle(init.OpenSocket(host.Index, SocketConstants.Domain(family), (int)type, (int)protocol), ownsHandle: true)));

    /// <summary>A TCP socket that listens on all of this host's addresses.</summary>
    /// <param name="port">The port; 0: any that is free.</param>
    /// <param name="address">Only this address of the host; null: all, of both families.</param>
    /// <exception cref="SocketException">The port is taken on this host, or the address is not the host's.</exception>
    public Socket Listen(int port, IPAddress? address = null)
    {
        address ??= Addresses.Any(a => a.AddressFamily == AddressFamily.InterNetworkV6) ? IPAddress.IPv6Any : IPAddress.Any;
        Socket socket = OpenSocket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A TCP connection from this host.</summary>
    /// <param name="to">The name of a host of the network, one that its name server knows, or an address.</param>
    /// <param name="port">The port.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SocketException">It was refused, is unreachable, or timed out; or the name server has no address of that name.</exception>
    /// <exception cref="ArgumentException">There is no such host, or none with an address of a family that this one has.</exception>
    public async Task<TcpClient> ConnectAsync(string to, int port, CancellationToken cancellation = default)
    {
        TcpClient client = HostConnection.NewClient();
        client.Client = await OpenConnectionAsync(to, port, cancellation).ConfigureAwait(false);
        return client;
    }

    private async Task<Socket> OpenConnectionAsync(string to, int port, CancellationToken cancellation) =>
        await OpenConnectionAsync(new IPEndPoint(await AddressOfAsync(to, cancellation).ConfigureAwait(false), port), cancellation).ConfigureAwait(false);

    internal async Task<Socket> OpenConnectionAsync(IPEndPoint to, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        int descriptor = init.OpenSocket(host.Index, SocketConstants.Domain(to.AddressFamily), SocketConstants.SOCK_STREAM | SocketConstants.SOCK_NONBLOCK, (int)ProtocolType.Tcp);
        return await HostConnection.OpenAsync(descriptor, to, sockets, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc cref="ConnectAsync(string, int, CancellationToken)"/>
    public Task<TcpClient> ConnectAsync(VirtualHost to, int port, CancellationToken cancellation = default) => ConnectAsync(to.Name, port, cancellation);

    /// <summary>A UDP client on this host, bound to all its addresses of one family.</summary>
    /// <param name="port">The port; 0: any that is free.</param>
    /// <param name="family">IPv4, or IPv6.</param>
    /// <exception cref="SocketException">The port is taken on this host.</exception>
    public UdpClient UdpClient(int port = 0, AddressFamily family = AddressFamily.InterNetwork)
    {
        Socket socket = OpenSocket(family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, port));
            var client = new UdpClient(family);
            client.Client.Dispose(); // it makes one
            client.Client = socket;
            return client;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>An HTTP client on this host; it finds the network's hosts by name, and whatever else its name server knows.</summary>
    public HttpClient HttpClient() => new(MessageHandler());

    /// <summary>What <see cref="HttpClient"/> sends with, to be configured further.</summary>
    public SocketsHttpHandler MessageHandler() => new()
    {
        UseProxy = false,
        ConnectCallback = async (context, cancellation) =>
            new NetworkStream(await OpenConnectionAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation).ConfigureAwait(false), ownsSocket: true),
    };
}
