using System.Net;
using System.Net.Sockets;
using FluentAssertions;

namespace NsFixture.Isolated.Tests;

/// <summary>A partition is about hosts, whatever addresses, interfaces and power they get meanwhile.</summary>
[Collection(nameof(Links))]
public class PartitionChangeTests
{
    private static Task<VirtualNetwork> Triangle() => VirtualNetwork.CreateAsync(new Topology().WithNetwork("lan").WithNetwork("backup")
        .WithHost("a", h => h.On("lan")).WithHost("b", h => h.On("lan")).WithHost("c", h => h.On("lan").On("backup")));

    /// <summary>Whether a datagram from any of a host's addresses arrives at an address of another host.</summary>
    private static async Task<bool> Reaches(VirtualHost from, VirtualHost to, string address)
    {
        using UdpClient receiver = to.UdpClient(), sender = from.UdpClient();
        Task<UdpReceiveResult> receiving = receiver.ReceiveAsync();
        var target = new IPEndPoint(IPAddress.Parse(address), ((IPEndPoint)receiver.Client.LocalEndPoint!).Port);
        for (int attempt = 0; attempt < 4; attempt++)
        {
            await sender.SendAsync(new byte[] { 1 }, target);
            if (await Task.WhenAny(receiving, Task.Delay(attempt < 3 ? 50 : 200)) == receiving)
                return true;
        }
        return false;
    }

    [Fact]
    public async Task An_address_that_is_added_is_cut_off_too_and_free_after_healing()
    {
        await using VirtualNetwork network = await Triangle();
        VirtualHost a = network["a"], b = network["b"], c = network["c"];
        network.Partition("a", "b");
        b.AddAddress("eth0", "10.0.0.77");
        (await Reaches(a, b, "10.0.0.77")).Should().BeFalse();
        (await Reaches(c, b, "10.0.0.77")).Should().BeTrue();
        a.SetAddresses("eth0", "10.0.0.88"); // what it sends comes from there now
        (await Reaches(a, b, "10.0.0.77")).Should().BeFalse();
        (await Reaches(b, a, "10.0.0.88")).Should().BeFalse();
        (await Reaches(a, c, c.Address.ToString())).Should().BeTrue();
        network.Heal();
        (await Reaches(a, b, "10.0.0.77")).Should().BeTrue();
        (await Reaches(b, a, "10.0.0.88")).Should().BeTrue();
    }

    [Fact]
    public async Task An_interface_that_is_added_or_moved_is_no_way_round()
    {
        await using VirtualNetwork network = await Triangle();
        VirtualHost a = network["a"], b = network["b"], c = network["c"];
        network.Partition("a", "b");
        a.AddInterface("backup", i => i.WithAddress("10.0.1.50"));
        b.AddInterface("backup", i => i.WithAddress("10.0.1.60"));
        (await Reaches(a, b, "10.0.1.60")).Should().BeFalse();
        (await Reaches(b, a, "10.0.1.50")).Should().BeFalse();
        (await Reaches(c, b, "10.0.1.60")).Should().BeTrue();
        b.Move("eth0", "backup");
        foreach (IPAddress address in b.Addresses.Where(i => i.AddressFamily == AddressFamily.InterNetwork))
            (await Reaches(a, b, address.ToString())).Should().BeFalse("{0} is b's", address);
        network.Heal();
        (await Reaches(a, b, "10.0.1.60")).Should().BeTrue();
    }

    [Fact]
    public async Task An_address_that_goes_to_another_host_is_no_longer_cut_off()
    {
        await using VirtualNetwork network = await Triangle();
        VirtualHost a = network["a"], b = network["b"], c = network["c"];
        b.AddAddress("eth0", "10.0.0.77");
        network.Partition("a", "b");
        b.RemoveAddress("10.0.0.77");
        c.AddAddress("eth0", "10.0.0.77");
        (await Reaches(a, c, "10.0.0.77")).Should().BeTrue();
        (await Reaches(a, b, b.Address.ToString())).Should().BeFalse();
    }

    [Fact]
    public async Task A_change_that_is_refused_leaves_the_partition_as_it_was()
    {
        await using VirtualNetwork network = await Triangle();
        network.Partition("a", "b");
        Action taken = () => network["b"].AddAddress("eth0", network["c"].Address.ToString());
        taken.Should().Throw<InvalidTopologyException>();
        (await Reaches(network["a"], network["c"], network["c"].Address.ToString())).Should().BeTrue();
        (await Reaches(network["a"], network["b"], network["b"].Address.ToString())).Should().BeFalse();
    }

    [Fact]
    public async Task A_reboot_and_a_host_that_goes_do_not_heal_it()
    {
        await using VirtualNetwork network = await Triangle();
        VirtualHost a = network["a"], b = network["b"];
        network.PartitionOneWay("a", "b");
        network.Partition("b", "c");
        a.Reboot();
        (await Reaches(a, b, b.Address.ToString())).Should().BeFalse();
        (await Reaches(b, a, a.Address.ToString())).Should().BeTrue();
        b.Reboot();
        (await Reaches(a, b, b.Address.ToString())).Should().BeFalse();
        network.RemoveHost("c");
        (await Reaches(a, b, b.Address.ToString())).Should().BeFalse();
        network.Heal("a", "b");
        (await Reaches(a, b, b.Address.ToString())).Should().BeTrue();
    }
}
