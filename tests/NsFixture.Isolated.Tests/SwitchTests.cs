using System.Net;
using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>A network of few hosts, whose switch is not a bridge until it changes, behaves like one all the same.</summary>
[IsolatedNetwork(Hosts = ["client", "server"])]
public class SwitchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    [Fact]
    public async Task What_is_for_all_reaches_all()
    {
        using UdpClient client = Network["client"].UdpClient(7000), server = Network["server"].UdpClient(7000), own = Network.TestHost.UdpClient(0);
        own.EnableBroadcast = true;
        await own.SendAsync("all"u8.ToArray(), new IPEndPoint(IPAddress.Parse("10.0.0.255"), 7000));
        foreach (UdpClient receiver in (UdpClient[])[client, server])
            Encoding.ASCII.GetString((await receiver.ReceiveAsync().WaitAsync(Patience)).Buffer).Should().Be("all");
    }

    [Fact]
    public async Task A_hardware_address_that_nobody_knew_is_reached()
    {
        await Run("server", "ip link set eth0 address 02:00:00:00:00:77");
        await Reach("server", Network["server"].Address);
    }

    /// <summary>As when one of two routers fails, and the other takes its addresses, the hardware's included.</summary>
    [Fact]
    public async Task A_hardware_address_that_another_host_takes_is_reached_there()
    {
        IPAddress taken = Network["server"].Address;
        await Reach("server", taken);
        string address = (await Network["server"].Command("cat").WithArguments("/sys/class/net/eth0/address").RunAsync()).StandardOutput.Trim();
        await Run("server", "ip link set eth0 down");
        await Run("client", $"ip link set eth0 address {address}");
        await Run("client", $"ip address add {taken}/24 dev eth0");
        await Run("client", $"ping -c 1 -I {taken} 10.0.0.2"); // as who takes over makes itself known
        await Reach("client", taken);
        await Reach("client", Network["client"].Address);
    }

    [Fact]
    public async Task A_connection_goes_on_when_the_network_changes()
    {
        using Socket listener = Network["server"].Listen(80);
        using TcpClient client = await Network["client"].ConnectAsync("server", 80).WaitAsync(Patience);
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Patience);
        long sent = 0;
        using var over = new CancellationTokenSource();
        Task talk = Task.Run(async () =>
        {
            byte[] one = new byte[1];
            while (!over.IsCancellationRequested)
            {
                await client.GetStream().WriteAsync(one);
                await accepted.ReceiveAsync(one).WaitAsync(Patience);
                Interlocked.Increment(ref sent);
            }
        });
        SpinWait.SpinUntil(() => Interlocked.Read(ref sent) > 100, Patience).Should().BeTrue();
        await Network.AddHostAsync("late");
        await Reach("late", Network["late"].Address);
        long before = Interlocked.Read(ref sent);
        SpinWait.SpinUntil(() => Interlocked.Read(ref sent) > before + 100, Patience).Should().BeTrue();
        await over.CancelAsync();
        await talk.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_host_that_starts_anew_is_reached_as_before()
    {
        await Reach("client", Network["client"].Address);
        Network["client"].Reboot();
        await Reach("client", Network["client"].Address);
        await Reach("server", Network["server"].Address);
    }

    private static async Task Reach(string host, IPAddress address)
    {
        using Socket listener = Network[host].Listen(5432);
        using TcpClient client = await Network.TestHost.ConnectAsync(address.ToString(), 5432).WaitAsync(Patience);
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Patience);
        await accepted.SendAsync(new byte[] { 7 });
        client.GetStream().ReadByte().Should().Be(7);
    }

    private static async Task Run(string host, string command)
    {
        string[] words = command.Split(' ');
        CommandResult result = await Network[host].Command(words[0]).WithArguments(words[1..]).RunAsync().WaitAsync(Patience);
        result.ExitCode.Should().Be(0, result.StandardOutput + result.StandardError);
    }
}
