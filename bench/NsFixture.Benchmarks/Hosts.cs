using System.Diagnostics;

namespace NsFixture.Benchmarks;

/// <summary>Networks of many hosts, as a fixture makes them.</summary>
internal static class Hosts
{
    private const int Rounds = 5;

    public static async Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        Topology topology = new Topology().WithNetwork("lan", n => n.WithSubnet("10.0.0.0/16")).WithHosts([.. Enumerable.Range(1, count).Select(i => $"node{i}")]);
        await using (await VirtualNetwork.CreateAsync(Topology.Of("warm", "up")))
        {
            // starts the fork server
        }
        List<double> up = [], down = [];
        for (int i = 0; i < Rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            VirtualNetwork network = await VirtualNetwork.CreateAsync(topology);
            up.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            start = Stopwatch.GetTimestamp();
            await network.DisposeAsync();
            down.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        var making = new Measurement("hosts-up", up);
        return [making.With("hosts", count).With("per_host_ms", making.Median / count), new Measurement("hosts-down", down).With("hosts", count)];
    }
}
