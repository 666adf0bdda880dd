using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>No program of the machine's is needed: with nothing in PATH all that networks can do is done.</summary>
public class EmptyPathTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact, IsolatedNetwork]
    public async Task Everything_works_with_an_empty_PATH()
    {
        Environment.SetEnvironmentVariable("PATH", ""); // of this process, which has a fork server of its own, and all it starts
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology()
            .WithNetwork("isp", n => n.WithSubnet("172.31.0.0/24").WithSubnet6("fd31::/64")).WithNetwork("home", n => n.WithSubnet("172.31.1.0/24").WithSubnet6("fd31:0:0:1::/64").WithConditions(LinkConditions.Perfect.WithDelay(TimeSpan.FromMilliseconds(2))))
            .WithRouter("uplink", r => r.On("isp").WithEgress("192.0.2.2"))
            .WithRouter("gateway", r => r.On("isp").On("home").WithNat("isp", Nat.Home.WithIPv6Masquerade().WithNat64()).WithFirewall("isp", Firewall.Home))
            .WithHost("laptop", h => h.On("home")).WithHost("server", h => h.On("isp", i => i.WithConditions(up: LinkConditions.Perfect.WithRate(50_000_000), down: LinkConditions.Perfect)))
            .WithRegion("here", "laptop").WithRegion("there", "server").WithRegionDelay("here", "there", TimeSpan.FromMilliseconds(3))
            .WithDns(d => d.A("shop.example", "172.31.0.99")));
        VirtualHost laptop = network["laptop"], server = network["server"];
        using Socket listener = server.Listen(80);
        await ConnectsAsync("server");
        await ConnectsAsync(Nat.ToNat64(server.Address).ToString());
        server.AddAddress("eth0", "172.31.0.99");
        await ConnectsAsync("shop.example");
        network.Partition("laptop", "server");
        var cut = () => laptop.ConnectAsync("server", 80).WaitAsync(TimeSpan.FromMilliseconds(300));
        await cut.Should().ThrowAsync<TimeoutException>();
        network.Heal();
        laptop.SetConditions(LinkConditions.Perfect.WithLoss(1).WithRate(20_000_000));
        network["gateway"].SetNat(Nat.Corporate);
        network["gateway"].RebindNat();
        network["gateway"].SetFirewall(Firewall.Open);
        await ConnectsAsync("server");
        laptop.Reboot();
        VirtualHost late = await network.AddHostAsync("late", h => h.On("isp"));
        late.AddInterface("home");
        await ConnectsAsync("shop.example");
        using var machine = new TcpListener(IPAddress.Loopback, 0);
        machine.Start();
        using TcpClient egress = await laptop.ConnectAsync("192.0.2.2", ((IPEndPoint)machine.LocalEndpoint).Port).WaitAsync(Limit);
        using Socket outside = await machine.AcceptSocketAsync().WaitAsync(Limit);
        (await late.Command("/bin/cat").WithArguments("/etc/hostname").AsUser("nobody").RunAsync().WaitAsync(Limit)).StandardOutput.Should().Be("late\n");
        network.Describe().Should().Contain("late");

        async Task ConnectsAsync(string to)
        {
            using TcpClient client = await laptop.ConnectAsync(to, 80).WaitAsync(Limit);
            using Socket accepted = await listener.AcceptAsync().WaitAsync(Limit);
        }
    }
}
