using System.Net;
using System.Net.Sockets;
using FluentAssertions;

namespace NsFixture.Isolated.Tests;

/// <summary>Two hosts behind NATs, each of which knows where the other was last seen, try to meet (RFC 5128).</summary>
public class NatTraversalTests(NatNetwork net) : IClassFixture<NatNetwork>
{
    private static readonly Dictionary<string, Nat> Kinds = new()
    {
        ["full cone"] = Nat.FullCone,
        ["restricted cone"] = Nat.Home.WithFiltering(NatFiltering.AddressDependent),
        ["home"] = Nat.Home,
        ["carrier"] = Nat.MobileCarrier,
        ["random ports"] = Nat.Home.WithPorts(NatPorts.Random),
        ["by address"] = Nat.Home.WithMapping(NatMapping.AddressDependent),
        ["symmetric"] = Nat.Corporate,
        ["cloud"] = Nat.Cloud,
    };

    [Theory]
    [InlineData("full cone", "full cone"), InlineData("full cone", "home"), InlineData("full cone", "symmetric"), InlineData("symmetric", "full cone")]
    [InlineData("home", "home"), InlineData("home", "carrier"), InlineData("carrier", "carrier"), InlineData("random ports", "random ports")]
    [InlineData("restricted cone", "symmetric"), InlineData("symmetric", "carrier"), InlineData("restricted cone", "restricted cone")]
    public async Task Holes_are_punched(string one, string other) => (await PunchAsync(one, other, TimeSpan.FromSeconds(10), Enough)).Should().Be(Met);

    [Theory]
    [InlineData("symmetric", "symmetric"), InlineData("cloud", "cloud"), InlineData("home", "symmetric"), InlineData("symmetric", "home"), InlineData("by address", "home"), InlineData("by address", "cloud")]
    public async Task Holes_are_not_punched(string one, string other) => (await PunchAsync(one, other, TimeSpan.FromMilliseconds(600), rounds: 1)).Should().NotBe(Met);

    [Fact]
    public async Task An_early_packet_from_the_other_side_does_not_spoil_the_mapping()
    {
        net["gateway"].SetNat(Nat.Home);
        using Endpoint client = new(net["client"]), one = new(net["one"]), two = new(net["two"]);
        IPEndPoint seen = await client.SeenByAsync(one);
        two.Send(seen, "too early"); // from where the client is about to send: dropped, and not remembered
        (await client.SeenByAsync(two)).Should().Be(seen);
    }

    /// <summary>Rounds, however long they take on a loaded machine: in the first, one end sends before the other has made its hole.</summary>
    public const int Enough = 20;

    private const string Met = "each has reached the other";

    /// <summary>As ICE would: each sends to where the server saw the other, and to whoever reached it.</summary>
    private async Task<string> PunchAsync(string one, string other, TimeSpan limit, int rounds)
    {
        net["gateway"].SetNat(Kinds[one]);
        net["other-gateway"].SetNat(Kinds[other]);
        using Endpoint client = new(net["client"]), peer = new(net["peer"]), server = new(net["one"]);
        Endpoint[] ends = [client, peer];
        IPEndPoint[] to = [await peer.SeenByAsync(server), await client.SeenByAsync(server)];
        bool[] reached = new bool[2];
        string seen = $"client as {to[1]}, peer as {to[0]}";
        for (long end = Environment.TickCount64 + (long)limit.TotalMilliseconds; !reached.All(r => r) && (rounds-- > 0 || Environment.TickCount64 < end);)
        {
            for (int i = 0; i < 2; i++)
                ends[i].Send(to[i]);
            for (int i = 0; i < 2; i++)
                if (await ends[i].TryReceiveAsync() is { } from)
                    (reached[i], to[i]) = (true, from);
        }
        return reached.All(r => r) ? Met : $"seen: {seen}; reached: client {reached[0]}, now sending to {to[0]}, peer {reached[1]}, now sending to {to[1]}";
    }
}
