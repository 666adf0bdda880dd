using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace NsFixture.Isolated.Tests;

/// <summary>Measures links as two programs on two hosts would: round trips, rates, and what becomes of numbered datagrams.</summary>
internal static class LinkProbe
{
    public static readonly LinkConditions Perfect = LinkConditions.Perfect;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    /// <summary>Hosts "a" and "b" on one network, the link of "a" with conditions.</summary>
    public static Task<VirtualNetwork> Pair(LinkConditions? up = null, LinkConditions? down = null, long seed = 1) => VirtualNetwork.CreateAsync(new Topology()
        .WithNetwork("lan").WithHost("a", h => h.On("lan", i => i.WithConditions(up ?? Perfect, down ?? Perfect))).WithHost("b").WithSeed(seed));

    /// <summary>Round trips of a datagram, in milliseconds, in order of length.</summary>
    public static double[] RoundTrips(VirtualHost from, VirtualHost to, int count = 5, bool ipv6 = false)
    {
        AddressFamily family = ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        using UdpClient client = from.UdpClient(0, family), server = to.UdpClient(0, family);
        client.Client.ReceiveTimeout = 15_000;
        var echo = new Thread(() =>
        {
            EndPoint peer = server.Client.LocalEndPoint!;
            byte[] buffer = new byte[100];
            try
            {
                for (int length; (length = server.Client.ReceiveFrom(buffer, ref peer)) > 0;)
                    server.Client.SendTo(buffer.AsSpan(0, length), peer);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
            }
        }) { IsBackground = true };
        echo.Start();
        var target = new IPEndPoint(ipv6 ? to.Address6 : to.Address, ((IPEndPoint)server.Client.LocalEndPoint!).Port);
        byte[] buffer = new byte[20];
        double Once()
        {
            long start = Stopwatch.GetTimestamp();
            client.Client.SendTo(buffer, target);
            client.Client.Receive(buffer);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        Once(); // resolves addresses, and compiles this
        return [.. Enumerable.Range(0, count).Select(_ => Once()).Order()];
    }

    /// <summary>A host has another one's hardware address afterwards, whatever the conditions.</summary>
    public static void Meet(VirtualHost from, VirtualHost to) => RoundTrips(from, to, 1);

    /// <summary>Sends numbered datagrams, and returns the numbers of those that arrived, in their order.</summary>
    public static List<int> Datagrams(VirtualHost from, VirtualHost to, int count, int size = 100, bool ipv6 = false, int quietMilliseconds = 150, bool paced = true)
    {
        AddressFamily family = ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        using UdpClient client = from.UdpClient(0, family), server = to.UdpClient(0, family);
        server.Client.ReceiveBufferSize = 1 << 20;
        var arrived = new List<int>();
        var receiver = new Thread(() =>
        {
            byte[] buffer = new byte[65536];
            try
            {
                while (server.Client.Receive(buffer) > 0) // 0: it was closed
                {
                    lock (arrived)
                        arrived.Add(BinaryPrimitives.ReadInt32LittleEndian(buffer));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
            }
        });
        receiver.Start();
        byte[] packet = new byte[size];
        var target = new IPEndPoint(ipv6 ? to.Address6 : to.Address, ((IPEndPoint)server.Client.LocalEndPoint!).Port);
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(packet, i);
            client.Client.SendTo(packet, target);
            if (i == 0 && paced)
                Thread.Sleep(50); // the others would wait for the receiver's hardware address, and only few can
            else if (i % 50 == 49 && paced)
                do
                    Thread.Sleep(1); // the receiver's buffer takes some hundred
                while (server.Available > 0);
        }
        for (int seen = -1, quiet = 0; quiet < quietMilliseconds; Thread.Sleep(10))
            lock (arrived)
                (seen, quiet) = (arrived.Count, arrived.Count == seen ? quiet + 10 : 0);
        server.Close();
        receiver.Join();
        return arrived;
    }

    /// <summary>What TCP gets across, in bits per second on the line, frames' headers included.</summary>
    public static async Task<double> Rate(VirtualHost from, VirtualHost to, double seconds = 1.1)
    {
        using Socket listener = to.Listen(0);
        using TcpClient client = await from.ConnectAsync(to, ((IPEndPoint)listener.LocalEndPoint!).Port).WaitAsync(Limit);
        using Socket server = await listener.AcceptAsync().WaitAsync(Limit);
        using var stop = new CancellationTokenSource();
        Task sending = Task.Run(async () =>
        {
            byte[] data = new byte[16 * 1024];
            try
            {
                while (!stop.IsCancellationRequested)
                    await client.Client.SendAsync(data, stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
            }
        });
        byte[] buffer = new byte[256 * 1024];
        long start = Stopwatch.GetTimestamp(), bytes = 0;
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < 0.2) // slow start, and what a token bucket has saved
            await server.ReceiveAsync(buffer);
        start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
            bytes += await server.ReceiveAsync(buffer);
        double rate = bytes * 8 * (1514.0 / 1448) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        stop.Cancel();
        client.Client.Close(0);
        server.Close(0);
        await sending;
        return rate;
    }

    /// <summary>The same until it is within 10 % of what is expected, thrice at most: the machine may have had other things to do.</summary>
    public static async Task<double> RateNear(double expected, VirtualHost from, VirtualHost to)
    {
        double rate = 0;
        for (int attempt = 0; attempt < 3 && Math.Abs((rate / expected) - 1) > 0.1; attempt++)
            rate = await Rate(from, to);
        return rate;
    }

    /// <summary>The shortest round trip, thrice at most until it is within 3 ms and 5 % of what is expected.</summary>
    public static double RoundTripNear(double expected, VirtualHost from, VirtualHost to, bool ipv6 = false)
    {
        double shortest = 0;
        for (int attempt = 0; attempt < 3 && !(shortest >= expected && shortest <= Most(expected)); attempt++)
            shortest = RoundTrips(from, to, ipv6: ipv6)[0];
        return shortest;
    }

    public static double Most(double delay) => (delay * 1.05) + 3;

    /// <summary>Sends a stream and returns whether it came out as it went in.</summary>
    public static async Task<bool> IsIntact(VirtualHost from, VirtualHost to, int bytes, Func<Task>? meanwhile = null)
    {
        using Socket listener = to.Listen(0);
        using TcpClient client = await from.ConnectAsync(to, ((IPEndPoint)listener.LocalEndPoint!).Port).WaitAsync(TimeSpan.FromSeconds(60));
        using Socket server = await listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(60));
        byte[] sent = new byte[bytes], received = new byte[bytes];
        new Random(bytes).NextBytes(sent);
        Task sending = Task.Run(async () =>
        {
            await client.GetStream().WriteAsync(sent);
            client.Client.Shutdown(SocketShutdown.Send);
        });
        Task reading = Task.Run(async () =>
        {
            using var stream = new NetworkStream(server);
            await stream.ReadExactlyAsync(received);
            if (await stream.ReadAsync(new byte[1]) != 0)
                throw new IOException("more came out than went in");
        });
        if (meanwhile != null)
            await meanwhile();
        await Task.WhenAll(sending, reading).WaitAsync(TimeSpan.FromSeconds(60));
        return sent.AsSpan().SequenceEqual(received);
    }
}

/// <summary>These measure, so they take turns.</summary>
[CollectionDefinition(nameof(Links), DisableParallelization = true)]
public sealed class Links;
