using System.Xml.Linq;
using FluentAssertions;
using NsFixture.Networking;

namespace NsFixture.Tests.Networking;

/// <summary>A topology can be looked at.</summary>
public class DrawingTests
{
    private static readonly Topology Offices = new Topology()
        .WithNetwork("home", n => n.WithSubnet("192.168.1.0/24").WithConditions(LinkConditions.Wifi))
        .WithNetwork("internet", n => n.WithMtu(1400).WithoutIPv6())
        .WithRouter("gateway", r => r.On("home").On("internet", i => i.WithConditions(up: LinkConditions.Perfect.WithRate(1_000_000), down: LinkConditions.Dsl)))
        .WithHost("server", h => h.On("internet", "10.0.1.80").WithDnsNames("api.example.com"))
        .WithRegion("eu", "test").WithRegion("us", "server").WithRegionDelay("eu", "us", TimeSpan.FromMilliseconds(40));

    [Fact]
    public void As_text_it_is_tables() => Offices.Describe().Should().Be(
        """
        NETWORK   SUBNET          SUBNET6    MTU   HOSTS
        home      192.168.1.0/24  fd00::/64  1500  test, gateway
        internet  10.0.1.0/24                1400  gateway, server

        HOST                  INTERFACE  NETWORK   ADDRESSES                   MTU   CONDITIONS
        test (runs the test)  eth0       home      192.168.1.2/24, fd00::2/64  1500  3 ms ± 2 ms, 0.2 % loss, 100 Mbit/s
        gateway (router)      eth0       home      192.168.1.1/24, fd00::1/64  1500  3 ms ± 2 ms, 0.2 % loss, 100 Mbit/s
                              eth1       internet  10.0.1.1/24                 1400  up 1 Mbit/s; down 12 ms ± 2 ms, 16 Mbit/s
        server                eth0       internet  10.0.1.80/24                1400

        NAME             HOST
        api.example.com  server

        ROUTES OF  DESTINATION     GATEWAY      INTERFACE
        test       default (IPv4)  192.168.1.1  eth0
                   default (IPv6)  fd00::1      eth0
        server     default (IPv4)  10.0.1.1     eth0

        REGION  HOSTS
        eu      test
        us      server

        FROM REGION  TO REGION  CONDITIONS
        eu           us         40 ms
        us           eu         40 ms

        """);

    [Fact]
    public void As_Mermaid_it_is_a_flowchart() => Offices.ToMermaid().Split('\n').Should().Equal(
        "graph LR",
        "    n0([\"home<br/>192.168.1.0/24<br/>fd00::/64\"]):::network",
        "    n1([\"internet<br/>10.0.1.0/24\"]):::network",
        "    subgraph g0[\"eu\"]",
        "        h0[\"test\"]:::test",
        "    end",
        "    subgraph g1[\"us\"]",
        "        h2[\"server<br/>api.example.com\"]",
        "    end",
        "    h1{{\"gateway\"}}:::router",
        "    h0 ---|\"eth0 192.168.1.2, fd00::2<br/>3 ms ± 2 ms, 0.2 % loss, 100 Mbit/s\"| n0",
        "    h1 ---|\"eth0 192.168.1.1, fd00::1<br/>3 ms ± 2 ms, 0.2 % loss, 100 Mbit/s\"| n0",
        "    h1 ---|\"eth1 10.0.1.1<br/>up 1 Mbit/s; down 12 ms ± 2 ms, 16 Mbit/s\"| n1",
        "    h2 ---|\"eth0 10.0.1.80\"| n1",
        "    g0 <-.->|\"40 ms\"| g1",
        "    classDef network fill:#dbe9f6,stroke:#2f6fab,color:#12314d",
        "    classDef router fill:#fde8cf,stroke:#c2701c,color:#4d2b08",
        "    classDef test stroke-width:3px",
        "");

    [Fact]
    public void NATs_and_firewalls_are_shown_in_each()
    {
        Topology home = new Topology().WithNetwork("home", n => n.WithoutIPv6()).WithNetwork("internet", n => n.WithoutIPv6())
            .WithRouter("gateway", r => r.WithNat("internet", Nat.Home.WithPortForward(IPTransport.Tcp, 8080, "test", 80)).WithFirewall("internet", Firewall.Home))
            .WithHost("server", h => h.On("internet").WithFirewall(Firewall.BlockInbound.Allow(FirewallDirection.Inbound, IPTransport.Tcp, "22,8000-8999", from: "home")));
        home.Describe().Should().Contain(
            """
            NAT OF   OUTSIDE   NAT
            gateway  internet  EIM, APDF, preserved ports, hairpin, UDP 300 s, tcp 8080 → test:80

            FIREWALL OF  OUTSIDE   RULES
            gateway      internet  inbound drop, outbound allow
            server                 allow inbound tcp 22,8000-8999 from home; else inbound drop, outbound allow

            """);
        home.ToMermaid().Should().Contain("{{\"gateway<br/>NAT to internet: EIM, APDF, preserved ports, hairpin, UDP 300 s, tcp 8080 → test:80<br/>firewall to internet: inbound drop, outbound allow\"}}");
        home.ToSvg().Should().Contain(">NAT to internet: EIM, APDF,").And.Contain(">firewall: allow inbound tcp 22,8000-8999 from home;");
    }

    [Theory, MemberData(nameof(NetworkPlanTests.Seeds), MemberType = typeof(NetworkPlanTests))]
    public void As_SVG_it_is_well_formed_and_holds_every_name_and_address(int seed)
    {
        NetworkPlan plan = RandomTopology.Any(seed).Plan();
        XElement svg = XElement.Parse(RandomTopology.Any(seed).ToSvg());
        string text = string.Join('\n', svg.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value)) + "\n";
        foreach (string name in plan.Networks.Select(n => n.Name).Concat(plan.Hosts.Select(h => h.Name)).Concat(plan.Hosts.SelectMany(h => h.DnsNames)))
            text.Should().Contain(name);
        foreach (NetworkAddress address in plan.Hosts.SelectMany(h => h.Interfaces).SelectMany(i => i.Addresses))
            text.Should().Contain($" {address}\n");
    }

    [Theory, MemberData(nameof(NetworkPlanTests.Seeds), MemberType = typeof(NetworkPlanTests))]
    public void In_the_SVG_no_box_lies_on_another_or_under_a_line_and_all_is_in_the_picture(int seed)
    {
        XElement svg = XElement.Parse(RandomTopology.Any(seed).ToSvg());
        double Number(XElement e, string name) => double.Parse(e.Attribute(name)!.Value);
        var boxes = svg.Elements().Where(e => e.Name.LocalName == "rect" && e.Attribute("class") != null)
            .Select(e => (Left: Number(e, "x"), Top: Number(e, "y"), Right: Number(e, "x") + Number(e, "width"), Bottom: Number(e, "y") + Number(e, "height"), Kind: e.Attribute("class")!.Value)).ToList();
        foreach (var a in boxes)
        {
            (a.Left >= 0 && a.Top >= 0 && a.Right <= Number(svg, "width") && a.Bottom <= Number(svg, "height")).Should().BeTrue();
            foreach (var b in boxes.Where(b => b != a))
                (a.Right <= b.Left || b.Right <= a.Left || a.Bottom <= b.Top || b.Bottom <= a.Top).Should().BeTrue($"{a} and {b} are apart");
        }
        foreach (XElement line in svg.Elements().Where(e => e.Name.LocalName == "line"))
            boxes.Where(b => b.Kind != "network" && b.Left < Number(line, "x1") && Number(line, "x1") < b.Right && b.Top < Math.Max(Number(line, "y1"), Number(line, "y2")) && Math.Min(Number(line, "y1"), Number(line, "y2")) < b.Bottom)
                .Should().BeEmpty();
    }

    [Fact]
    public void A_topology_that_cannot_be_cannot_be_looked_at_either()
    {
        Action[] drawings = [() => new Topology().Describe(), () => new Topology().ToMermaid(), () => new Topology().ToSvg()];
        drawings.Should().AllSatisfy(d => d.Should().Throw<InvalidTopologyException>());
    }
}
