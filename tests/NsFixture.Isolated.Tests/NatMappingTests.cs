using System.Net;
using System.Net.Sockets;
using FluentAssertions;

namespace NsFixture.Isolated.Tests;

/// <summary>Every mapping with every filtering, over both families, as two servers with two ports each see it from outside (RFC 4787).</summary>
public class NatMappingTests(NatNetwork net) : IClassFixture<NatNetwork>
{
    public static TheoryData<NatMapping, NatFiltering, AddressFamily> All()
    {
        var all = new TheoryData<NatMapping, NatFiltering, AddressFamily>();
        foreach (AddressFamily family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
            foreach (NatMapping mapping in Enum.GetValues<NatMapping>())
                foreach (NatFiltering filtering in Enum.GetValues<NatFiltering>())
                    all.Add(mapping, filtering, family);
        return all;
    }

    [Theory, MemberData(nameof(All))]
    public async Task An_outside_port_is_kept_for_as_long_as_the_mapping_says(NatMapping mapping, NatFiltering filtering, AddressFamily family)
    {
        net["gateway"].SetNat(Nat.Home.WithMapping(mapping).WithFiltering(filtering).WithIPv6Masquerade());
        using var client = new Endpoint(net["client"], family);
        using Endpoint one1 = new(net["one"], family, 1001), one2 = new(net["one"], family, 1002), two1 = new(net["two"], family, 1001), two2 = new(net["two"], family, 1002);
        IPEndPoint[] seen = [await client.SeenByAsync(one1), await client.SeenByAsync(one2), await client.SeenByAsync(two1), await client.SeenByAsync(two2)];

        seen.Should().OnlyContain(s => s.Address.Equals(family == AddressFamily.InterNetwork ? net["gateway"].Address : net["gateway"].Address6));
        seen[0].Port.Should().Be(client.Local.Port, "it is free, and preserved");
        int[] ports = [.. seen.Select(s => Array.FindIndex(seen, o => o.Port == s.Port))];
        ports.Should().Equal(mapping switch
        {
            NatMapping.EndpointIndependent => [0, 0, 0, 0],
            NatMapping.AddressDependent => [0, 0, 2, 2],
            _ => [0, 1, 2, 3],
        });
        (await client.SeenByAsync(one2)).Should().Be(seen[1], "a mapping stays");
    }

    [Theory, MemberData(nameof(All))]
    public async Task Who_may_send_in_is_as_the_filtering_says(NatMapping mapping, NatFiltering filtering, AddressFamily family)
    {
        net["gateway"].SetNat(Nat.Home.WithMapping(mapping).WithFiltering(filtering).WithIPv6Masquerade());
        using var client = new Endpoint(net["client"], family);
        using Endpoint one1 = new(net["one"], family, 1001), one2 = new(net["one"], family, 1002), two1 = new(net["two"], family, 1001);
        IPEndPoint seen = await client.SeenByAsync(one1);
        one2.Send(seen, "other port");
        two1.Send(seen, "other address");
        one1.Send(seen, "answer");

        (await client.ReceiveUntilAsync("answer")).Should().BeEquivalentTo(filtering switch
        {
            NatFiltering.EndpointIndependent => ["other port", "other address", "answer"],
            NatFiltering.AddressDependent => ["other port", "answer"],
            _ => (string[])["answer"],
        });
    }
}
