using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace NsFixture.Benchmarks;

/// <summary>What a switch takes from a bare veth pair's throughput, the rules of a small network and the bridge of a larger one, and what the emulator lets through.</summary>
internal static class Link
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(1);

    // It changes nothing that could be measured, but makes the emulator the network's switch.
    private static readonly LinkConditions Emulated = LinkConditions.Perfect.WithDelay(TimeSpan.FromMicroseconds(1));

    private static Topology Small => Topology.Of("a", "b");

    private static Topology Larger => Topology.Of([.. Enumerable.Range(0, NsFixture.Networking.SwitchRules.MostPorts).Select(i => $"other{i}"), "a", "b"]);

    private static Topology EmulatedPair => new Topology().WithNetwork("lan", n => n.WithConditions(Emulated)).WithHosts("a", "b");

    public static async Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        using var bare = new BareVeth();
        await using VirtualNetwork ruled = await VirtualNetwork.CreateAsync(Small);
        await using VirtualNetwork bridged = await VirtualNetwork.CreateAsync(Larger);
        await using VirtualNetwork emulated = await VirtualNetwork.CreateAsync(EmulatedPair);
        List<double> byVeth = [], byRules = [], byBridge = [], byEmulator = [], packets = [];
        for (int round = 0; round < count; round++)
        {
            // In turns, so that whatever else the machine does concerns all of them.
            byVeth.Add(Gigabits(bare.A, bare.B, BareVeth.AddressOfB));
            byRules.Add(Gigabits(On(ruled["a"]), On(ruled["b"]), ruled["b"].Address));
            byBridge.Add(Gigabits(On(bridged["a"]), On(bridged["b"]), bridged["b"].Address));
            byEmulator.Add(Gigabits(On(emulated["a"]), On(emulated["b"]), emulated["b"].Address));
            packets.Add(PacketsPerSecond(emulated["a"], emulated["b"]));
        }
        var (emulatedUp, emulatedDown) = await MakingAsync(EmulatedPair, count);
        var (ruledUp, ruledDown) = await MakingAsync(Small, count);
        var (bridgedUp, bridgedDown) = await MakingAsync(Larger, count);
        double veth = Median(byVeth), rules = Median(byRules), bridge = Median(byBridge);
        var seconds = Enumerable.Repeat(Duration.TotalMilliseconds, count).ToList();
        return
        [
            new Measurement("link-rules", seconds).With("gbit_per_s", rules).With("ratio_to_bare_veth", rules / veth).With("up_ms", ruledUp).With("down_ms", ruledDown),
            new Measurement("link-bridge", seconds).With("gbit_per_s", bridge).With("ratio_to_bare_veth", bridge / veth).With("up_ms", bridgedUp).With("down_ms", bridgedDown),
            new Measurement("link-bare-veth", seconds).With("gbit_per_s", veth),
            new Measurement("link-emulator", seconds).With("gbit_per_s", Median(byEmulator)).With("packets_per_s", Median(packets)).With("overruns", emulated["a"].Links[0].Counters().Overruns)
                .With("up_ms", emulatedUp).With("down_ms", emulatedDown),
        ];
    }

    /// <summary>What it takes to make a network and to end it, in milliseconds.</summary>
    private static async Task<(double Up, double Down)> MakingAsync(Topology topology, int count)
    {
        List<double> up = [], down = [];
        for (int i = 0; i < count; i++)
        {
            long start = Stopwatch.GetTimestamp();
            VirtualNetwork network = await VirtualNetwork.CreateAsync(topology);
            up.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            start = Stopwatch.GetTimestamp();
            await network.DisposeAsync();
            down.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return (Median(up), Median(down));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static Func<SocketType, ProtocolType, Socket> On(VirtualHost host) => (type, protocol) => host.OpenSocket(AddressFamily.InterNetwork, type, protocol);

    /// <summary>One TCP connection at full speed.</summary>
    private static double Gigabits(Func<SocketType, ProtocolType, Socket> from, Func<SocketType, ProtocolType, Socket> to, IPAddress address)
    {
        using Socket listener = to(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen();
        using Socket client = from(SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        Socket server = listener.Accept();
        var sender = new Thread(() =>
        {
            byte[] data = new byte[128 * 1024];
            try
            {
                while (true)
                    client.Send(data);
            }
            catch (SocketException)
            {
            }
        });
        sender.Start();
        byte[] buffer = new byte[256 * 1024];
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Duration / 5;)
            server.Receive(buffer);
        long bytes = 0, begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin) < Duration)
            bytes += server.Receive(buffer);
        double gigabits = bytes * 8 / Stopwatch.GetElapsedTime(begin).TotalSeconds / 1e9;
        server.Close(0); // resets the connection, which ends the sender
        sender.Join();
        return gigabits;
    }

    /// <summary>Datagrams of 64 bytes as fast as one sender can: those that came out of the emulator.</summary>
    private static double PacketsPerSecond(VirtualHost from, VirtualHost to)
    {
        using UdpClient client = from.UdpClient(), server = to.UdpClient();
        var target = new IPEndPoint(to.Address, ((IPEndPoint)server.Client.LocalEndPoint!).Port);
        byte[] packet = new byte[64];
        long before = to.Links[0].Counters().Down.Passed, start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Duration)
            client.Client.SendTo(packet, target);
        return (to.Links[0].Counters().Down.Passed - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
