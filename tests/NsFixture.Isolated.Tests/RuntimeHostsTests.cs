using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Two networks, a router between them, and one more network that nobody else is on.</summary>
public sealed class TwoFloorsAndAnAttic() : Topology(new Topology()
    .WithNetwork("ground").WithNetwork("first").WithNetwork("attic")
    .WithRouter("stairs", r => r.On("ground").On("first"))
    .WithHost("client", h => h.On("ground"))
    .WithHost("server", h => h.On("first").WithDnsNames("server.example")));

/// <summary>Hosts come and go while the network runs.</summary>
[IsolatedNetwork<TwoFloorsAndAnAttic>]
public class RuntimeHostsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    [Fact]
    public async Task A_host_that_is_added_reaches_all_and_is_reached_by_all()
    {
        VirtualHost late = await Network.AddHostAsync("late", h => h.On("first", "10.0.1.77").WithDnsNames("late.example"));
        Network["LATE.example"].Should().BeSameAs(late);
        Network.Hosts[^1].Should().BeSameAs(late);
        late.Addresses.Select(a => a.ToString()).Should().Equal("10.0.1.77", "fd00:0:0:1::3");
        await ConnectAsync("late", "server");
        await ConnectAsync("late", "client");
        await ConnectAsync("client", "late.example");
        await ConnectAsync("test", "late");
    }

    [Fact]
    public async Task Nobody_else_is_changed_by_a_host_that_is_added()
    {
        string before = Network["client"].Run(() => File.ReadAllText("/proc/thread-self/net/fib_trie") + File.ReadAllText("/proc/thread-self/net/if_inet6"));
        using Socket listener = Network["server"].Listen(80);
        using TcpClient client = await Network["client"].ConnectAsync("server", 80).WaitAsync(Patience);
        await Network.AddHostAsync("late");
        Network["client"].Run(() => File.ReadAllText("/proc/thread-self/net/fib_trie") + File.ReadAllText("/proc/thread-self/net/if_inet6")).Should().Be(before);
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Patience);
        await client.Client.SendAsync("still here"u8.ToArray());
        (await accepted.ReceiveAsync(new byte[100]).WaitAsync(Patience)).Should().Be(10);
    }

    [Fact]
    public async Task Names_of_hosts_that_come_and_go_are_known_everywhere_and_what_others_wrote_is_kept()
    {
        File.AppendAllText("/etc/hosts", "192.0.2.1 mine\n");
        await Network["server"].Command("true").RunAsync();
        await Network["client"].Command("sh").WithArguments("-c", "echo 192.0.2.2 theirs >> /etc/hosts").RunAsync();
        await Network.AddHostAsync("late", h => h.WithDnsNames("late.example"));
        (await Dns.GetHostAddressesAsync("late.example")).Should().BeEquivalentTo(Network["late"].Addresses);
        (await HostsFileAsync("server")).Split('\n').Should().BeEquivalentTo((await HostsFileAsync("late")).Split('\n'));
        (await HostsFileAsync("server")).Should().Contain($"{Network["late"].Address} late late.example\n").And.NotContain("192.0.2");
        (await HostsFileAsync("client")).Should().Contain(" late.example").And.Contain("192.0.2.2 theirs\n");
        File.ReadAllText("/etc/hosts").Should().Contain("192.0.2.1 mine\n").And.Contain(" server ");
        Network.RemoveHost("late");
        File.ReadAllText("/etc/hosts").Should().Contain("192.0.2.1 mine\n").And.NotContain("late");
        (await HostsFileAsync("client")).Should().Contain("192.0.2.2 theirs\n").And.NotContain("late");
        var resolving = () => Dns.GetHostAddressesAsync("late.example");
        await resolving.Should().ThrowAsync<SocketException>();

        static async Task<string> HostsFileAsync(string host) => (await Network[host].Command("cat").WithArguments("/etc/hosts").RunAsync().WaitAsync(Patience)).StandardOutput;
    }

    [Fact]
    public async Task Programs_run_on_a_host_that_is_added()
    {
        VirtualHost late = await Network.AddHostAsync("late");
        (await late.Command("hostname").RunAsync().WaitAsync(Patience)).StandardOutput.Should().Be("late\n");
        late.Pause();
        late.Resume();
        late.Reboot();
        await ConnectAsync("test", "late");
    }

    [Fact]
    public async Task A_network_with_one_interface_becomes_one_with_several()
    {
        await using VirtualNetwork small = await VirtualNetwork.CreateAsync(new Topology().WithNetwork("lan"));
        VirtualHost second = await small.AddHostAsync("second"), third = await small.AddHostAsync("third");
        using Socket own = small.TestHost.Listen(80), other = third.Listen(80);
        foreach (IPAddress address in small.TestHost.Addresses)
            (await second.ConnectAsync(address.ToString(), 80).WaitAsync(Patience)).Dispose();
        foreach (IPAddress address in third.Addresses)
            (await small.TestHost.ConnectAsync(address.ToString(), 80).WaitAsync(Patience)).Dispose();
    }

    [Fact]
    public async Task A_router_that_is_added_becomes_the_way_out_of_those_that_had_none()
    {
        VirtualHost recluse = await Network.AddHostAsync("recluse", h => h.On("attic"));
        var connecting = () => recluse.ConnectAsync(Network["client"].Address.ToString(), 80).WaitAsync(Patience);
        using Socket listener = Network["client"].Listen(80);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
        VirtualHost ladder = await Network.AddRouterAsync("ladder", r => r.On("attic").On("ground"));
        (await connecting()).Dispose();
        await ConnectAsync("server", "recluse");
        Network.RemoveHost("ladder");
        ladder.State.Should().Be(HostState.Removed);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
        await ConnectAsync("client", "server");
    }

    [Fact]
    public async Task A_host_that_is_removed_is_gone_with_all_that_ran_there()
    {
        VirtualHost server = Network["server"];
        HostProcess program = await server.Command("sleep").WithArguments("1000").StartAsync();
        using Socket listener = server.Listen(80);
        Task accepting = listener.AcceptAsync();
        Network.RemoveHost("server.example");
        (await program.Exited.WaitAsync(Patience)).Should().Be(128 + 9);
        var awaiting = () => accepting.WaitAsync(Patience);
        await awaiting.Should().ThrowAsync<Exception>();
        Network.TryGetHost("server", out _).Should().BeFalse();
        Network.Hosts.Select(h => h.Name).Should().Equal("test", "stairs", "client");
        Network.Describe().Should().NotContain("server");
        Action[] actions = [() => server.Listen(80), server.Reboot, server.Pause, () => server.AddAddress("eth0", "10.0.1.9"), () => Network.RemoveHost("server"), server.Reconnect];
        foreach (Action action in actions[..4])
            action.Should().Throw<SandboxException>().WithMessage("*\"server\" has been removed*");
        actions[4].Should().Throw<ArgumentException>().WithMessage("*\"server\"*test, stairs, client*");
    }

    [Fact]
    public async Task A_name_server_that_starts_after_a_host_was_removed_does_not_know_it()
    {
        VirtualHost client = Network["client"];
        Network.RemoveHost("server");
        var resolving = () => client.ResolveAsync("server");
        await resolving.Should().ThrowAsync<ArgumentException>().WithMessage("There is no host \"server\"*test, stairs, client.*");
        Network.Dns.Set("elsewhere.example", "10.0.0.77");
        (await client.ResolveAsync("elsewhere.example")).Should().Equal(IPAddress.Parse("10.0.0.77"));
        Network.Dns.Queries.Should().Contain(q => q.Host == "client" && q.Name == "elsewhere.example");
        await resolving.Should().ThrowAsync<SocketException>();
    }

    [Fact]
    public async Task Another_host_may_have_the_name_and_the_addresses_of_one_that_was_removed()
    {
        VirtualHost old = Network["server"];
        IPAddress address = old.Address;
        Network.RemoveHost("server");
        VirtualHost again = await Network.AddHostAsync("server", h => h.On("first", address.ToString()));
        again.Should().NotBeSameAs(old);
        again.Address.Should().Be(address);
        await ConnectAsync("client", "server");
        var listening = () => old.Listen(80);
        listening.Should().Throw<SandboxException>().WithMessage("*removed*");
        var changing = () => old.SetAddresses("eth0", "10.0.1.200");
        changing.Should().Throw<SandboxException>().WithMessage("*removed*");
    }

    [Fact]
    public void The_tests_own_host_stays()
    {
        var removing = () => Network.RemoveHost("test");
        removing.Should().Throw<SandboxException>().WithMessage("*\"test\"*the test itself*");
        Network.Hosts.Should().HaveCount(4);
    }

    [Fact]
    public async Task A_router_that_a_static_route_leads_through_is_not_removed()
    {
        VirtualHost late = await Network.AddHostAsync("late", h => h.On("ground").WithDefaultRoute("stairs"));
        var removing = () => Network.RemoveHost("stairs");
        removing.Should().Throw<InvalidTopologyException>().WithMessage("*\"late\"*\"stairs\"*");
        await ConnectAsync("late", "server");
        Network["stairs"].State.Should().Be(HostState.Running);
        late.Name.Should().Be("late");
    }

    [Theory]
    [InlineData("client", "ground", null, "Host \"client\": the name is taken by another host")]
    [InlineData("late", "roof", null, "Host \"late\", eth0: Network = \"roof\" does not exist: the networks are ground, first, attic")]
    [InlineData("late", "ground", "10.0.0.3", "Host \"late\", eth0: Address = \"10.0.0.3\" is that of Host \"client\", eth0 already")]
    [InlineData("late", "ground", "10.0.9.3", "Host \"late\", eth0: Address = \"10.0.9.3\" is not on network \"ground\"")]
    [InlineData("not a name", "ground", null, "is not a name")]
    public async Task What_a_topology_would_not_be_a_running_network_does_not_become(string name, string network, string? address, string problem)
    {
        string before = Network.Describe(), devices = File.ReadAllText("/etc/hosts");
        var adding = () => Network.AddHostAsync(name, h => h.On(network, i => address == null ? i : i.WithAddress(address)));
        (await adding.Should().ThrowAsync<InvalidTopologyException>()).Which.Message.Should().Contain(problem);
        Network.Describe().Should().Be(before);
        File.ReadAllText("/etc/hosts").Should().Be(devices);
        await ConnectAsync("client", "server");
    }

    [Fact]
    public async Task Drawings_show_what_is_there_now()
    {
        await Network.AddHostAsync("late", h => h.On("attic"));
        Network.RemoveHost("client");
        foreach (string drawing in (string[])[Network.Describe(), Network.ToMermaid(), Network.ToSvg()])
            drawing.Should().Contain("late").And.Contain("10.0.2.2").And.NotContain("client").And.Contain("server.example");
    }

    [Fact]
    public async Task Many_hosts_come_and_go()
    {
        for (int i = 0; i < 10; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, 3).Select(n => Network.AddHostAsync($"late{n}")));
            await ConnectAsync("server", $"late{i % 3}");
            foreach (int n in (int[])[0, 1, 2])
                Network.RemoveHost($"late{n}");
        }
        Network.Hosts.Should().HaveCount(4);
        File.ReadAllText("/etc/hosts").Should().NotContain("late");
    }

    private static async Task ConnectAsync(string from, string to)
    {
        using Socket listener = Network[to].Listen(5432);
        foreach (IPAddress address in Network[to].Addresses)
        {
            using TcpClient client = await Network[from].ConnectAsync(address.ToString(), 5432).WaitAsync(Patience);
            using Socket accepted = await listener.AcceptAsync().WaitAsync(Patience);
            Network[from].Addresses.Should().Contain(((IPEndPoint)client.Client.LocalEndPoint!).Address);
        }
    }
}
