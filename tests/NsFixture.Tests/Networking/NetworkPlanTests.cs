using FluentAssertions;
using NsFixture.Launching;
using NsFixture.Networking;

namespace NsFixture.Tests.Networking;

/// <summary>A plan is the same every time, and arrives in init as it was made.</summary>
public class NetworkPlanTests
{
    public static TheoryData<int> Seeds() => [.. Enumerable.Range(0, 100)];

    [Theory, MemberData(nameof(Seeds))]
    public void The_same_topology_gives_the_same_bytes(int seed) => Bytes(RandomTopology.Any(seed).Plan()).Should().Equal(Bytes(RandomTopology.Any(seed).Plan()));

    [Theory, MemberData(nameof(Seeds))]
    public void A_plan_survives_the_wire(int seed)
    {
        NetworkPlan plan = RandomTopology.Any(seed).Plan();
        var reader = new ByteReader(Bytes(plan));
        NetworkPlan read = reader.Plan();
        Bytes(read).Should().Equal(Bytes(plan));
        PlanText.Describe(read).Should().Be(PlanText.Describe(plan));
    }

    [Fact]
    public void Every_part_of_a_plan_survives_the_wire()
    {
        NetworkPlan plan = RandomTopology.Any(3).Plan();
        var reader = new ByteReader(Bytes(plan));
        reader.Plan().Should().BeEquivalentTo(plan, o => o.WithStrictOrdering().ComparingByValue<System.Net.IPNetwork>().ComparingByValue<NetworkAddress>().ComparingByValue<System.Net.IPAddress>());
    }

    [Fact]
    public void Different_topologies_give_different_bytes() =>
        Enumerable.Range(0, 100).Select(seed => Convert.ToHexString(Bytes(RandomTopology.Any(seed).Plan()))).Should().OnlyHaveUniqueItems();

    [Fact]
    public void Five_hundred_hosts_fit_on_one_network()
    {
        NetworkPlan plan = new Topology().WithNetwork("big", n => n.WithSubnet("10.1.0.0/16")).WithRouter("r").WithHosts([.. Enumerable.Range(0, 500).Select(i => $"h{i}")]).Plan();
        plan.Hosts.Should().HaveCount(502);
        plan.Hosts[^1].Interfaces.Single().Addresses.Select(a => a.ToString()).Should().Equal("10.1.1.246/16", "fd00::1f6/64");
        plan.Hosts.SelectMany(h => h.Interfaces).SelectMany(i => i.Addresses).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void No_name_of_a_plan_is_too_long_for_the_kernel() =>
        new Topology().WithNetwork("big", n => n.WithSubnet("10.0.0.0/8").WithoutIPv6()).WithHosts([.. Enumerable.Range(0, 2000).Select(i => $"h{i}")]).Plan()
            .Hosts.SelectMany(h => h.Interfaces).Select(i => i.PortName).Should().OnlyHaveUniqueItems().And.OnlyContain(n => n.Length <= 15);

    [Fact]
    public void The_hosts_file_holds_every_name_at_every_address()
    {
        NetworkPlan plan = Topology.Of("client").WithHost("server", h => h.WithDnsNames("api.example.com")).Plan();
        new HostsFile(plan, ipv6: true).TextFor(plan.Test).Should().Be(
            "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n10.0.0.2 test\nfd00::2 test\n10.0.0.3 client\nfd00::3 client\n10.0.0.4 server api.example.com\nfd00::4 server api.example.com\n");
        new HostsFile(plan, ipv6: false).TextFor(plan.Test).Should().Be("127.0.0.1 localhost\n10.0.0.2 test\n10.0.0.3 client\n10.0.0.4 server api.example.com\n");
    }

    [Fact]
    public void The_hosts_file_has_the_nearest_address_of_a_router_first()
    {
        NetworkPlan plan = new Topology().WithNetwork("a", n => n.WithoutIPv6()).WithNetwork("b", n => n.WithoutIPv6()).WithRouter("r").WithHost("x", h => h.On("b")).Plan();
        var file = new HostsFile(plan, ipv6: true);
        file.TextFor(plan.Test).Split('\n').Where(l => l.EndsWith(" r")).Should().Equal("10.0.0.1 r", "10.0.1.1 r");
        file.TextFor(plan.Hosts[2]).Split('\n').Where(l => l.EndsWith(" r")).Should().Equal("10.0.1.1 r", "10.0.0.1 r");
    }

    private static byte[] Bytes(NetworkPlan plan) => new ByteWriter().Plan(plan).Written.ToArray();
}
