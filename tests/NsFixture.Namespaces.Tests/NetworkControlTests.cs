using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Namespaces.Tests;

/// <summary>What <c>ip link</c>, <c>ip address</c> and <c>ip route</c> do, between network namespaces.</summary>
[IsolatedNetwork]
public class NetworkControlTests
{
    [Fact]
    public void A_veth_end_is_moved_by_pid_into_a_process_and_both_reach_each_other()
    {
        using var sleeper = new Sleeper("--net");
        using NetworkControl here = NetworkControl.Current(), there = NetworkControl.OfProcess(sleeper.Id);
        here.AddVeth("left", "right");
        here.Interfaces.Should().Contain(["left", "right"]);
        here.Move("right", sleeper.Id, "inner");
        here.Interfaces.Should().Contain("left").And.NotContain("right");
        there.Interfaces.Should().Equal("lo", "inner");
        foreach (var (stack, name, number) in new[] { (here, "left", 1), (there, "inner", 2) })
        {
            stack.AddAddress(name, $"10.77.0.{number}/24");
            stack.AddAddress(name, $"fd77::{number}/64");
            stack.SetMtu(name, 1400);
            stack.SetUp(name);
        }
        Tool.Output("ip", "-o", "address", "show", "dev", "left").Should().Contain("10.77.0.1/24").And.Contain("fd77::1/64");
        Tool.Output("nsenter", $"--net=/proc/{sleeper.Id}/ns/net", "ip", "-o", "link", "show", "dev", "inner").Should().Contain("mtu 1400").And.Contain("UP");
        there.Addresses.Should().Contain([IPAddress.Parse("10.77.0.2"), IPAddress.Parse("fd77::2")]);
        Answers("10.77.0.2").Should().BeTrue();
        Answers("fd77::2").Should().BeTrue();

        there.RemoveAddress("inner", "10.77.0.2/24");
        there.Addresses.Should().NotContain(IPAddress.Parse("10.77.0.2"));
        here.Remove("left");
        there.Interfaces.Should().Equal("lo");
    }

    [Fact]
    public void A_bridge_and_a_router_are_made_of_namespaces_that_nobody_is_in()
    {
        using LinuxNamespace switchSpace = LinuxNamespace.Create(NamespaceTypes.Network).Single();
        using NetworkControl center = NetworkControl.Of(switchSpace), here = NetworkControl.Current();
        center.AddBridge("br0");
        center.SetUp("br0");
        center.AddAddress("br0", "10.78.0.254/24");
        foreach (string name in (string[])["one", "two"])
        {
            using LinuxNamespace space = LinuxNamespace.Create(NamespaceTypes.Network).Single();
            using NetworkControl host = NetworkControl.Of(space);
            host.AddVeth("eth0", name, center);
            host.AddAddress("eth0", name == "one" ? "10.78.0.1/24" : "10.78.0.2/24");
            host.SetUp("eth0");
            center.Plug(name, "br0");
            center.SetUp(name);
            if (name == "one")
            {
                host.AddRoute("default", "10.78.0.254");
                space.Run(() => File.ReadAllLines("/proc/thread-self/net/route")).Should().Contain(l => l.StartsWith("eth0\t00000000\tFE004E0A\t"));
                space.Run(() => Answers("10.78.0.254")).Should().BeTrue();
                host.RemoveRoute("default", "10.78.0.254");
                space.Run(() => File.ReadAllLines("/proc/thread-self/net/route")).Should().NotContain(l => l.StartsWith("eth0\t00000000\t"));
                center.SetDown(name);
                center.Unplug(name);
            }
            else
            {
                space.Run(() => Answers("10.78.0.254")).Should().BeTrue();
            }
        }
        here.Interfaces.Should().NotContain("br0");
    }

    [Fact]
    public void What_cannot_be_is_said_with_its_cause_and_changes_nothing()
    {
        using var sleeper = new Sleeper("--net");
        using NetworkControl here = NetworkControl.Current(), there = NetworkControl.OfProcess(sleeper.Id);
        IReadOnlyList<string> before = here.Interfaces;
        LinuxNamespaceTests.Say(() => here.AddVeth("a", "lo", there)).Should().StartWith($"{here}: cannot make \"a\" with its peer \"lo\" in {there}: that is there already: remove it first");
        LinuxNamespaceTests.Say(() => here.SetUp("none")).Should().StartWith($"{here}: cannot set \"none\" up: there is no such interface; there is {string.Join(", ", before)}.");
        LinuxNamespaceTests.Say(() => here.Remove("none")).Should().Contain("there is no such interface");
        LinuxNamespaceTests.Say(() => here.Remove("lo")).Should().Contain("does not allow it");
        LinuxNamespaceTests.Say(() => there.AddRoute("default", "10.9.9.9")).Should().Contain("no interface that is up is on the gateway's network");
        LinuxNamespaceTests.Say(() => here.Move("eth0", 4_000_000)).Should().StartWith("There is no process 4000000");
        ((Action)(() => here.AddBridge("a name that is long"))).Should().Throw<ArgumentException>().WithMessage("\"a name that is long\" is no name for an interface: give 1 to 15*");
        ((Action)(() => here.AddAddress("eth0", "10.0.0.9"))).Should().Throw<ArgumentException>().WithMessage("*write 10.9.0.1/24*");
        ((Action)(() => here.AddRoute("10.0.0.1/8", "10.0.0.1"))).Should().Throw<ArgumentException>().WithMessage("*host bits zero*");
        using LinuxNamespace uts = LinuxNamespace.Current(NamespaceTypes.Uts);
        ((Action)(() => NetworkControl.Of(uts))).Should().Throw<ArgumentException>().WithMessage($"{uts} is no network namespace*");
        here.Interfaces.Should().Equal(before);
        there.Interfaces.Should().Equal("lo");
    }

    [Fact]
    public async Task A_process_that_the_test_has_started_is_attached_to_its_network()
    {
        VirtualNetwork network = IsolatedNetwork.Current.Network;
        using NamespaceProcess process = new NamespaceCommand("cat").WithNew(NamespaceTypes.Network).WithLoopback().Start();
        using LinuxNamespace there = process.Open(NamespaceTypes.Network);
        Attachment attachment = await network.AttachProcessAsync(process.Id, "guest", "lan", i => i.WithAddress("10.0.0.77"));
        attachment.Addresses.Should().Contain(IPAddress.Parse("10.0.0.77"));
        there.Run(() => Answers(network.TestHost.Address.ToString())).Should().BeTrue();
        using (Socket listener = there.Run(() => { var s = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp); s.Bind(new IPEndPoint(IPAddress.Any, 80)); s.Listen(); return s; }))
        using (await network.TestHost.ConnectAsync("guest", 80).WaitAsync(TimeSpan.FromSeconds(30)))
            (await listener.AcceptAsync()).Dispose();
        await attachment.DisposeAsync();
        using NetworkControl stack = NetworkControl.Of(there);
        stack.Interfaces.Should().Equal("lo");
        var unknown = () => network.AttachProcessAsync(4_000_000, "guest", "lan");
        (await unknown.Should().ThrowAsync<NamespaceException>()).WithMessage("There is no process 4000000*");
        var nowhere = () => network.AttachNamespaceAsync(there, "guest", "wan");
        await nowhere.Should().ThrowAsync<InvalidTopologyException>().WithMessage("*Network = \"wan\" does not exist*");
    }

    internal static bool Answers(string address)
    {
        using var ping = new Ping();
        // The first packet may be lost on a link that has just come up.
        return Enumerable.Range(0, 20).Any(_ => ping.Send(address, 1000).Status == IPStatus.Success);
    }
}

/// <summary>Two sandboxes of a plain program's.</summary>
public class ConnectedNetworksTests
{
    [Fact]
    public async Task Root_connects_two_of_them_and_others_are_told_why_they_may_not()
    {
        await using VirtualNetwork one = await VirtualNetwork.CreateAsync(new Topology().WithNetwork("lan", n => n.WithSubnet("10.1.0.0/24").WithSubnet6("fd01::/64")).WithHost("client"));
        await using VirtualNetwork other = await VirtualNetwork.CreateAsync(new Topology().WithNetwork("lan", n => n.WithSubnet("10.2.0.0/24").WithSubnet6("fd02::/64")).WithRouter("gateway").WithHost("server"));
        string before = one.Describe();
        var connecting = () => one.AttachHostAsync(other["gateway"], "lan");
        if (!Root.IsTheMachines)
        {
            (await connecting.Should().ThrowAsync<SandboxException>()).WithMessage("The network of host \"gateway\" may not be entered*CAP_SYS_ADMIN*Run as root*");
            one.Describe().Should().Be(before);
            return;
        }
        await using (Attachment gateway = await connecting())
        {
            gateway.Interface.Should().Be("eth1");
            using Socket listener = other["gateway"].Listen(80), behind = other["server"].Listen(80);
            using (await one["client"].ConnectAsync("gateway", 80).WaitAsync(TimeSpan.FromSeconds(30)))
                (await listener.AcceptAsync()).Dispose();
            // Over the gateway, which is a router there, to a host of the other network.
            using NetworkControl client = NetworkControl.Of(NamespaceOf(one["client"]));
            client.AddRoute("10.2.0.0/24", gateway.Addresses[0].ToString());
            using NetworkControl server = NetworkControl.Of(NamespaceOf(other["server"]));
            using (await one["client"].ConnectAsync(other["server"].Address.ToString(), 80).WaitAsync(TimeSpan.FromSeconds(30)))
                (await behind.AcceptAsync()).Dispose();
        }
        one.Describe().Should().Be(before);
        other["gateway"].Run(() => File.ReadAllText("/proc/thread-self/net/dev")).Should().NotContain("eth1");

        await using VirtualNetwork alike = await VirtualNetwork.CreateAsync(new Topology().WithNetwork("home", n => n.WithSubnet("10.1.0.0/16")).WithHost("pc"));
        var same = () => one.AttachHostAsync(alike["pc"], "lan");
        await same.Should().ThrowAsync<InvalidTopologyException>().WithMessage("*\"lan\" here and \"home\", which host \"pc\" is on, have addresses in common*WithSubnet*");
        var own = () => one.AttachHostAsync(one["client"], "lan");
        await own.Should().ThrowAsync<ArgumentException>().WithMessage("*one of this network already*");
    }

    private static LinuxNamespace NamespaceOf(VirtualHost host) => host.Run(() => LinuxNamespace.Current(NamespaceTypes.Network));
}
