using System.Net;
using System.Net.Sockets;
using FluentAssertions;

namespace NsFixture.Isolated.Tests;

/// <summary>What each preset of <see cref="Nat"/> is like from outside.</summary>
public class NatPresetTests(NatNetwork net) : IClassFixture<NatNetwork>
{
    public static TheoryData<string> Names() => [nameof(Nat.Home), nameof(Nat.FullCone), nameof(Nat.Corporate), nameof(Nat.Hotel), nameof(Nat.MobileCarrier), nameof(Nat.Cloud), nameof(Nat.Public)];

    [Theory, MemberData(nameof(Names))]
    public async Task A_preset_is_what_its_name_says(string name)
    {
        net["gateway"].SetNat((Nat)typeof(Nat).GetProperty(name)!.GetValue(null)!);
        using Endpoint client = new(net["client"]), one1 = new(net["one"], port: 1001), one2 = new(net["one"], port: 1002), two = new(net["two"]);
        IPEndPoint first = await client.SeenByAsync(one1), second = await client.SeenByAsync(two);
        string translated = first.Equals(client.Local) ? "as it is" : first.Port == client.Local.Port ? "port preserved" : "another port";
        string kept = first.Port == second.Port ? "for all" : "for each";
        string entered = "no way in";
        if (translated != "as it is") // else there is no route to it
        {
            one2.Send(first, "another port of who was sent to");
            entered = await client.TryReceiveAsync() == null ? "nobody else" : "others too";
        }

        using Endpoint client6 = new(net["client"], AddressFamily.InterNetworkV6), one6 = new(net["one"], AddressFamily.InterNetworkV6);
        string six = (await client6.SeenByAsync(one6)).Equals(client6.Local) ? "IPv6 as it is" : "IPv6 too";
        string.Join(", ", translated, kept, entered, six).Should().Be(name switch
        {
            nameof(Nat.Home) => "port preserved, for all, nobody else, IPv6 as it is",
            nameof(Nat.FullCone) => "port preserved, for all, others too, IPv6 as it is",
            nameof(Nat.Corporate) => "another port, for each, nobody else, IPv6 too",
            nameof(Nat.MobileCarrier) => "another port, for all, others too, IPv6 as it is",
            nameof(Nat.Public) => "as it is, for all, no way in, IPv6 as it is",
            _ => "another port, for each, nobody else, IPv6 as it is",
        });
    }
}
