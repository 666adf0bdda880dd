using System.Diagnostics;

namespace NsFixture.Benchmarks;

/// <summary>What it costs to have the emulator as a network's switch.</summary>
internal static class Conditions
{
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        Topology plain = Topology.Of("client", "server"),
            delayed = new Topology().WithNetwork("lan", n => n.WithConditions(LinkConditions.Perfect.WithDelay(TimeSpan.FromMilliseconds(5)))).WithHosts("client", "server");
        List<double> with = [], without = [];
        for (int i = 0; i <= count; i++)
        {
            double one = await UpAsync(plain), other = await UpAsync(delayed);
            if (i == 0)
                continue; // it starts the fork server, and has it compile what it needs
            without.Add(one);
            with.Add(other);
        }
        var made = new Measurement("conditions-up", with);
        var bare = new Measurement("plain-up", without);
        return [made.With("more_than_plain_ms", made.Median - bare.Median), bare];
    }

    private static async Task<double> UpAsync(Topology topology)
    {
        long start = Stopwatch.GetTimestamp();
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(topology);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
