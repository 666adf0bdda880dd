using FluentAssertions;

namespace NsFixture.Tests.Networking;

/// <summary>Each thing that cannot be is one sentence, which names the node, the setting and its value.</summary>
public class InvalidTopologyTests
{
    private static readonly Topology Two = new Topology().WithNetwork("a").WithNetwork("b").WithRouter("r");

    [Fact]
    public void A_topology_without_networks() => Problem(new Topology().WithHost("x")).Should().Contain("empty").And.Contain("WithNetwork");

    [Theory, InlineData(""), InlineData("-x"), InlineData("x-"), InlineData("a.b"), InlineData("ü"), InlineData("a b"), InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void A_name_that_is_no_label(string name)
    {
        Problem(Topology.Of(name)).Should().Contain($"Host \"{name}\"").And.Contain("1 to 63 letters");
        Problem(Topology.Of().WithRouter(name)).Should().Contain($"Router \"{name}\"").And.Contain("1 to 63 letters");
        Problem(Topology.Of().WithNetwork(name)).Should().Contain($"Network \"{name}\"").And.Contain("1 to 63 letters");
        Problem(Topology.Of("x").WithRegion(name, "x")).Should().Contain($"Region \"{name}\"").And.Contain("1 to 63 letters");
        Problem(Topology.Of().WithTestHost(name)).Should().Contain($"Host \"{name}\"").And.Contain("1 to 63 letters");
    }

    [Fact]
    public void The_length_of_a_name_that_is_too_long() => Problem(Topology.Of(new string('x', 64))).Should().Contain("64 characters");

    [Fact]
    public void A_name_of_63_characters_is_fine() => Topology.Of(new string('x', 63)).Plan().Hosts.Should().HaveCount(2);

    [Theory, InlineData("localhost"), InlineData("LOCALHOST"), InlineData("10")]
    public void A_name_that_programs_take_for_something_else(string name)
    {
        Problem(Topology.Of(name)).Should().Contain($"Name = \"{name}\" is reserved");
        Problem(Topology.Of().WithHost("x", h => h.WithDnsNames(name))).Should().Contain("Host \"x\"").And.Contain($"\"{name}\" is reserved");
    }

    [Fact]
    public void Two_networks_of_one_name() => Problem(Topology.Of().WithNetwork("LAN")).Should().Contain("Network \"LAN\"").And.Contain("taken");

    [Fact]
    public void Two_hosts_of_one_name() => Problem(Topology.Of("x", "X")).Should().Contain("Host \"X\"").And.Contain("taken");

    [Fact]
    public void A_host_and_a_router_of_one_name() => Problem(Topology.Of("x").WithRouter("x")).Should().Contain("Router \"x\"").And.Contain("taken");

    [Fact]
    public void A_second_host_with_the_test_s_name() => Problem(Topology.Of("test", "Test")).Should().Contain("Host \"Test\"").And.Contain("taken");

    [Fact]
    public void Two_regions_of_one_name() => Problem(Topology.Of("x", "y").WithRegion("eu", "x").WithRegion("EU", "y")).Should().Contain("Region \"EU\"").And.Contain("taken");

    [Fact]
    public void A_DNS_name_of_two_hosts() =>
        Problem(Topology.Of().WithHost("x", h => h.WithDnsNames("api.example.com")).WithHost("y", h => h.WithDnsNames("API.example.com")))
            .Should().Contain("Host \"y\"").And.Contain("\"API.example.com\" is taken by host \"x\"");

    [Fact]
    public void A_DNS_name_that_is_another_host_s_name() =>
        Problem(Topology.Of("x").WithHost("y", h => h.WithDnsNames("X"))).Should().Contain("Host \"y\"").And.Contain("\"X\" is taken by host \"x\"");

    [Theory, InlineData(""), InlineData("a..b"), InlineData(".a"), InlineData("a."), InlineData("-a.b"), InlineData("a_b.c")]
    public void A_DNS_name_that_is_none(string name) =>
        Problem(Topology.Of().WithHost("x", h => h.WithDnsNames(name))).Should().Contain("Host \"x\"").And.Contain($"DnsName = \"{name}\"");

    [Theory, InlineData("10.0.0.0"), InlineData("10.0.0.5/24"), InlineData("10.0.0.0/33"), InlineData("10.0.0.0/31"), InlineData("127.0.0.0/8"), InlineData("fd00::/64"), InlineData("10.1/16"), InlineData("")]
    public void A_subnet_that_is_none(string subnet) =>
        Problem(new Topology().WithNetwork("a", n => n.WithSubnet(subnet))).Should().Contain("Network \"a\": Subnet =").And.Contain($"\"{subnet}\"");

    [Theory, InlineData("fd00::"), InlineData("fd00::1/64"), InlineData("fd00::/127"), InlineData("fe80::/64"), InlineData("ff00::/8"), InlineData("10.0.0.0/24")]
    public void An_IPv6_subnet_that_is_none(string subnet) =>
        Problem(new Topology().WithNetwork("a", n => n.WithSubnet6(subnet))).Should().Contain("Network \"a\": Subnet6 =").And.Contain($"\"{subnet}\"");

    [Fact]
    public void A_network_without_IPv4_and_IPv6() => Problem(new Topology().WithNetwork("a", n => n.WithoutIPv4().WithoutIPv6())).Should().Contain("Network \"a\"").And.Contain("neither");

    [Theory, InlineData("10.1.0.0/16", "10.1.2.0/24"), InlineData("10.1.2.0/24", "10.1.0.0/16"), InlineData("10.1.0.0/16", "10.1.0.0/16")]
    public void Prefixes_that_overlap(string one, string other) =>
        Problem(new Topology().WithNetwork("a", n => n.WithSubnet(one)).WithNetwork("b", n => n.WithSubnet(other)))
            .Should().Contain("Network \"b\"").And.Contain($"\"{other}\" overlaps with {one} of network \"a\"");

    [Fact]
    public void IPv6_prefixes_that_overlap() =>
        Problem(new Topology().WithNetwork("a", n => n.WithSubnet6("fd00::/48")).WithNetwork("b", n => n.WithSubnet6("fd00:0:0:7::/64")))
            .Should().Contain("Network \"b\"").And.Contain("overlaps with fd00::/48 of network \"a\"");

    [Fact]
    public void A_network_that_no_prefix_is_left_for() =>
        Problem(new Topology().WithNetwork("a", n => n.WithSubnet("10.0.0.0/8")).WithNetwork("b")).Should().Contain("Network \"b\"").And.Contain("set Subnet");

    [Fact]
    public void A_pool_that_is_exhausted() =>
        Problem(new Topology().WithNetwork("a", n => n.WithSubnet("10.7.0.0/29")).WithHosts("b", "c", "d", "e", "f", "g"))
            .Should().Contain("Network \"a\"").And.Contain("\"10.7.0.0/29\" is exhausted: 2 of its 7").And.Contain("at most 28 bits");

    [Theory, InlineData("10.0.1.5"), InlineData("10.0.0.0"), InlineData("10.0.0.255"), InlineData("fd01::1"), InlineData("fd00::")]
    public void An_address_that_is_not_on_its_network(string address) =>
        Problem(Topology.Of().WithHost("x", h => h.On("lan", address))).Should().Contain("Host \"x\", eth0").And.Contain($"\"{address}\" is not on network \"lan\"");

    [Theory, InlineData("ten"), InlineData("10.0.0.5/24"), InlineData("10.5"), InlineData("010.0.0.5"), InlineData("fd00::5%1"), InlineData("")]
    public void An_address_that_is_none(string address) =>
        Problem(Topology.Of().WithHost("x", h => h.On("lan", address))).Should().Contain("Host \"x\", eth0").And.Contain($"\"{address}\" is not an IPv4 or IPv6 address");

    [Fact]
    public void An_address_of_a_family_that_the_network_has_not() =>
        Problem(new Topology().WithNetwork("a", n => n.WithoutIPv6()).WithHost("x", h => h.On("a", "fd00::5"))).Should().Contain("Host \"x\", eth0").And.Contain("has no IPv6");

    [Fact]
    public void An_address_that_is_given_twice() =>
        Problem(Topology.Of().WithHost("x", h => h.On("lan", "10.0.0.9")).WithHost("y", h => h.On("lan", "10.0.0.9")))
            .Should().Contain("Host \"y\", eth0").And.Contain("\"10.0.0.9\" is that of Host \"x\", eth0");

    [Fact]
    public void A_network_that_does_not_exist() =>
        Problem(Two.WithHost("x", h => h.On("c"))).Should().Contain("Host \"x\", eth0").And.Contain("\"c\" does not exist: the networks are a, b");

    [Theory, InlineData(""), InlineData("sixteen-chars-no"), InlineData("lo"), InlineData("a/b"), InlineData("a b"), InlineData("..")]
    public void An_interface_name_that_cannot_be(string name) =>
        Problem(Topology.Of().WithHost("x", h => h.On("lan", i => i.WithName(name)))).Should().Contain("Host \"x\"").And.Contain($"interface Name = \"{name}\"");

    [Fact]
    public void An_interface_name_of_15_characters_is_fine() =>
        Topology.Of().WithHost("x", h => h.On("lan", i => i.WithName("fifteen-chars-x"))).Plan().Hosts.Should().HaveCount(2);

    [Fact]
    public void An_interface_name_that_a_host_has_twice() =>
        Problem(Two.WithHost("x", h => h.On("a", i => i.WithName("eth1")).On("b"))).Should().Contain("Host \"x\"").And.Contain("\"eth1\" is that of two");

    [Theory, InlineData(67), InlineData(65536), InlineData(0), InlineData(-1)]
    public void An_MTU_out_of_range(int mtu)
    {
        Problem(new Topology().WithNetwork("a", n => n.WithMtu(mtu).WithoutIPv6())).Should().Contain($"Network \"a\": Mtu = {mtu} is out of range: 68 to 65535");
        Problem(Topology.Of().WithHost("x", h => h.On("lan", i => i.WithMtu(mtu)))).Should().Contain($"Host \"x\", eth0: Mtu = {mtu} is out of range: 1280 to 65535");
    }

    [Fact]
    public void An_MTU_too_small_for_IPv6()
    {
        Problem(new Topology().WithNetwork("a", n => n.WithMtu(1279))).Should().Contain("Network \"a\": Mtu = 1279 is too small for IPv6");
        new Topology().WithNetwork("a", n => n.WithMtu(68).WithoutIPv6()).Plan().Networks[0].Mtu.Should().Be(68);
    }

    [Theory, InlineData("10.9.0.1/16"), InlineData("10.9.0.0"), InlineData("everywhere")]
    public void A_route_without_a_destination(string destination) =>
        Problem(Two.WithHost("x", h => h.WithRoute(destination, "r"))).Should().Contain("Host \"x\"").And.Contain($"\"{destination}\" via \"r\"").And.Contain("CIDR");

    [Fact]
    public void A_route_through_nobody() => Problem(Two.WithHost("x", h => h.WithDefaultRoute("s"))).Should().Contain("Host \"x\"").And.Contain("no host has the name \"s\". The routers are r");

    [Fact]
    public void A_route_through_a_host() => Problem(Two.WithHost("x", h => h.WithDefaultRoute("test"))).Should().Contain("Host \"x\"").And.Contain("does not forward");

    [Fact]
    public void A_route_through_a_host_s_address() => Problem(Two.WithHost("x", h => h.WithDefaultRoute("10.0.0.2"))).Should().Contain("Host \"x\"").And.Contain("does not forward");

    [Fact]
    public void A_route_through_itself()
    {
        Problem(Two.WithHost("x", h => h.WithDefaultRoute("x"))).Should().Contain("Host \"x\"").And.Contain("leads to itself");
        Problem(Two.WithHost("x", h => h.On("a", "10.0.0.9").WithDefaultRoute("10.0.0.9"))).Should().Contain("Host \"x\"").And.Contain("leads to itself");
    }

    [Fact]
    public void A_gateway_on_another_network() =>
        Problem(Two.WithRouter("far", r => r.On("b")).WithHost("x", h => h.WithDefaultRoute("far"))).Should().Contain("Host \"x\"").And.Contain("unreachable gateway: \"far\" is on \"b\", not on \"a\"");

    [Fact]
    public void A_gateway_s_address_on_another_network() => Problem(Two.WithHost("x", h => h.WithDefaultRoute("10.0.1.1"))).Should().Contain("Host \"x\"").And.Contain("unreachable gateway").And.Contain("10.0.1.1");

    [Fact]
    public void A_gateway_s_address_that_nobody_has() => Problem(Two.WithHost("x", h => h.WithDefaultRoute("10.0.0.77"))).Should().Contain("Host \"x\"").And.Contain("nothing on network \"a\" has that address");

    [Fact]
    public void A_gateway_without_the_destination_s_family() =>
        Problem(new Topology().WithNetwork("a", n => n.WithoutIPv6()).WithRouter("r").WithHost("x", h => h.WithRoute("::/0", "r"))).Should().Contain("Host \"x\"").And.Contain("share no network with IPv6");

    [Fact]
    public void A_gateway_s_address_of_the_other_family() => Problem(Two.WithHost("x", h => h.WithRoute("fd09::/64", "10.0.0.1"))).Should().Contain("Host \"x\"").And.Contain("mixes IPv4 and IPv6");

    [Fact]
    public void Two_routes_to_one_destination() =>
        Problem(Two.WithHost("x", h => h.WithRoute("10.9.0.0/16", "r").WithRoute("10.9.0.0/16", "10.0.0.1"))).Should().Contain("Host \"x\"").And.Contain("second one to 10.9.0.0/16");

    [Fact]
    public void A_route_to_a_network_the_host_is_on() => Problem(Two.WithHost("x", h => h.WithRoute("10.0.0.0/24", "r"))).Should().Contain("Host \"x\"").And.Contain("by eth0");

    [Fact]
    public void Routers_that_send_packets_in_circles() =>
        Problems(new Topology().WithNetwork("a").WithRouter("r", r => r.WithDefaultRoute("s")).WithRouter("s", s => s.WithRoute("0.0.0.0/0", "r")))
            .Should().ContainSingle().Which.Should().Contain("Router \"r\"").And.Contain("\"0.0.0.0/0\"").And.Contain("r → s → r");

    [Fact]
    public void A_circle_that_only_part_of_a_destination_goes_round() =>
        // 10.9.0.0/24 is delivered; the rest of 10.9.0.0/16 goes back to r, whose route is the shorter one.
        Problem(new Topology().WithNetwork("a").WithNetwork("b", n => n.WithSubnet("10.9.0.0/24"))
            .WithRouter("r", r => r.On("a").WithRoute("10.9.0.0/16", "s")).WithRouter("s", s => s.WithRoute("10.0.0.0/8", "r")))
            .Should().Contain("r → s → r").And.Contain("10.9.1.0");

    [Fact]
    public void A_circle_of_one_static_route_and_derived_ones() =>
        // c is two routers from r1, which r2 is asked to send back to.
        Problem(new Topology().WithNetwork("a").WithNetwork("b").WithNetwork("c").WithRouter("r1", r => r.On("a"))
            .WithRouter("r2", r => r.On("a").On("b").WithRoute("10.0.2.0/24", "r1")).WithRouter("r3", r => r.On("b").On("c")))
            .Should().Contain("Router \"r2\"").And.Contain("r2 → r1 → r2");

    [Fact]
    public void Conditions_out_of_range_by_link_and_direction()
    {
        LinkConditions bad = LinkConditions.Perfect.WithLoss(101);
        Problem(new Topology().WithNetwork("a", n => n.WithConditions(bad))).Should().Contain("Network \"a\": Loss = 101 is out of range: 0 to 100 percent");
        Problem(Topology.Of().WithHost("x", h => h.On("lan", i => i.WithConditions(up: bad, down: LinkConditions.Lan)))).Should().Contain("Host \"x\", eth0, up: Loss = 101");
        Problem(Topology.Of().WithHost("x", h => h.On("lan", i => i.WithConditions(up: LinkConditions.Lan, down: bad)))).Should().Contain("Host \"x\", eth0, down: Loss = 101");
        Problem(Topology.Of("x").WithRegion("eu", "x").WithRegionConditions("eu", "eu", bad)).Should().Contain("Region \"eu\" to \"eu\": Loss = 101");
    }

    [Fact]
    public void A_region_of_unknown_hosts() => Problem(Topology.Of("x").WithRegion("eu", "y")).Should().Contain("Region \"eu\": Host = \"y\" does not exist: the hosts are test, x");

    [Fact]
    public void A_region_without_hosts() => Problem(Topology.Of("x").WithRegion("eu")).Should().Contain("Region \"eu\" has no hosts");

    [Fact]
    public void A_host_in_two_regions() => Problem(Topology.Of("x").WithRegion("eu", "x").WithRegion("us", "X")).Should().Contain("Region \"us\": Host = \"X\" is in region \"eu\"");

    [Fact]
    public void A_host_twice_in_a_region() => Problem(Topology.Of("x").WithRegion("eu", "x", "x")).Should().Contain("Region \"eu\": Host = \"x\" stands twice");

    [Fact]
    public void A_delay_to_an_unknown_region() =>
        Problem(Topology.Of("x").WithRegion("eu", "x").WithRegionConditions("eu", "us", LinkConditions.Lan)).Should().Contain("\"us\" does not exist: the regions are eu");

    [Fact]
    public void A_delay_that_is_set_twice() =>
        Problems(Topology.Of("x", "y").WithRegion("eu", "x").WithRegion("us", "y").WithRegionDelay("eu", "us", TimeSpan.FromMilliseconds(1)).WithRegionDelay("US", "eu", TimeSpan.FromMilliseconds(2)))
            .Should().HaveCount(2).And.OnlyContain(p => p.Contains("set twice"));

    [Fact]
    public void A_NAT_to_a_network_that_is_not_the_router_s_own() => Problem(Two.WithRouter("s", s => s.On("a").WithNat("b", Nat.Home))).Should().Contain("Router \"s\", NAT").And.Contain("\"b\" is none of its own: a");

    [Fact]
    public void A_NAT_with_nothing_inside() => Problem(Two.WithRouter("s", s => s.On("a").WithNat("a", Nat.Home))).Should().Contain("Router \"s\", NAT").And.Contain("nothing inside");

    [Fact]
    public void A_NAT_with_values_that_cannot_be()
    {
        NatProblem(Nat.Home.WithMapping((NatMapping)7)).Should().Contain("Mapping = 7 is unknown");
        NatProblem(Nat.Home.WithFiltering((NatFiltering)7)).Should().Contain("Filtering = 7 is unknown");
        NatProblem(Nat.Home.WithPorts((NatPorts)7)).Should().Contain("Ports = 7 is unknown");
        NatProblem(Nat.Home.WithPorts(NatPorts.Random, 2, 1)).Should().Contain("2 to 1 cannot be");
        NatProblem(Nat.Home.WithPorts(NatPorts.Random, 0, 65536)).Should().Contain("0 to 65536 cannot be");
        NatProblem(Nat.Home.WithUdpTimeout(TimeSpan.FromMilliseconds(1500))).Should().Contain("UdpTimeout = 1.5 s").And.Contain("whole seconds");
        NatProblem(Nat.Home.WithTcpTimeout(TimeSpan.Zero)).Should().Contain("TcpTimeout = 0 s");
    }

    [Fact]
    public void A_NAT64_that_cannot_be()
    {
        NatProblem(Nat.Home.WithoutIPv4().WithIPv6Masquerade().WithNat64()).Should().Contain("ends in the NAT of IPv4");
        Problem(new Topology().WithNetwork("a").WithNetwork("b", n => n.WithoutIPv4()).WithRouter("r", r => r.WithNat("b", Nat.Home.WithNat64()))).Should().Contain("\"b\" does not have");
        Problem(new Topology().WithNetwork("a", n => n.WithSubnet("198.18.0.0/15")).WithNetwork("b").WithRouter("r", r => r.WithNat("b", Nat.Home.WithNat64()))).Should().Contain("198.19.0.0/16").And.Contain("\"a\"");
    }

    [Fact]
    public void A_way_out_that_cannot_be()
    {
        static Topology One(string? machine) => new Topology().WithNetwork("a").WithRouter("r", r => r.WithEgress(machine));
        Problem(One("nowhere")).Should().Contain("Router \"r\"").And.Contain("\"nowhere\" is not an IPv4 or IPv6 address");
        Problem(One("10.0.0.9")).Should().Contain("of network \"a\"");
        Problem(One("127.0.0.1")).Should().Contain("nothing that routers pass on");
        Problem(One(null).WithRouter("s", r => r.WithEgress())).Should().Contain("Router \"s\"").And.Contain("router \"r\"'s already");
    }

    [Fact]
    public void A_port_forward_that_cannot_be()
    {
        NatProblem(Nat.Home.WithPortForward(IPTransport.Icmp, 80, "test")).Should().Contain("icmp 80 → test:80").And.Contain("only TCP and UDP");
        NatProblem(Nat.Home.WithPortForward(IPTransport.Tcp, 80, "nobody")).Should().Contain("leads nowhere").And.Contain("\"nobody\"");
        NatProblem(Nat.Home.WithPortForward(IPTransport.Tcp, 0, "test", 80)).Should().Contain("Port = 0 is out of range");
        NatProblem(Nat.Home.WithPortForward(IPTransport.Tcp, 80, "test").WithPortForward(IPTransport.Tcp, 80, "test", 81)).Should().Contain("second one");
        NatProblem(Nat.Public.WithPortForward(IPTransport.Tcp, 80, "test")).Should().Contain("no effect");
    }

    [Fact]
    public void An_outside_prefix_that_cannot_be()
    {
        NatProblem(Nat.Home.WithIPv6Prefix("10.0.0.0/8")).Should().Contain("Prefix6 = \"10.0.0.0/8\" is not an IPv6 network");
        NatProblem(Nat.Home.WithIPv6Prefix("2001:db8::/48")).Should().Contain("as long as").And.Contain("fd00::/64");
        NatProblem(Nat.Home.WithIPv6Prefix("fd00:0:0:1::/64")).Should().Contain("overlaps").And.Contain("\"b\"");
        Problem(new Topology().WithNetwork("a").WithNetwork("b").WithNetwork("c").WithRouter("r", r => r.WithNat("b", Nat.Home.WithIPv6Prefix("2001:db8::/64")))).Should().Contain("there are 2");
    }

    [Fact]
    public void A_firewall_that_cannot_be()
    {
        FirewallProblem(Firewall.Open.WithInbound((FirewallAction)7)).Should().Contain("Inbound = 7 is unknown");
        FirewallProblem(Firewall.Open.Allow((FirewallDirection)7)).Should().Contain("unknown direction or protocol");
        FirewallProblem(Firewall.Open.Allow(FirewallDirection.Inbound, IPTransport.Icmp, "80")).Should().Contain("ICMP has no ports");
        FirewallProblem(Firewall.Open.Deny(FirewallDirection.Inbound, IPTransport.Tcp, from: "nobody")).Should().Contain("\"drop inbound tcp from nobody\" is about nobody");
        foreach (string ports in (string[])["", "http", "80-", "90-80", "65536", "1-2-3", "-1"])
            FirewallProblem(Firewall.Open.Allow(FirewallDirection.Inbound, IPTransport.Tcp, ports)).Should().Contain($"Ports = \"{ports}\"");
        Problem(Two.WithRouter("s", s => s.On("a").WithFirewall("b", Firewall.Home))).Should().Contain("Router \"s\", firewall").And.Contain("none of its own");
    }

    [Fact]
    public void All_that_is_wrong_is_named_at_once_and_nothing_that_only_follows_from_it()
    {
        Topology topology = new Topology()
            .WithNetwork("a b")
            .WithNetwork("b", n => n.WithSubnet("10.0.0.0/33").WithMtu(12).WithConditions(LinkConditions.Lan.WithRate(0)))
            .WithRouter("r", r => r.On("a b").On("b").On("c"))
            .WithHost("x", h => h.On("a b", "10.0.0.999").WithDefaultRoute("nobody"))
            .WithHost("X", h => h.On("b").WithDefaultRoute("10.0.0.1"))
            .WithRegion("eu", "y");
        IReadOnlyList<string> problems = Problems(topology);
        problems.Should().HaveCount(9);
        problems.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void The_exception_s_message_has_a_line_for_each_problem()
    {
        Action planning = () => Topology.Of("x", "x", "-").Plan();
        planning.Should().Throw<InvalidTopologyException>().Which.Message.Split(Environment.NewLine).Should().HaveCount(2);
    }

    private static string NatProblem(Nat nat) => Problem(new Topology().WithNetwork("a").WithNetwork("b").WithRouter("r", r => r.WithNat("b", nat)));

    private static string FirewallProblem(Firewall firewall) => Problem(Topology.Of().WithHost("x", h => h.WithFirewall(firewall)));

    private static string Problem(Topology topology) => Problems(topology).Should().ContainSingle().Subject;

    private static IReadOnlyList<string> Problems(Topology topology)
    {
        Action planning = () => topology.Plan();
        return planning.Should().Throw<InvalidTopologyException>().Which.Problems;
    }
}
