using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace NsFixture.Networking;

/// <summary>An address with the length of its network's prefix: <c>10.0.0.2/24</c>.</summary>
internal sealed record NetworkAddress(IPAddress Address, int PrefixLength)
{
    public override string ToString() => $"{Address}/{PrefixLength}";

    /// <summary>A hardware address that follows from the IPv4 address alone; locally administered (IEEE 802).</summary>
    public static byte[] HardwareAddress(IPAddress address, byte side)
    {
        byte[] four = address.GetAddressBytes();
        return [0x02, side, four[^4], four[^3], four[^2], four[^1]];
    }

    /// <summary>
    /// The address of a host on a network: <paramref name="chosen"/> where given, else the network's second one (the first is
    /// left to a router). Null, with the reason in <paramref name="problem"/>, where that cannot be.
    /// </summary>
    public static NetworkAddress? On(string network, string? chosen, AddressFamily family, string setting, [NotNullWhen(false)] out string? problem)
    {
        if (Prefix(network, family, setting, out problem) is not { } prefix)
            return null;
        if (chosen == null)
            return new NetworkAddress(Add(prefix.BaseAddress, 2), prefix.PrefixLength);
        string addressSetting = setting.Replace("Subnet", "Address", StringComparison.Ordinal);
        if (!TryParse(chosen, out IPAddress? address) || address.AddressFamily != family)
        {
            problem = $"{addressSetting} = \"{chosen}\" is not an {Kind(family)} address, such as \"{Add(prefix.BaseAddress, 2)}\".";
            return null;
        }
        if (!IsHost(prefix, address))
        {
            problem = $"{addressSetting} = \"{chosen}\" is out of range: {setting} \"{network}\" has the host addresses {HostRange(prefix)}.";
            return null;
        }
        return new NetworkAddress(address, prefix.PrefixLength);
    }

    /// <summary>The prefix of a network that hosts can be on. Null, with the reason in <paramref name="problem"/>, where it is none.</summary>
    public static IPNetwork? Prefix(string network, AddressFamily family, string setting, out string? problem)
    {
        string example = family == AddressFamily.InterNetwork ? "10.0.0.0/24" : "fd00:1::/64";
        problem = null;
        int bits = Bits(family);
        if (ParsePrefix(network) is not { } prefix || prefix.BaseAddress.AddressFamily != family)
            problem = $"{setting} = \"{network}\" is not an {Kind(family)} network in CIDR notation with its host bits zero, such as \"{example}\".";
        else if (prefix.PrefixLength > bits - 2)
            problem = $"{setting} = \"{network}\" has no room for hosts: use a prefix of at most {bits - 2} bits.";
        else if (!IsUnicast(prefix.BaseAddress))
            problem = $"{setting} = \"{network}\" is not a network that hosts can have addresses in (it is loopback, multicast or unspecified): use a private one, such as \"{example}\".";
        else
            return prefix;
        return null;
    }

    /// <summary>A prefix in CIDR notation with its host bits zero, or null.</summary>
    public static IPNetwork? ParsePrefix(string text) =>
        // .NET 10 takes "10.0.0.5/24" too, and drops the host's bits: whoever wrote that meant something else.
        IPNetwork.TryParse(text, out IPNetwork prefix) && TryParse(text[..text.IndexOf('/')], out IPAddress? address) && prefix.BaseAddress.Equals(address)
            ? prefix : null;

    /// <summary>An address in full: not <c>10.1</c> or <c>010.0.0.1</c>, which mean something else to each reader, and without a scope.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address) &&
        (address.AddressFamily == AddressFamily.InterNetwork ? address.ToString() == text : text.AsSpan().IndexOfAny("%[]") < 0);

    /// <summary>Whether a host on the network may have the address.</summary>
    public static bool IsHost(IPNetwork prefix, IPAddress address) =>
        prefix.Contains(address) && !address.Equals(prefix.BaseAddress) && (address.AddressFamily != AddressFamily.InterNetwork || !address.Equals(Last(prefix)));

    /// <summary>The addresses that hosts may have, as messages name them.</summary>
    public static string HostRange(IPNetwork prefix) =>
        $"{Add(prefix.BaseAddress, 1)} to {(prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? Add(Last(prefix), -1) : Last(prefix))}";

    /// <summary>How many addresses hosts may have, the largest number where it is more.</summary>
    public static int HostCount(IPNetwork prefix)
    {
        int free = Bits(prefix.BaseAddress.AddressFamily) - prefix.PrefixLength;
        return free > 30 ? int.MaxValue : (1 << free) - (prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 2 : 1);
    }

    public static string Kind(AddressFamily family) => family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";

    public static int Bits(AddressFamily family) => family == AddressFamily.InterNetwork ? 32 : 128;

    public static IPAddress Add(IPAddress address, int offset)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int i = bytes.Length - 1, carry = offset; i >= 0 && carry != 0; i--)
        {
            int sum = bytes[i] + carry;
            bytes[i] = (byte)sum;
            carry = sum >> 8;
        }
        return new IPAddress(bytes);
    }

    public static IPAddress Last(IPNetwork network)
    {
        byte[] bytes = network.BaseAddress.GetAddressBytes();
        for (int bit = network.PrefixLength; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return new IPAddress(bytes);
    }

    private static bool IsUnicast(IPAddress address) =>
        !IPAddress.IsLoopback(address) && !address.IsIPv6Multicast && !address.IsIPv6LinkLocal && !address.Equals(IPAddress.IPv6Any) &&
        (address.AddressFamily != AddressFamily.InterNetwork || address.GetAddressBytes()[0] is > 0 and < 224 and not 127);
}
