using FluentAssertions;
using NsFixture.Networking;

namespace NsFixture.Tests.Networking;

/// <summary>Who is reached through whom, without a word about it in the topology.</summary>
public class RouteTests
{
    // net0 - r1 - net1 - r2 - net2 - r3 - net3
    private static readonly Topology Chain = new Topology().WithNetwork("net0").WithNetwork("net1").WithNetwork("net2").WithNetwork("net3")
        .WithRouter("r1", r => r.On("net0").On("net1")).WithRouter("r2", r => r.On("net1").On("net2")).WithRouter("r3", r => r.On("net2").On("net3"))
        .WithHost("end", h => h.On("net3"));

    [Fact]
    public void In_a_chain_of_three_routers_each_sends_towards_the_end()
    {
        Routes4(Chain, "r1").Should().Equal("10.0.2.0/24 10.0.1.2 eth1", "10.0.3.0/24 10.0.1.2 eth1");
        Routes4(Chain, "r2").Should().Equal("10.0.0.0/24 10.0.1.1 eth0", "10.0.3.0/24 10.0.2.2 eth1");
        Routes4(Chain, "r3").Should().Equal("10.0.0.0/24 10.0.2.1 eth0", "10.0.1.0/24 10.0.2.1 eth0");
    }

    [Fact]
    public void IPv6_takes_the_same_ways() =>
        Routes(Chain, "r3").Should().Equal("10.0.0.0/24 10.0.2.1 eth0", "10.0.1.0/24 10.0.2.1 eth0", "fd00::/64 fd00:0:0:2::1 eth0", "fd00:0:0:1::/64 fd00:0:0:2::1 eth0");

    [Fact]
    public void A_host_has_its_network_s_router_as_its_default_route()
    {
        Routes(Chain, "test").Should().Equal("0.0.0.0/0 10.0.0.1 eth0", "::/0 fd00::1 eth0");
        Routes(Chain, "end").Should().Equal("0.0.0.0/0 10.0.3.1 eth0", "::/0 fd00:0:0:3::1 eth0");
    }

    [Fact]
    public void In_a_star_the_rays_reach_one_another_through_the_hub()
    {
        Topology star = new Topology().WithNetwork("hub");
        for (int i = 1; i <= 4; i++)
        {
            string ray = $"ray{i}";
            star = star.WithNetwork(ray).WithRouter($"r{i}", r => r.On(ray).On("hub"));
        }
        Routes4(star, "r1").Should().Equal("10.0.2.0/24 10.0.0.3 eth1", "10.0.3.0/24 10.0.0.4 eth1", "10.0.4.0/24 10.0.0.5 eth1");
        Routes4(star, "r4").Should().Equal("10.0.1.0/24 10.0.0.1 eth1", "10.0.2.0/24 10.0.0.3 eth1", "10.0.3.0/24 10.0.0.4 eth1");
    }

    [Fact]
    public void In_a_ring_the_shorter_way_is_taken_and_of_two_the_one_through_the_router_declared_first()
    {
        // r1 joins n0 and n1, r2 n1 and n2, r3 n2 and n3, r4 n3 and n0.
        Topology ring = new Topology();
        for (int i = 0; i < 4; i++)
            ring = ring.WithNetwork($"n{i}", n => n.WithoutIPv6());
        for (int i = 0; i < 4; i++)
        {
            int at = i;
            ring = ring.WithRouter($"r{i + 1}", r => r.On($"n{at}").On($"n{(at + 1) % 4}"));
        }
        Routes4(ring, "r1").Should().Equal("10.0.2.0/24 10.0.1.2 eth1", "10.0.3.0/24 10.0.0.3 eth0"); // by r2; by r4
        Routes4(ring, "r3").Should().Equal("10.0.0.0/24 10.0.3.2 eth1", "10.0.1.0/24 10.0.2.1 eth0"); // by r4; by r2

        Topology five = new Topology();
        for (int i = 0; i < 5; i++)
            five = five.WithNetwork($"n{i}", n => n.WithoutIPv6());
        for (int i = 0; i < 5; i++)
        {
            int at = i;
            five = five.WithRouter($"r{i + 1}", r => r.On($"n{at}").On($"n{(at + 1) % 5}"));
        }
        // r1 is on n0 and n1; n3 is two routers away either way: by r2 and r3, or by r5 and r4.
        Routes4(five, "r1").Should().Contain("10.0.3.0/24 10.0.1.2 eth1");
        // r4 is on n3 and n4; n1 too: by r3 and r2, or by r5 and r1.
        Routes4(five, "r4").Should().Contain("10.0.1.0/24 10.0.3.1 eth0");
    }

    [Fact]
    public void Of_two_routers_on_a_network_the_first_declared_is_the_default_route() =>
        Routes4(new Topology().WithNetwork("a").WithNetwork("b").WithRouter("z").WithRouter("y"), "test").Should().Equal("0.0.0.0/0 10.0.0.1 eth0");

    [Fact]
    public void Between_two_ways_of_equal_length_the_router_declared_first_is_taken() =>
        Routes4(new Topology().WithNetwork("a").WithNetwork("b").WithRouter("r", r => r.On("a")).WithRouter("z").WithRouter("y"), "r").Should().Equal("10.0.1.0/24 10.0.0.3 eth0");

    [Fact]
    public void A_host_with_no_router_on_its_first_network_has_its_default_route_through_the_next() =>
        Routes4(new Topology().WithNetwork("a").WithNetwork("b").WithRouter("r", r => r.On("b")).WithHost("x", h => h.On("a").On("b")), "x").Should().Equal("0.0.0.0/0 10.0.1.1 eth1");

    [Fact]
    public void A_network_with_no_way_to_it_has_no_route_to_it()
    {
        Topology apart = new Topology().WithNetwork("a").WithNetwork("b").WithNetwork("c").WithRouter("r", r => r.On("a").On("b"));
        Routes(apart, "r").Should().BeEmpty();
    }

    [Fact]
    public void A_family_that_a_network_on_the_way_lacks_has_no_route_over_it()
    {
        Topology gap = new Topology().WithNetwork("a").WithNetwork("b", n => n.WithoutIPv6()).WithNetwork("c")
            .WithRouter("r", r => r.On("a").On("b")).WithRouter("s", r => r.On("b").On("c"));
        Routes(gap, "r").Should().Equal("10.0.2.0/24 10.0.1.2 eth1");
    }

    [Fact]
    public void A_static_route_takes_the_place_of_the_derived_one()
    {
        Topology detour = new Topology().WithNetwork("a").WithNetwork("b").WithRouter("r").WithRouter("s")
            .WithHost("x", h => h.WithDefaultRoute("s")).WithRouter("t", t => t.On("a").WithRoute("10.0.1.0/24", "s"));
        Routes(detour, "x").Should().Equal("0.0.0.0/0 10.0.0.3 eth0", "::/0 fd00::3 eth0");
        Routes(detour, "t").Should().Equal("10.0.1.0/24 10.0.0.3 eth0", "fd00:0:0:1::/64 fd00::1 eth0");
    }

    [Fact]
    public void A_gateway_given_by_address_has_its_family_s_default_route_alone() =>
        Routes(new Topology().WithNetwork("a").WithRouter("r").WithRouter("s").WithHost("x", h => h.WithDefaultRoute("10.0.0.3")), "x")
            .Should().Equal("0.0.0.0/0 10.0.0.3 eth0", "::/0 fd00::1 eth0");

    [Fact]
    public void A_route_to_elsewhere_goes_through_the_named_router() =>
        Routes4(Chain.WithHost("x", h => h.On("net3").WithRoute("192.0.2.0/24", "R3")), "x").Should().Equal("192.0.2.0/24 10.0.3.1 eth0", "0.0.0.0/0 10.0.3.1 eth0");

    [Fact]
    public void Without_derived_routes_a_host_has_those_given_alone() =>
        Routes(Chain.WithHost("x", h => h.WithoutDerivedRoutes().WithRoute("10.0.1.0/24", "r1")), "x").Should().Equal("10.0.1.0/24 10.0.0.1 eth0");

    [Fact]
    public void Default_routes_that_meet_at_an_edge_are_no_loop()
    {
        Topology tree = Chain.WithRouter("r4", r => r.On("net3").WithDefaultRoute("r3")).WithRouter("r5", r => r.On("net3").WithRoute("10.0.0.0/24", "r3").WithRoute("10.0.0.0/8", "r3"));
        Routes4(tree, "r4").Should().Contain("0.0.0.0/0 10.0.3.1 eth0");
    }

    [Fact]
    public void Every_packet_between_any_two_hosts_arrives()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            NetworkPlan plan = RandomTopology.Connected(seed).Plan();
            foreach (PlannedHost from in plan.Hosts)
                foreach (NetworkAddress to in plan.Hosts.SelectMany(h => h.Interfaces).SelectMany(i => i.Addresses))
                    Arrives(plan, from, to).Should().BeTrue($"seed {seed}: {from.Name} to {to}");
        }
    }

    /// <summary>Forwards by longest prefix, as the kernel does, from router to router, each nearer than the last.</summary>
    private static bool Arrives(NetworkPlan plan, PlannedHost at, NetworkAddress to)
    {
        for (int hops = 0; hops <= plan.Hosts.Count; hops++)
        {
            if (at.Interfaces.Any(i => (plan.Networks[i.Network].Subnet is { } s && s.Contains(to.Address)) || (plan.Networks[i.Network].Subnet6 is { } s6 && s6.Contains(to.Address))))
                return true;
            PlannedRoute? route = at.Routes.Where(r => r.Destination.Contains(to.Address)).MaxBy(r => r.Destination.PrefixLength);
            if (route == null)
                return false;
            at = plan.Hosts.Single(h => h.Interfaces.Any(i => i.Network == at.Interfaces[route.Interface].Network && i.Addresses.Any(a => a.Address.Equals(route.Gateway))));
            at.IsRouter.Should().BeTrue();
        }
        return false;
    }

    private static IEnumerable<string> Routes(Topology topology, string host)
    {
        PlannedHost planned = topology.Plan().Hosts.Single(h => h.Name == host);
        return planned.Routes.Select(r => $"{r.Destination} {r.Gateway} {planned.Interfaces[r.Interface].Device}");
    }

    private static IEnumerable<string> Routes4(Topology topology, string host) => Routes(topology, host).Where(r => !r.Contains(':'));

    [Fact]
    public void Nobody_outside_a_NAT_has_a_route_to_what_is_behind_it()
    {
        NetworkPlan plan = new Topology().WithNetwork("internet").WithNetwork("home").WithNetwork("far")
            .WithRouter("gateway", r => r.On("internet").On("home").WithNat("internet", Nat.Home)).WithRouter("backbone", r => r.On("internet").On("far"))
            .WithHost("server").WithHost("client", h => h.On("home")).WithHost("distant", h => h.On("far")).Plan();
        PlannedHost Host(string name) => plan.Hosts.Single(h => h.Name == name);
        Host("backbone").Routes.Select(r => $"{r.Destination}").Should().Equal("fd00:0:0:1::/64");
        Host("server").Routes.Select(r => $"{r.Destination} {r.Gateway}").Should().Equal("0.0.0.0/0 10.0.0.3", "::/0 fd00::1");
        Host("client").Routes.Select(r => $"{r.Destination} {r.Gateway}").Should().Equal("0.0.0.0/0 10.0.1.1", "::/0 fd00:0:0:1::1");
        Host("gateway").Routes.Select(r => $"{r.Destination} {r.Gateway}").Should().Equal("10.0.2.0/24 10.0.0.3", "fd00:0:0:2::/64 fd00::3");
    }

    [Fact]
    public void Routers_outside_have_a_route_to_a_translated_prefix() =>
        new Topology().WithNetwork("internet").WithNetwork("home").WithNetwork("far")
            .WithRouter("gateway", r => r.On("internet").On("home").WithNat("internet", Nat.Home.WithIPv6Prefix("2001:db8:1::/64"))).WithRouter("backbone", r => r.On("internet").On("far"))
            .Plan().Hosts.Single(h => h.Name == "backbone").Routes.Select(r => $"{r.Destination} {r.Gateway}").Should().Contain("2001:db8:1::/64 fd00::1");
}
