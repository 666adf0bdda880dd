using System.Net;
using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Two more hosts on the test's network.</summary>
public abstract class HostsTests
{
    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    [Fact]
    public void Hosts_have_the_addresses_that_follow_the_tests_own()
    {
        Network.Hosts.Select(h => $"{h.Name} {h.Address} {h.Address6}").Should().Equal("test 10.0.0.2 fd00::2", "client 10.0.0.3 fd00::3", "server 10.0.0.4 fd00::4");
        Network.TestHost.Name.Should().Be("test");
        Network["SERVER"].Name.Should().Be("server");
        Network.Describe().Should().Contain("10.0.0.4");
    }

    [Fact]
    public void A_host_that_is_not_there_is_named_with_those_that_are()
    {
        var asking = () => Network["sever"];
        asking.Should().Throw<ArgumentException>().WithMessage("*\"sever\"*test, client, server*");
    }

    [Theory, InlineData("client", "server"), InlineData("server", "client"), InlineData("test", "server"), InlineData("client", "test"), InlineData("server", "server")]
    public async Task Every_host_reaches_every_other_by_name(string from, string to)
    {
        using Socket listener = Network[to].Listen(5432);
        using TcpClient client = await Network[from].ConnectAsync(to, 5432).WaitAsync(TimeSpan.FromSeconds(10));
        using Socket server = await listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(10));
        await client.GetStream().WriteAsync("hello"u8.ToArray());
        byte[] buffer = new byte[5];
        (await server.ReceiveAsync(buffer)).Should().Be(5);
        Encoding.ASCII.GetString(buffer).Should().Be("hello");
        Source(server).Should().Be(from == to ? Network[to].Address : Network[from].Address);
    }

    [Fact]
    public async Task The_same_port_is_free_on_every_host()
    {
        using Socket one = Network["client"].Listen(80), two = Network["server"].Listen(80);
        using var own = new TcpListener(IPAddress.Any, 80);
        own.Start();
        var again = () => Network["server"].Listen(80);
        again.Should().Throw<SocketException>().Which.SocketErrorCode.Should().Be(SocketError.AddressAlreadyInUse);
        using TcpClient client = await Network["client"].ConnectAsync("server", 80).WaitAsync(TimeSpan.FromSeconds(10));
        client.Connected.Should().BeTrue();
    }

    [Fact]
    public async Task A_port_that_nobody_listens_on_is_refused()
    {
        var connecting = () => Network["client"].ConnectAsync("server", 81).WaitAsync(TimeSpan.FromSeconds(10));
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
    }

    [Theory, InlineData(AddressFamily.InterNetwork), InlineData(AddressFamily.InterNetworkV6)]
    public async Task Datagrams_carry_their_hosts_addresses(AddressFamily family)
    {
        using UdpClient server = Network["server"].UdpClient(53, family), client = Network["client"].UdpClient(0, family);
        IPAddress to = family == AddressFamily.InterNetwork ? Network["server"].Address : Network["server"].Address6;
        await client.SendAsync(new byte[] { 7 }, new IPEndPoint(to, 53));
        UdpReceiveResult received = await server.ReceiveAsync().WaitAsync(TimeSpan.FromSeconds(10));
        received.Buffer.Should().Equal(7);
        received.RemoteEndPoint.Address.Should().Be(family == AddressFamily.InterNetwork ? Network["client"].Address : Network["client"].Address6);
    }

    [Fact]
    public async Task Clients_have_no_other_socket_than_the_hosts()
    {
        using Socket listener = Network["server"].Listen(80);
        int before = Sockets();
        using (await Network["client"].ConnectAsync("server", 80).WaitAsync(TimeSpan.FromSeconds(10)))
        using (Network["client"].UdpClient())
            Sockets().Should().Be(before + 2);
        Sockets().Should().Be(before);

        static int Sockets() => Directory.GetFiles("/proc/self/fd").Count(f => new FileInfo(f).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task An_HTTP_client_on_a_host_speaks_to_another_by_name()
    {
        using Socket listener = Network["server"].Listen(80);
        Task serving = Task.Run(async () =>
        {
            using Socket connection = await listener.AcceptAsync();
            await connection.ReceiveAsync(new byte[4096]);
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"u8.ToArray());
        });
        using HttpClient http = Network["client"].HttpClient();
        (await http.GetStringAsync("http://server/").WaitAsync(TimeSpan.FromSeconds(10))).Should().Be("hi");
        await serving;
    }

    [Fact]
    public void Code_runs_on_a_host_and_opens_its_sockets_there()
    {
        string[] addresses = Network["server"].Run(() => System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address.ToString()).ToArray());
        addresses.Should().Contain("10.0.0.4").And.NotContain("10.0.0.2");
        using TcpListener listener = Network["server"].Run(() =>
        {
            var made = new TcpListener(IPAddress.Parse("10.0.0.4"), 8080);
            made.Start();
            return made;
        });
        using var client = new TcpClient();
        client.Connect("server", 8080);
        Source(listener.AcceptSocket()).Should().Be(Network.TestHost.Address);
        Environment.MachineName.Should().Be("test");
    }

    [Fact]
    public void Asynchronous_code_is_not_let_go_on_on_the_wrong_host()
    {
        Action running = () => _ = Network["server"].Run<Task>(async () => await Task.Yield());
        running.Should().Throw<InvalidOperationException>().WithMessage("*server*RunAsync*");
    }

    [Fact]
    public void An_exception_of_code_on_a_host_comes_out_as_it_was()
    {
        var running = () => Network["server"].Run((Action)(() => throw new NotSupportedException("mine")));
        running.Should().Throw<NotSupportedException>().WithMessage("mine");
    }

    [Fact]
    public async Task A_disconnected_host_is_not_reached_until_it_is_reconnected()
    {
        VirtualHost server = Network["server"];
        using Socket listener = server.Listen(80);
        server.Disconnect();
        var connecting = () => Network["client"].ConnectAsync("server", 80).WaitAsync(TimeSpan.FromMilliseconds(300));
        await connecting.Should().ThrowAsync<Exception>();
        using (TcpClient other = await Network["client"].ConnectAsync("client", Port(Network["client"])).WaitAsync(TimeSpan.FromSeconds(10)))
            other.Connected.Should().BeTrue("other hosts are not concerned");
        server.Reconnect();
        using TcpClient client = await Network["client"].ConnectAsync("server", 80).WaitAsync(TimeSpan.FromSeconds(20));
        client.Connected.Should().BeTrue();
    }

    [Fact]
    public void Names_are_known_to_every_resolver_of_the_test()
    {
        Dns.GetHostAddresses("server").Should().BeEquivalentTo([IPAddress.Parse("10.0.0.4"), IPAddress.Parse("fd00::4")]);
        File.ReadAllText("/etc/hosts").Should().Contain("10.0.0.3 client").And.Contain("fd00::4 server");
    }

    private static int Port(VirtualHost host)
    {
        Socket listener = host.Listen(0); // lives as long as the sandbox
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    private static IPAddress Source(Socket accepted)
    {
        IPAddress address = ((IPEndPoint)accepted.RemoteEndPoint!).Address;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}

/// <summary>By a fork of the warm runtime.</summary>
[IsolatedNetwork(Hosts = ["client", "server"], Launcher = LauncherKind.Fork)]
public class ForkedHostsTests : HostsTests;

/// <summary>By a fresh runtime.</summary>
[IsolatedNetwork(Hosts = ["client", "server"], Launcher = LauncherKind.Exec)]
public class ExecutedHostsTests : HostsTests;
