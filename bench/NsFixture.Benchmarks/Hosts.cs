using System.Diagnostics;

namespace NsFixture.Benchmarks;

/// <summary>Networks of many hosts, as a fixture makes them, and as C does with system calls alone; round by round, so that both see the same machine.</summary>
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
        using HostsInC? baseline = HostsInC.Compile();
        List<double> up = [], down = [], upInC = [], downInC = [];
        for (int i = 0; i < Rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            VirtualNetwork network = await VirtualNetwork.CreateAsync(topology);
            up.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            start = Stopwatch.GetTimestamp();
            await network.DisposeAsync();
            down.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (baseline?.Run(count + 1) is not { } inC) // the test's host is one more
                continue;
            upInC.Add(inC.Up);
            downInC.Add(inC.Down);
        }
        var making = new Measurement("hosts-up", up);
        making.With("hosts", count).With("per_host_ms", making.Median / count);
        var ending = new Measurement("hosts-down", down).With("hosts", count);
        if (upInC.Count == 0)
            return [making, ending];
        var makingInC = new Measurement("hosts-up-in-c", upInC);
        making.With("ratio_to_c", making.Median / makingInC.Median);
        return [making, ending, makingInC.With("hosts", count).With("per_host_ms", makingInC.Median / count), new Measurement("hosts-down-in-c", downInC).With("hosts", count)];
    }
}
