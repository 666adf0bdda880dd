using System.Net;
using System.Net.Sockets;
using FluentAssertions;

namespace NsFixture.Isolated.Tests;

/// <summary>The name server keeps up with hosts that come, go, change their addresses and are rebooted.</summary>
public class RuntimeNamesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static Task<VirtualNetwork> Shop() => VirtualNetwork.CreateAsync(Topology.Of("client", "server").WithDns(d => d.WithoutHostsFile().A("shop.example", "10.0.0.3")));

    private static async Task<string> LookUp(VirtualHost host, string name) =>
        (await host.Command("getent").WithArguments("ahostsv4", name).RunAsync().WaitAsync(Patience)).StandardOutput.Split(' ')[0];

    [Fact]
    public async Task A_rebooted_host_has_its_name_server_again()
    {
        await using VirtualNetwork network = await Shop();
        VirtualHost client = network["client"];
        client.Reboot();
        (await LookUp(client, "shop.example")).Should().Be("10.0.0.3");
        (await LookUp(client, "server")).Should().Be(network["server"].Address.ToString());
        client.Reboot();
        network.Dns.Fail("shop.example", DnsFailure.Truncated); // it comes by TCP then
        (await client.ResolveAsync("shop.example")).Should().Equal(IPAddress.Parse("10.0.0.3"));
        network.Dns.Queries.Should().Contain(q => q.Host == "client" && q.OverTcp);
    }

    [Fact]
    public async Task A_host_that_comes_later_has_a_name_server_that_knows_it()
    {
        await using VirtualNetwork network = await Shop();
        VirtualHost late = await network.AddHostAsync("late", h => h.WithDnsNames("late.example"));
        (await LookUp(late, "shop.example")).Should().Be("10.0.0.3");
        (await LookUp(late, "server.internal")).Should().Be(network["server"].Address.ToString());
        foreach (string name in (string[])["late", "late.example", "late.internal"])
            (await LookUp(network["client"], name)).Should().Be(late.Address.ToString());
        network.RemoveHost("late");
        (await LookUp(network["client"], "late.example")).Should().BeEmpty();
        VirtualHost next = await network.AddHostAsync("late");
        (await LookUp(network["client"], "late")).Should().Be(next.Address.ToString());
        (await LookUp(next, "late.example")).Should().BeEmpty("that was the other one's");
    }

    [Fact]
    public async Task An_address_that_changes_changes_in_the_name_server_and_what_was_declared_stays()
    {
        await using VirtualNetwork network = await Shop();
        network.Dns.Set("pay.example", "192.0.2.7");
        network["server"].SetAddresses("eth0", "10.0.0.77");
        (await LookUp(network["client"], "server")).Should().Be("10.0.0.77");
        (await network["client"].Command("getent").WithArguments("hosts", "10.0.0.77").RunAsync()).StandardOutput.Should().Contain("server.internal");
        (await LookUp(network["client"], "pay.example")).Should().Be("192.0.2.7");
        (await LookUp(network["client"], "shop.example")).Should().Be("10.0.0.3");
    }

    [Fact]
    public async Task A_name_server_that_is_asked_for_late_serves_whom_there_is_then()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("client", "server"));
        network["client"].Reboot();
        VirtualHost late = await network.AddHostAsync("late");
        network.Dns.Set("shop.example", "10.0.0.3");
        foreach (VirtualHost host in (VirtualHost[])[network["client"], network["server"], late])
            (await LookUp(host, "shop.example")).Should().Be("10.0.0.3");
        network["server"].Kill();
        (await LookUp(late, "shop.example")).Should().Be("10.0.0.3", "another host's power is not its own");
        network["server"].Reboot();
        (await LookUp(network["server"], "shop.example")).Should().Be("10.0.0.3");
        network.RemoveHost("server");
        (await LookUp(late, "shop.example")).Should().Be("10.0.0.3");
    }
}
