namespace NsFixture.Tests.Networking;

/// <summary>Valid topologies of every kind, each given by its seed.</summary>
internal static class RandomTopology
{
    /// <summary>Networks in a tree of routers with a few more between them, so that each reaches every other.</summary>
    public static Topology Connected(int seed)
    {
        var random = new Random(seed);
        int networks = random.Next(1, 7);
        Topology topology = new Topology();
        for (int i = 0; i < networks; i++)
            topology = topology.WithNetwork($"net{i}");
        for (int i = 1; i < networks; i++)
        {
            (string one, string other) = ($"net{random.Next(i)}", $"net{i}");
            topology = topology.WithRouter($"tree{i}", r => r.On(one).On(other));
        }
        for (int i = random.Next(3); i > 0 && networks > 1; i--)
        {
            int one = random.Next(networks), step = random.Next(1, networks);
            topology = topology.WithRouter($"more{i}", r => r.On($"net{one}").On($"net{(one + step) % networks}"));
        }
        for (int i = random.Next(6); i > 0; i--)
        {
            string network = $"net{random.Next(networks)}";
            topology = topology.WithHost($"host{i}", h => h.On(network));
        }
        return topology;
    }

    /// <summary>A bit of everything else: families, addresses, names, conditions, regions.</summary>
    public static Topology Any(int seed)
    {
        var random = new Random(seed);
        bool Maybe() => random.Next(2) == 0;
        Topology topology = Connected(seed);
        if (Maybe())
            topology = topology.WithTestHost("runner");
        topology = topology.WithNetwork("four", n => n.WithSubnet("172.16.0.0/16").WithoutIPv6().WithMtu(random.Next(68, 65536)))
            .WithNetwork("six", n => n.WithSubnet6("2001:db8::/56").WithoutIPv4().WithConditions(Conditions(random)))
            .WithRouter("edge", r =>
            {
                r = r.On("net0").On("four").On("six").WithDnsNames("edge.example.com");
                r = Maybe() ? r.WithNat("net0", AnyNat(random)) : r;
                return Maybe() ? r.WithFirewall("six", AnyFirewall(random)) : r;
            });
        int hosts = random.Next(1, 5);
        for (int i = 0; i < hosts; i++)
        {
            int number = random.Next(300) + (300 * (i + 1));
            topology = topology.WithHost($"extra{i}", h =>
            {
                h = h.On("four", n => (Maybe() ? n.WithAddress($"172.16.{number / 256}.{number % 256}") : n).WithConditions(Conditions(random), Conditions(random)));
                h = Maybe() ? h.On("six", n => n.WithName($"six{number}").WithAddress($"2001:db8::{number:x}").WithAddress($"2001:db8:0:1::{number:x}")) : h;
                h = Maybe() ? h.WithDnsNames($"n{number}.example.com", $"m{number}") : h;
                h = Maybe() ? h.WithFirewall(AnyFirewall(random)) : h;
                h = Maybe() ? h.WithRoute("198.51.100.0/24", "edge") : h;
                return Maybe() ? h.WithoutDerivedRoutes() : h;
            });
        }
        topology = topology.WithRegion("here", "edge").WithRegion("there", [.. Enumerable.Range(0, hosts).Select(i => $"extra{i}")]);
        return topology.WithRegionConditions("here", "there", Conditions(random)).WithRegionDelay("there", "there", TimeSpan.FromMicroseconds(random.Next(1000)));
    }

    private static Nat AnyNat(Random random)
    {
        Nat nat = Nat.Home.WithMapping((NatMapping)random.Next(3)).WithFiltering((NatFiltering)random.Next(3)).WithPorts((NatPorts)random.Next(3), random.Next(1, 100), random.Next(100, 65536))
            .WithHairpin(random.Next(2) == 0).WithUdpTimeout(TimeSpan.FromSeconds(random.Next(1, 1000))).WithTcpTimeout(TimeSpan.FromSeconds(random.Next(1, 1000)));
        return random.Next(3) switch
        {
            0 => nat.WithIPv6Masquerade().WithNat64().WithPortForward(IPTransport.Udp, random.Next(1, 65536), "extra0", random.Next(1, 65536)),
            1 => nat.WithIPv6Prefix("2001:db8:aaaa::/56"),
            _ => nat.WithIPv6Masquerade().WithoutIPv4().WithPortForward(IPTransport.Tcp, 80, "2001:db8::7"),
        };
    }

    private static Firewall AnyFirewall(Random random) => Firewall.Open.WithInbound((FirewallAction)random.Next(3)).WithOutbound((FirewallAction)random.Next(3))
        .Allow(FirewallDirection.Inbound, (IPTransport)random.Next(4), from: "four").Deny(FirewallDirection.Outbound, IPTransport.Tcp, $"{random.Next(1, 100)}-{random.Next(100, 65536)},7", "198.51.100.0/24", "edge", random.Next(2) == 0);

    private static LinkConditions Conditions(Random random)
    {
        LinkConditions conditions = LinkConditions.Perfect.WithDelay(TimeSpan.FromTicks(random.Next(1, 1_000_000)), TimeSpan.FromTicks(random.Next(1000)), (JitterDistribution)random.Next(3))
            .WithLoss(random.NextDouble() * 100, random.NextDouble() * 100).WithDuplication(random.NextDouble()).WithReordering(random.NextDouble()).WithCorruption(random.NextDouble())
            .WithQueueLength(random.Next(1, 1_000_000));
        return random.Next(3) switch
        {
            0 => LinkConditions.Perfect,
            1 => conditions,
            _ => conditions.WithRate(random.NextInt64(8, 100_000_000_000)).WithMtu(random.Next(68, 65536)),
        };
    }
}
