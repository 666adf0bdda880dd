using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>A network whose links take 20 ms each way, and one whose links take none.</summary>
public sealed class SlowAndFast() : Topology(new Topology()
    .WithNetwork("slow", n => n.WithConditions(LinkConditions.Perfect.WithDelay(TimeSpan.FromMilliseconds(20)))).WithNetwork("fast")
    .WithRouter("between").WithHost("server", h => h.On("slow")).WithHost("near", h => h.On("fast")));

/// <summary>Link conditions, when hosts come, move, and are switched off and on.</summary>
[IsolatedNetwork<SlowAndFast>]
public class RuntimeLinksTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    [Fact]
    public async Task A_host_that_comes_later_has_the_conditions_of_its_network()
    {
        await Network.AddHostAsync("late", h => h.On("slow"));
        (await RoundTripAsync("late", "server")).Should().BeGreaterThan(TimeSpan.FromMilliseconds(79));
        (await RoundTripAsync("test", "server")).Should().BeGreaterThan(TimeSpan.FromMilliseconds(79), "others are not concerned");
        Network.RemoveHost("late");
        (await RoundTripAsync("test", "server")).Should().BeGreaterThan(TimeSpan.FromMilliseconds(79));
    }

    [Fact]
    public async Task Conditions_outlive_a_reboot()
    {
        Network["server"].Links[0].SetConditions(LinkConditions.Perfect.WithDelay(TimeSpan.FromMilliseconds(60)));
        Network["server"].Reboot();
        (await RoundTripAsync("test", "server")).Should().BeGreaterThan(TimeSpan.FromMilliseconds(159));
        Network["between"].Reboot();
        (await RoundTripAsync("near", "server")).Should().BeGreaterThan(TimeSpan.FromMilliseconds(159));
    }

    [Fact]
    public async Task A_link_that_moves_away_has_the_conditions_of_where_it_is()
    {
        VirtualLink link = Network["server"].Links[0];
        Network["server"].Move("eth0", "fast");
        link.Network.Should().Be("fast");
        await RoundTripAsync("near", "server");
        (await RoundTripAsync("near", "server")).Should().BeLessThan(TimeSpan.FromMilliseconds(39));
        Network["near"].Move("eth0", "slow");
        (await RoundTripAsync("near", "test")).Should().BeGreaterThan(TimeSpan.FromMilliseconds(79));
    }

    // From one to the other and back.
    private static async Task<TimeSpan> RoundTripAsync(string from, string to)
    {
        using UdpClient server = Network[to].UdpClient(7000), client = Network[from].UdpClient();
        TimeSpan least = TimeSpan.MaxValue;
        for (int i = 0; i < 3; i++) // the first asks for hardware addresses as well
        {
            var time = Stopwatch.StartNew();
            await client.SendAsync(new byte[] { 1 }, new IPEndPoint(Network[to].Address, 7000));
            UdpReceiveResult question = await server.ReceiveAsync().WaitAsync(Patience);
            await server.SendAsync(question.Buffer, question.RemoteEndPoint);
            await client.ReceiveAsync().WaitAsync(Patience);
            least = time.Elapsed < least ? time.Elapsed : least;
        }
        return least;
    }
}
