using System.Net;
using System.Net.Sockets;

namespace NsFixture.Isolated.Tests;

/// <summary>Two homes, two servers with two ports each, and the internet between them, for plain tests that change its NATs.</summary>
public sealed class NatNetwork : IAsyncLifetime
{
    /// <summary>Two homes behind routers, and two servers.</summary>
    public static Topology Homes(Nat nat) => new Topology()
        .WithNetwork("internet", n => n.WithSubnet("203.0.113.0/24").WithSubnet6("2001:db8:113::/64"))
        .WithNetwork("home", n => n.WithSubnet("192.168.1.0/24").WithSubnet6("fd01::/64"))
        .WithNetwork("other-home", n => n.WithSubnet("192.168.2.0/24").WithSubnet6("fd02::/64"))
        .WithRouter("gateway", r => r.On("internet").On("home").WithNat("internet", nat))
        .WithRouter("other-gateway", r => r.On("internet").On("other-home").WithNat("internet", nat))
        .WithHost("client", h => h.On("home")).WithHost("sibling", h => h.On("home"))
        .WithHost("peer", h => h.On("other-home"))
        .WithHost("one", h => h.On("internet")).WithHost("two", h => h.On("internet"));

    public VirtualNetwork Network { get; private set; } = null!;

    public VirtualHost this[string name] => Network[name];

    public async Task InitializeAsync() => Network = await VirtualNetwork.CreateAsync(Homes(Nat.Home));

    public async Task DisposeAsync() => await (Network?.DisposeAsync() ?? default); // there is none where the machine allows none
}

/// <summary>A UDP socket of a host, which notes who sends to it.</summary>
public sealed class Endpoint : IDisposable
{
    private static readonly TimeSpan Arrives = TimeSpan.FromSeconds(10), DoesNot = TimeSpan.FromMilliseconds(100);

    private readonly Socket socket;

    public Endpoint(VirtualHost host, AddressFamily family = AddressFamily.InterNetwork, int port = 0)
    {
        socket = host.OpenSocket(family, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? host.Address : host.Address6, port));
    }

    /// <summary>What the host itself takes for its address and port.</summary>
    public IPEndPoint Local => (IPEndPoint)socket.LocalEndPoint!;

    public void Send(IPEndPoint to, string text = "hello") => socket.SendTo(System.Text.Encoding.ASCII.GetBytes(text), to);

    /// <summary>The next datagram, and who sent it.</summary>
    public async Task<(string Text, IPEndPoint From)> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(Arrives);
        return await ReceiveAsync(limit.Token);
    }

    /// <summary>Where a datagram from here to another socket seems to come from, there.</summary>
    public async Task<IPEndPoint> SeenByAsync(Endpoint other)
    {
        Send(other.Local);
        return (await other.ReceiveAsync()).From;
    }

    /// <summary>All that arrives until a certain text has, and for a while after it.</summary>
    public async Task<string[]> ReceiveUntilAsync(string last)
    {
        var texts = new List<string>();
        do
            texts.Add((await ReceiveAsync()).Text);
        while (texts[^1] != last);
        try
        {
            while (true)
            {
                using var limit = new CancellationTokenSource(DoesNot);
                texts.Add((await ReceiveAsync(limit.Token)).Text);
            }
        }
        catch (OperationCanceledException)
        {
            return [.. texts];
        }
    }

    /// <summary>Whether nothing arrives.</summary>
    public async Task<bool> IsSilentAsync() => await TryReceiveAsync() == null;

    /// <summary>Who the next datagram is from, if one comes soon.</summary>
    public async Task<IPEndPoint?> TryReceiveAsync()
    {
        using var limit = new CancellationTokenSource(DoesNot);
        try
        {
            return (await ReceiveAsync(limit.Token)).From;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    public void Dispose() => socket.Dispose();

    private async Task<(string Text, IPEndPoint From)> ReceiveAsync(CancellationToken cancellation)
    {
        byte[] buffer = new byte[2048];
        SocketReceiveFromResult result = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0), cancellation);
        return (System.Text.Encoding.ASCII.GetString(buffer, 0, result.ReceivedBytes), (IPEndPoint)result.RemoteEndPoint);
    }
}
