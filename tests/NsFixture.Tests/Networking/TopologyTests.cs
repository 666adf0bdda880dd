using FluentAssertions;
using NsFixture.Networking;

namespace NsFixture.Tests.Networking;

/// <summary>What is not declared follows from the order of what is.</summary>
public class TopologyTests
{
    [Fact]
    public void Host_names_alone_give_one_network_with_the_test_first()
    {
        NetworkPlan plan = Topology.Of("client", "server").Plan();
        plan.Networks.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Name = "lan", Mtu = 1500, InterfaceCount = 3 });
        $"{plan.Networks[0].Subnet} {plan.Networks[0].Subnet6}".Should().Be("10.0.0.0/24 fd00::/64");
        plan.Hosts.Select(h => $"{h.Name} {h.Interfaces.Single().Device} {Addresses(h)}").Should().Equal(
            "test eth0 10.0.0.2/24 fd00::2/64", "client eth0 10.0.0.3/24 fd00::3/64", "server eth0 10.0.0.4/24 fd00::4/64");
    }

    [Fact]
    public void A_topology_without_hosts_has_the_test_on_the_network_that_a_sandbox_has_without_one()
    {
        SandboxSpec sandbox = new SandboxOptions().Resolve("/");
        PlannedHost test = Topology.Of().Plan().Test;
        test.Name.Should().Be(sandbox.HostName);
        test.Interfaces.Single().Addresses.Should().Equal(sandbox.Plan.Test.Interfaces[0].Addresses[0], sandbox.Plan.Test.Interfaces[0].Addresses[1]);
        test.Interfaces.Single().HardwareAddress.Should().Equal(NetworkAddress.HardwareAddress(sandbox.Plan.Test.Interfaces[0].Addresses[0].Address, 0));
    }

    [Fact]
    public void A_topology_does_not_change_by_what_is_added_to_it()
    {
        Topology one = Topology.Of("a");
        one.WithHost("b").WithNetwork("other").WithTestHost("me");
        (one.Plan().Hosts.Count, one.Plan().Networks.Count, one.TestHostName).Should().Be((2, 1, "test"));
    }

    [Fact]
    public void With_several_networks_the_test_and_unplaced_hosts_are_on_the_first()
    {
        NetworkPlan plan = new Topology().WithNetwork("a").WithNetwork("b").WithHost("x").WithHost("y", h => h.On("b")).Plan();
        plan.Hosts.Select(h => $"{h.Name} {plan.Networks[h.Interfaces.Single().Network].Name}").Should().Equal("test a", "x a", "y b");
    }

    [Fact]
    public void An_unplaced_router_is_on_every_network() =>
        new Topology().WithNetwork("a").WithNetwork("b").WithNetwork("c").WithRouter("r").Plan().Hosts[1].Interfaces.Select(i => (i.Device, i.Network))
            .Should().Equal(("eth0", 0), ("eth1", 1), ("eth2", 2));

    [Fact]
    public void The_test_is_the_first_host_wherever_it_is_declared()
    {
        NetworkPlan plan = new Topology().WithNetwork("a").WithNetwork("b").WithHost("x", h => h.On("b")).WithHost("test", h => h.On("b")).Plan();
        plan.Hosts.Select(h => $"{h.Name} {Addresses(h)}").Should().Equal("test 10.0.1.2/24 fd00:0:0:1::2/64", "x 10.0.1.3/24 fd00:0:0:1::3/64");
    }

    [Fact]
    public void The_test_s_host_may_have_another_name() =>
        Topology.Of("client").WithTestHost("runner").Plan().Hosts.Select(h => h.Name).Should().Equal("runner", "client");

    [Fact]
    public void Networks_are_numbered_past_the_prefixes_that_are_given()
    {
        NetworkPlan plan = new Topology().WithNetwork("a").WithNetwork("b", n => n.WithSubnet("10.0.0.0/23").WithSubnet6("fd00::/62")).WithNetwork("c").Plan();
        plan.Networks.Select(n => $"{n.Subnet} {n.Subnet6}").Should().Equal("10.0.4.0/24 fd00:0:0:4::/64", "10.0.0.0/23 fd00::/62", "10.0.5.0/24 fd00:0:0:5::/64");
    }

    [Fact]
    public void A_given_prefix_does_not_renumber_other_networks()
    {
        NetworkPlan plan = new Topology().WithNetwork("a", n => n.WithSubnet("192.168.0.0/24")).WithNetwork("b").Plan();
        plan.Networks.Select(n => $"{n.Subnet} {n.Subnet6}").Should().Equal("192.168.0.0/24 fd00::/64", "10.0.1.0/24 fd00:0:0:1::/64");
    }

    [Fact]
    public void The_first_router_on_a_network_has_its_first_address() =>
        new Topology().WithNetwork("a").WithRouter("r").WithRouter("s").WithHost("x").Plan().Hosts.Select(h => $"{h.Name} {Addresses(h)}").Should().Equal(
            "test 10.0.0.2/24 fd00::2/64", "r 10.0.0.1/24 fd00::1/64", "s 10.0.0.3/24 fd00::3/64", "x 10.0.0.4/24 fd00::4/64");

    [Fact]
    public void A_given_address_is_kept_free_for_its_host_though_others_come_first()
    {
        NetworkPlan plan = Topology.Of("a").WithHost("b", h => h.On("lan", "10.0.0.3")).WithHost("c", h => h.On("lan", "fd00::2")).Plan();
        plan.Hosts.Select(h => $"{h.Name} {Addresses(h)}").Should().Equal(
            "test 10.0.0.4/24 fd00::4/64", "a 10.0.0.5/24 fd00::5/64", "b 10.0.0.3/24 fd00::3/64", "c 10.0.0.2/24 fd00::2/64");
    }

    [Fact]
    public void An_interface_may_have_several_addresses_in_the_order_given_IPv4_first() =>
        Addresses(Topology.Of().WithHost("a", h => h.On("lan", i => i.WithAddress("fd00::9").WithAddress("10.0.0.9").WithAddress("10.0.0.8"))).Plan().Hosts[1])
            .Should().Be("10.0.0.9/24 10.0.0.8/24 fd00::9/64");

    [Fact]
    public void A_network_may_do_without_either_family()
    {
        NetworkPlan plan = new Topology().WithNetwork("four", n => n.WithoutIPv6()).WithNetwork("six", n => n.WithoutIPv4()).WithHost("a", h => h.On("four").On("six")).Plan();
        Addresses(plan.Hosts[1]).Should().Be("10.0.0.3/24 fd00:0:0:1::2/64");
        (plan.Networks[0].Subnet6, plan.Networks[1].Subnet).Should().Be((null, null));
    }

    [Fact]
    public void The_last_address_of_a_pool_is_given_out() =>
        Addresses(new Topology().WithNetwork("a", n => n.WithSubnet("10.0.0.0/29").WithoutIPv6()).WithHosts("b", "c", "d", "e").Plan().Hosts[^1]).Should().Be("10.0.0.6/29");

    [Fact]
    public void Where_one_family_s_numbers_are_used_up_the_other_s_go_on()
    {
        // .2 is taken in IPv6 only, so the pairs of equal numbers begin at 3 and end one short; IPv4 still has room for all.
        NetworkPlan plan = new Topology().WithNetwork("a", n => n.WithSubnet("10.0.0.0/29")).WithHost("z", h => h.On("a", i => i.WithAddress("10.0.0.1").WithAddress("fd00::2")))
            .WithHosts("b", "c", "d", "e").Plan();
        plan.Hosts.Select(Addresses).Should().Equal("10.0.0.3/29 fd00::3/64", "10.0.0.1/29 fd00::2/64", "10.0.0.4/29 fd00::4/64", "10.0.0.5/29 fd00::5/64", "10.0.0.6/29 fd00::6/64", "10.0.0.2/29 fd00::7/64");
    }

    [Fact]
    public void Interfaces_are_named_by_their_place_unless_they_have_a_name() =>
        new Topology().WithNetwork("a").WithNetwork("b").WithHost("x", h => h.On("a").On("b", i => i.WithName("wan0")).On("a")).Plan().Hosts[1].Interfaces.Select(i => i.Device)
            .Should().Equal("eth0", "wan0", "eth2");

    [Fact]
    public void An_interface_has_its_network_s_MTU_unless_it_has_its_own() =>
        new Topology().WithNetwork("a", n => n.WithMtu(9000)).WithHost("x", h => h.On("a", i => i.WithMtu(1400))).Plan().Hosts.Select(h => h.Interfaces.Single().Mtu)
            .Should().Equal(9000, 1400);

    [Fact]
    public void A_link_has_its_network_s_conditions_unless_it_has_its_own()
    {
        NetworkPlan plan = new Topology().WithNetwork("a", n => n.WithConditions(LinkConditions.Wifi)).WithHost("x", h => h.On("a", i => i.WithConditions(LinkConditions.Perfect, LinkConditions.Edge))).Plan();
        plan.Hosts.Select(h => (h.Interfaces[0].Up, h.Interfaces[0].Down)).Should().Equal((LinkConditions.Wifi, LinkConditions.Wifi), (null, LinkConditions.Edge));
    }

    [Fact]
    public void Every_hardware_address_is_unique_and_locally_administered()
    {
        // Ends of IPv6 addresses may be alike, and both ends of each link and the bridges are in one switch.
        NetworkPlan plan = new Topology().WithNetwork("a").WithNetwork("b", n => n.WithoutIPv4()).WithRouter("r")
            .WithHost("x", h => h.On("b", "fd00:0:0:1:1::7")).WithHost("y", h => h.On("b", "fd00:0:0:1:2::7")).Plan();
        byte[][] all = [.. plan.Hosts.SelectMany(h => h.Interfaces).SelectMany(i => (byte[][])[i.HardwareAddress, i.PortHardwareAddress]), .. plan.Networks.Select(n => n.BridgeHardwareAddress)];
        all.Select(Convert.ToHexString).Should().OnlyHaveUniqueItems().And.HaveCount(12).And.OnlyContain(a => a.StartsWith("02") && a.Length == 12);
    }

    [Fact]
    public void Regions_hold_their_hosts_and_the_delays_between_them_both_ways()
    {
        NetworkPlan plan = Topology.Of("a", "b", "c").WithRegion("eu", "A").WithRegion("us", "b", "c")
            .WithRegionDelay("eu", "us", TimeSpan.FromMilliseconds(40)).WithRegionDelay("us", "US", TimeSpan.FromMilliseconds(3)).Plan();
        plan.Regions.Select(r => $"{r.Name} {string.Join(',', r.Hosts)}").Should().Equal("eu 1", "us 2,3");
        plan.RegionConditions.Select(r => (r.From, r.To, r.Conditions.Delay.TotalMilliseconds)).Should().Equal((0, 1, 40), (1, 0, 40), (1, 1, 3));
    }

    [Fact]
    public void A_class_can_stand_for_a_topology() => new TwoOffices().Plan().Hosts.Select(h => h.Name).Should().Equal("test", "vpn", "clerk");

    private sealed class TwoOffices() : Topology(new Topology().WithNetwork("office1").WithNetwork("office2").WithRouter("vpn").WithHost("clerk", h => h.On("office2")));

    [Fact]
    public void The_documentation_s_example_can_be()
    {
        var topology = new Topology()
            .WithNetwork("home", n => n.WithSubnet("192.168.1.0/24").WithConditions(LinkConditions.Wifi))
            .WithNetwork("internet", n => n.WithMtu(1400))
            .WithRouter("gateway", r => r.On("home").On("internet", i => i.WithConditions(up: LinkConditions.Dsl.WithRate(1_000_000), down: LinkConditions.Dsl)))
            .WithHost("laptop")
            .WithHost("server", h => h.On("internet", "10.0.1.80").WithDnsNames("api.example.com"));
        topology.Plan().Hosts.Should().HaveCount(4);
        new ThreeRegions().Plan().RegionConditions.Should().HaveCount(6);
    }

    private sealed class ThreeRegions() : Topology(Of("eu1", "us1", "asia1")
        .WithRegion("eu", "eu1").WithRegion("us", "us1").WithRegion("asia", "asia1")
        .WithRegionDelay("eu", "us", TimeSpan.FromMilliseconds(40))
        .WithRegionDelay("eu", "asia", TimeSpan.FromMilliseconds(90))
        .WithRegionDelay("us", "asia", TimeSpan.FromMilliseconds(70)));

    private static string Addresses(PlannedHost host) => string.Join(' ', host.Interfaces.SelectMany(i => i.Addresses));
}
