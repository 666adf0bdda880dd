using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Interfaces, addresses and routes change while the network runs.</summary>
[IsolatedNetwork<TwoFloorsAndAnAttic>]
public class RuntimeInterfacesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    private static VirtualHost Client => Network["client"];

    private static VirtualHost Server => Network["server"];

    [Fact]
    public async Task An_interface_is_added_and_used()
    {
        Client.AddInterface("attic").Should().Be("eth1");
        Client.AddInterface("first", i => i.WithName("up").WithAddress("10.0.1.50").WithMtu(1300)).Should().Be("up");
        Client.Interfaces.Should().Equal("eth0", "eth1", "up");
        Links(Client).Should().Equal("eth0 1500", "eth1 1500", "up 1300");
        Server.AddInterface("attic").Should().Be("eth1");
        using Socket listener = Server.Listen(80);
        using TcpClient near = await Client.ConnectAsync("10.0.2.3", 80).WaitAsync(Patience);
        ((IPEndPoint)near.Client.LocalEndPoint!).Address.ToString().Should().Be("10.0.2.2");
        using TcpClient direct = await Client.ConnectAsync(Server.Address.ToString(), 80).WaitAsync(Patience);
        ((IPEndPoint)direct.Client.LocalEndPoint!).Address.ToString().Should().Be("10.0.1.50", "it is on that network itself now");
    }

    [Fact]
    public async Task An_interface_is_removed_with_its_addresses_and_routes()
    {
        Client.AddInterface("first");
        Client.RemoveInterface("eth0");
        Client.Interfaces.Should().Equal("eth1");
        Links(Client).Should().Equal("eth1 1500");
        Client.Addresses.Should().HaveCount(2);
        await ConnectAsync(Client, Server);
        await ConnectAsync(Network.TestHost, Client);
        Client.AddInterface("ground").Should().Be("eth0", "the first name that is free");
        await ConnectAsync(Network.TestHost, Client);
        Network.Describe().Should().Contain("eth1");
    }

    [Fact]
    public void The_only_interface_stays()
    {
        var removing = () => Client.RemoveInterface("eth0");
        removing.Should().Throw<InvalidOperationException>().WithMessage("*\"client\": eth0 is its only interface*");
        var wrong = () => Client.RemoveInterface("eth7");
        wrong.Should().Throw<ArgumentException>().WithMessage("*\"client\" has no interface \"eth7\"; it has eth0*");
    }

    [Fact]
    public async Task An_interface_moves_to_another_network_and_takes_its_routes_from_there()
    {
        string card = Card(Client);
        Client.Move("eth0", "first");
        Client.Address.ToString().Should().StartWith("10.0.1.");
        Card(Client).Should().Be(card);
        await ConnectAsync(Client, Server);
        await ConnectAsync(Client, Network.TestHost);
        Client.Move("eth0", "attic", "10.0.2.99");
        Client.Addresses.Select(a => a.ToString()).Should().Equal("10.0.2.99", "fd00:0:0:2::2");
        var connecting = () => Client.ConnectAsync("server", 80).WaitAsync(Patience);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
        Client.Move("eth0", "ground");
        await ConnectAsync(Client, Server);
    }

    [Fact]
    public async Task Addresses_are_set_added_and_removed()
    {
        Client.SetAddresses("eth0", "10.0.0.100", "10.0.0.101", "fd00::100");
        await SeesAsync("10.0.0.100", "fd00::100");
        Client.AddAddress("eth0", "10.0.0.102");
        Client.Addresses.Select(a => a.ToString()).Should().Equal("10.0.0.100", "10.0.0.101", "10.0.0.102", "fd00::100");
        await SeesAsync("10.0.0.100", "fd00::100");
        Client.SetAddresses("eth0", "10.0.0.102", "10.0.0.100", "fd00::101");
        await SeesAsync("10.0.0.102", "fd00::101");
        Client.RemoveAddress("10.0.0.102");
        await SeesAsync("10.0.0.100", "fd00::101");
        foreach (string gone in (string[])["10.0.0.101", "10.0.0.102", "fd00::100"])
            Own(Client).Should().NotContain(gone);

        // From the server, two networks away: the routes have survived.
        static async Task SeesAsync(params string[] addresses)
        {
            using Socket listener = Server.Listen(80);
            foreach (string expected in addresses)
            {
                IPAddress to = expected.Contains(':') ? Server.Address6 : Server.Address;
                using TcpClient connection = await Client.ConnectAsync(to.ToString(), 80).WaitAsync(Patience);
                ((IPEndPoint)connection.Client.LocalEndPoint!).Address.ToString().Should().Be(expected, "the first address is the one to connect from");
            }
            await ConnectAsync(Server, Client);
        }
    }

    [Fact]
    public async Task A_host_may_lose_a_whole_family()
    {
        Client.RemoveAddress("10.0.0.3");
        Client.Addresses.Should().ContainSingle();
        var asking = () => Client.Address;
        asking.Should().Throw<InvalidOperationException>().WithMessage("*\"client\"*no IPv4*");
        await ConnectAsync(Client, Server, AddressFamily.InterNetworkV6);
        var connecting = () => Client.ConnectAsync(Server.Address.ToString(), 80).WaitAsync(Patience);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
        Client.AddAddress("eth0", "10.0.0.3");
        await ConnectAsync(Client, Server);
        Client.SetAddresses("eth0");
        Client.Addresses.Should().BeEmpty();
        Client.SetAddresses("eth0", "10.0.0.3", "fd00::3");
        await ConnectAsync(Client, Server);
    }

    [Fact]
    public async Task An_address_that_changes_hands_is_reached_at_its_new_host_at_once()
    {
        VirtualHost standby = await Network.AddHostAsync("standby");
        Client.AddAddress("eth0", "10.0.0.200");
        Client.AddAddress("eth0", "fd00::200");
        using Socket first = Client.Listen(80), second = standby.Listen(80);
        foreach (string address in (string[])["10.0.0.200", "fd00::200"])
        {
            using TcpClient before = await Network.TestHost.ConnectAsync(address, 80).WaitAsync(Patience);
            using Socket at = await first.AcceptAsync().WaitAsync(Patience);
            Client.RemoveAddress(address);
            standby.AddAddress("eth0", address);
            using TcpClient after = await Network.TestHost.ConnectAsync(address, 80).WaitAsync(TimeSpan.FromSeconds(4));
            using Socket now = await second.AcceptAsync().WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task Addresses_change_on_a_host_whose_links_are_unplugged()
    {
        Client.Disconnect();
        Client.SetAddresses("eth0", "10.0.0.77", "fd00::77");
        Client.Reconnect();
        await ConnectAsync(Client, Server);
    }

    [Fact]
    public void An_address_that_cannot_be_changes_nothing()
    {
        string before = Network.Describe();
        Action[] wrong = [() => Client.SetAddresses("eth0", "10.0.1.2"), () => Client.AddAddress("eth0", Network.TestHost.Address.ToString()), () => Client.AddAddress("eth0", "nonsense")];
        foreach (Action change in wrong)
            change.Should().Throw<InvalidTopologyException>().WithMessage("Host \"client\", eth0: Address = *");
        var removing = () => Client.RemoveAddress("10.0.0.99");
        removing.Should().Throw<ArgumentException>().WithMessage("*does not have the address \"10.0.0.99\"; it has 10.0.0.3, fd00::3*");
        Network.Describe().Should().Be(before);
        Own(Client).Should().Contain("10.0.0.3");
    }

    [Fact]
    public async Task A_change_that_the_kernel_refuses_halfway_leaves_nothing()
    {
        string before = Network.Describe(), hosts = File.ReadAllText("/etc/hosts");
        Client.Run(() => File.WriteAllText("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"));
        var adding = () => Client.AddInterface("first");
        adding.Should().Throw<SandboxException>().WithMessage("*add address fd00:0:0:1::*");
        Links(Client).Should().Equal("eth0 1500");
        Network.Describe().Should().Be(before);
        File.ReadAllText("/etc/hosts").Should().Be(hosts);
        Client.Run(() => File.WriteAllText("/proc/sys/net/ipv6/conf/default/disable_ipv6", "0"));
        Client.AddInterface("first").Should().Be("eth1");
        await ConnectAsync(Client, Server);
    }

    [Fact]
    public async Task Default_routes_are_switched_to_another_router()
    {
        VirtualHost lift = await Network.AddRouterAsync("lift", r => r.On("ground").On("first"));
        (await HopsAsync()).Should().Equal(Network["stairs"].Address, Network["stairs"].Address6);
        Client.SetDefaultRoute("lift");
        (await HopsAsync()).Should().Equal(lift.Address, lift.Address6);
        Network["stairs"].Kill();
        await ConnectAsync(Client, Network["lift"]);
        Network["stairs"].Reboot();
        Client.SetDefaultRoute(Network["stairs"].Address.ToString());
        (await HopsAsync()).Should().Equal(Network["stairs"].Address, lift.Address6);

        // The next hop of each family, as the kernel has it.
        static async Task<IPAddress[]> HopsAsync()
        {
            await ConnectAsync(Client, Server);
            return Client.Run(() => (IPAddress[])
            [
                File.ReadLines("/proc/thread-self/net/route").Select(l => l.Split('\t')).Where(f => f[1] == "00000000").Select(f => new IPAddress(Convert.FromHexString(f[2]).Reverse().ToArray())).Single(),
                File.ReadLines("/proc/thread-self/net/ipv6_route").Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(f => f[1] == "00" && f[^1] != "lo").Select(f => new IPAddress(Convert.FromHexString(f[4]))).Single(),
            ]);
        }
    }

    [Fact]
    public async Task Routes_are_added_and_removed()
    {
        Client.RemoveRoute("default");
        var connecting = () => Client.ConnectAsync("server", 80).WaitAsync(Patience);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
        Client.AddRoute("10.0.1.0/24", "stairs");
        await ConnectAsync(Client, Server, AddressFamily.InterNetwork);
        Network.Describe().Should().Contain("10.0.1.0/24");
        Client.RemoveRoute("10.0.1.0/24");
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
        Client.SetDefaultRoute("stairs");
        await ConnectAsync(Client, Server);
    }

    [Fact]
    public async Task Routes_that_cannot_be_are_refused_as_in_a_topology()
    {
        Action[] wrong = [() => Client.SetDefaultRoute("server"), () => Client.AddRoute("10.9.0.0/16", "10.0.0.222"), () => Client.AddRoute("10.9.0.1/16", "stairs"), () => Client.SetDefaultRoute("nobody")];
        string[] problems = ["does not forward", "nothing on network \"ground\" has that address", "has no destination", "no host has the name \"nobody\""];
        foreach (var (change, problem) in wrong.Zip(problems))
            change.Should().Throw<InvalidTopologyException>().WithMessage($"*{problem}*");
        var removing = () => Client.RemoveRoute("10.77.0.0/16");
        removing.Should().Throw<ArgumentException>().WithMessage("*no route to \"10.77.0.0/16\"; it has those to 0.0.0.0/0, ::/0*");
        await ConnectAsync(Client, Server);
    }

    [Fact]
    public async Task A_routers_address_changes_and_those_who_derive_their_routes_follow()
    {
        Network["stairs"].SetAddresses("eth0", "10.0.0.200", "fd00::200");
        await ConnectAsync(Client, Server);
        await ConnectAsync(Network.TestHost, Server);
        Network.Describe().Should().Contain("10.0.0.200").And.NotContain("10.0.0.1 ");
    }

    [Fact]
    public async Task Changes_outlive_a_reboot()
    {
        Client.AddInterface("attic");
        Client.SetAddresses("eth0", "10.0.0.123", "fd00::123");
        Client.Kill();
        var changing = () => Client.AddAddress("eth0", "10.0.0.124");
        changing.Should().Throw<SandboxException>().WithMessage("*switched off*");
        await Network.AddRouterAsync("ladder", r => r.On("attic").On("ground")); // concerns its routes
        Client.Reboot();
        Links(Client).Should().Equal("eth0 1500", "eth1 1500");
        Client.Address.ToString().Should().Be("10.0.0.123");
        await ConnectAsync(Client, Server);
    }

    [Fact]
    public async Task The_tests_own_host_is_changed_like_any_other()
    {
        Network.TestHost.AddInterface("first", i => i.WithAddress("10.0.1.200"));
        NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name).Should().Contain("eth1");
        using Socket listener = Server.Listen(80);
        using var client = new TcpClient();
        await client.ConnectAsync("server", 80).WaitAsync(Patience);
        Network.TestHost.Move("eth0", "attic");
        IsolatedNetwork.Current.Address.ToString().Should().Be("10.0.2.2");
        Network.TestHost.RemoveInterface("eth0");
        IsolatedNetwork.Current.Address.ToString().Should().Be("10.0.1.200");
        await ConnectAsync(Server, Network.TestHost);
    }

    [Fact]
    public async Task A_network_of_a_fixture_changes_too()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology().WithNetwork("a").WithNetwork("b").WithHost("one").WithHost("two", h => h.On("b")));
        network["one"].Move("eth0", "b");
        using Socket listener = network["one"].Listen(80);
        foreach (IPAddress address in network["one"].Addresses)
            (await network["two"].ConnectAsync(address.ToString(), 80).WaitAsync(Patience)).Dispose();
    }

    private static string[] Links(VirtualHost host) => host.Run(() => NetworkInterface.GetAllNetworkInterfaces().Where(i => i.Name != "lo")
        .Select(i => $"{i.Name} {File.ReadAllText($"/proc/sys/net/ipv6/conf/{i.Name}/mtu").Trim()}").Order(StringComparer.Ordinal).ToArray());

    private static string Own(VirtualHost host) => host.Run(() => string.Join(' ', NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address)));

    private static string Card(VirtualHost host) => host.Run(() => NetworkInterface.GetAllNetworkInterfaces().Single(i => i.Name == "eth0").GetPhysicalAddress().ToString());

    private static async Task ConnectAsync(VirtualHost from, VirtualHost to, AddressFamily? family = null)
    {
        using Socket listener = to.Listen(5432);
        foreach (IPAddress address in to.Addresses.Where(a => family == null || a.AddressFamily == family))
        {
            using TcpClient client = await from.ConnectAsync(address.ToString(), 5432).WaitAsync(Patience);
            using Socket accepted = await listener.AcceptAsync().WaitAsync(Patience);
        }
    }
}
