using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FluentAssertions;

namespace NsFixture.Isolated.Tests;

/// <summary>Looks at the whole test host, so nothing else may run there meanwhile.</summary>
[CollectionDefinition(nameof(RuntimeStressTests), DisableParallelization = true)]
public class AloneInTheTestHost;

/// <summary>
/// Networks that are alike, name for name, address for address and port for port, 32 at a time, again and again. NSFIXTURE_SOAK_ROUNDS
/// says how often; eng/soak.sh does it a thousand times.
/// </summary>
[Collection(nameof(RuntimeStressTests))]
public class RuntimeStressTests
{
    private const int Parallel = 32;
    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("NSFIXTURE_SOAK_ROUNDS") ?? "10", CultureInfo.InvariantCulture);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Networks_that_are_alike_do_not_hear_of_one_another_and_leave_nothing()
    {
        await RunAsync(0); // what is made once a process
        var before = await SettledAsync();
        for (int round = 1; round <= Rounds; round++)
            await RunAsync(round);
        var after = await SettledAsync();
        after.Processes.Should().BeLessThanOrEqualTo(before.Processes);
        after.Descriptors.Should().BeLessThanOrEqualTo(before.Descriptors);
        after.Mounts.Should().Be(before.Mounts);
        after.Devices.Should().Be(before.Devices);
    }

    private static async Task RunAsync(int round)
    {
        string[] heard = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(i => Task.Run(() => ExchangeAsync($"{round}/{i}"))));
        heard.Should().Equal(Enumerable.Range(0, Parallel).Select(i => $"{round}/{i} from 10.0.0.3 of 1"));
    }

    // A token over TCP and over UDP; and nobody else has anything to say.
    private static async Task<string> ExchangeAsync(string token)
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("client", "server"));
        using Socket listener = network["server"].Listen(5432);
        using UdpClient datagrams = network["server"].UdpClient(5432);
        var heard = new ConcurrentBag<string>();
        Task serving = ServeAsync();
        using (TcpClient client = await network["client"].ConnectAsync("server", 5432).WaitAsync(Patience))
        using (var writer = new StreamWriter(client.GetStream()))
            await writer.WriteLineAsync(token);
        await serving.WaitAsync(Patience);
        using (UdpClient client = network["client"].UdpClient())
            await client.SendAsync(System.Text.Encoding.ASCII.GetBytes(token), new IPEndPoint(network["server"].Address, 5432));
        UdpReceiveResult datagram = await datagrams.ReceiveAsync().WaitAsync(Patience);
        System.Text.Encoding.ASCII.GetString(datagram.Buffer).Should().Be(token);
        (listener.Poll(0, SelectMode.SelectRead) || datagrams.Available > 0).Should().BeFalse("nobody else speaks here");
        return $"{heard.Single()} of {heard.Count}";

        async Task ServeAsync()
        {
            using Socket connection = await listener.AcceptAsync();
            using var reader = new StreamReader(new NetworkStream(connection));
            heard.Add($"{await reader.ReadLineAsync()} from {((IPEndPoint)connection.RemoteEndPoint!).Address.MapToIPv4()}");
        }
    }

    // What was closed may end a little later: descriptors by finalizers, processes by the kernel. And sandboxes for the next tests are made in the background.
    private static async Task<(int Processes, int Descriptors, int Mounts, int Devices)> SettledAsync()
    {
        var limit = Stopwatch.StartNew();
        while (true)
        {
            var before = Left();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(1000);
            if (Left() == before || limit.Elapsed > Patience)
                return before;
        }
    }

    private static (int Processes, int Descriptors, int Mounts, int Devices) Left() => (
        Descendants(Environment.ProcessId), Directory.GetFileSystemEntries("/proc/self/fd").Length, File.ReadLines("/proc/self/mountinfo").Count(), File.ReadLines("/proc/net/dev").Count());

    private static int Descendants(int of)
    {
        var parents = new List<(int Id, int Parent)>();
        foreach (string path in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (int.TryParse(Path.GetFileName(path), out int id) && File.ReadAllText(path + "/stat") is { } stat)
                    parents.Add((id, int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture)));
            }
            catch (IOException)
            {
                // It has ended.
            }
        }
        ILookup<int, int> children = parents.ToLookup(p => p.Parent, p => p.Id);
        int Count(int id) => children[id].Sum(child => 1 + Count(child));
        return Count(of);
    }
}
