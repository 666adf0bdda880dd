using System.Net;

namespace NsFixture.Networking;

/// <summary>A router's way to the machine's network.</summary>
/// <param name="Machine">The address that stands for the machine's own loopback address; null: none does.</param>
internal sealed record PlannedEgress(IPAddress? Machine)
{
    /// <summary>Where what is sent to an address from inside goes outside; null: nowhere, as it is the machine's business alone.</summary>
    public IPEndPoint? Outside(IPEndPoint inside)
    {
        if (inside.Address.Equals(Machine))
            return new IPEndPoint(Loopback(inside.Address), inside.Port);
        IPAddress plain = inside.Address.IsIPv4MappedToIPv6 ? inside.Address.MapToIPv4() : inside.Address;
        byte[] bytes = plain.GetAddressBytes();
        bool isForOne = bytes.Length == 4
            ? bytes[0] is > 0 and not 127 and < 224 // not "this" network, loopback, multicast, broadcast (RFC 6890)
            : bytes[0] != 0xff && bytes.AsSpan(0, 12).ContainsAnyExcept((byte)0); // not multicast, unspecified, loopback or an IPv4 address in disguise
        return isForOne && plain.AddressFamily == inside.AddressFamily && !plain.IsIPv6LinkLocal ? inside : null;
    }

    /// <summary>Who an answer from outside comes from, as it is seen inside.</summary>
    public IPEndPoint Inside(IPEndPoint outside) =>
        Machine != null && outside.Address.Equals(Loopback(Machine)) ? new IPEndPoint(Machine, outside.Port) : outside;

    private static IPAddress Loopback(IPAddress ofFamily) => ofFamily.GetAddressBytes().Length == 4 ? IPAddress.Loopback : IPAddress.IPv6Loopback;
}
