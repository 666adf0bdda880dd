using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Xunit.Abstractions;

namespace Quickstart;

[IsolatedNetwork]
public class NetworkTests(ITestOutputHelper output)
{
    [Fact]
    public void The_host_has_a_name_and_addresses_of_its_own()
    {
        IsolatedNetwork here = IsolatedNetwork.Current;
        output.WriteLine($"host {here.HostName}, eth0 {here.Subnet} and {here.Subnet6}");
        Assert.Equal("test", Environment.MachineName);
        var eth0 = NetworkInterface.GetAllNetworkInterfaces().Single(i => i.Name == "eth0");
        var addresses = eth0.GetIPProperties().UnicastAddresses.Select(a => a.Address.ToString()).ToList();
        Assert.Contains("10.0.0.2", addresses);
        Assert.Contains("fd00::2", addresses);
        Assert.Contains(here.Address, Dns.GetHostAddresses("test"));
    }

    [Fact]
    public async Task There_is_no_way_out()
    {
        using var client = new TcpClient();
        var failure = await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(IPAddress.Parse("93.184.215.14"), 80));
        output.WriteLine($"93.184.215.14:80: {failure.Message}");
        Assert.Equal(SocketError.NetworkUnreachable, failure.SocketErrorCode);
    }

    [Theory]
    [InlineData("10.0.0.2")]
    [InlineData("fd00::2")]
    public async Task A_client_talks_to_a_server_on_port_7(string address)
    {
        using var listener = new TcpListener(IPAddress.Parse(address), 7);
        listener.Start();
        Task echo = EchoAsync(listener);
        using var client = new TcpClient(listener.LocalEndpoint.AddressFamily);
        await client.ConnectAsync(IPAddress.Parse(address), 7);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync("hello"u8.ToArray());
        byte[] answer = new byte[5];
        await stream.ReadExactlyAsync(answer);
        output.WriteLine($"{client.Client.LocalEndPoint} said hello to {client.Client.RemoteEndPoint} and heard {Encoding.UTF8.GetString(answer)}");
        client.Client.Shutdown(SocketShutdown.Send);
        await echo;
        Assert.Equal("hello"u8.ToArray(), answer);
    }

    [Fact, IsolatedNetwork(HostName = "db", Subnet = "192.168.7.0/24", Address = "192.168.7.99")]
    public void Name_and_addresses_can_be_chosen()
    {
        output.WriteLine($"host {Environment.MachineName}, eth0 {IsolatedNetwork.Current.Subnet}");
        using var listener = new TcpListener(IPAddress.Parse("192.168.7.99"), 5432);
        listener.Start();
        Assert.Equal("db", Environment.MachineName);
    }

    private static async Task EchoAsync(TcpListener listener)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync();
        NetworkStream stream = client.GetStream();
        await stream.CopyToAsync(stream);
    }
}
