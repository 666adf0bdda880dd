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
        string kind = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        string example = family == AddressFamily.InterNetwork ? "10.0.0.0/24" : "fd00:1::/64";
        problem = null;
        // .NET 10 takes "10.0.0.5/24" too, and drops the host's bits: whoever wrote that meant something else.
        if (!IPNetwork.TryParse(network, out IPNetwork prefix) || prefix.BaseAddress.AddressFamily != family ||
            !prefix.BaseAddress.Equals(IPAddress.Parse(network.AsSpan(0, network.IndexOf('/')))))
        {
            problem = $"{setting} = \"{network}\" is not an {kind} network in CIDR notation with its host bits zero, such as \"{example}\".";
            return null;
        }
        int bits = family == AddressFamily.InterNetwork ? 32 : 128;
        if (prefix.PrefixLength > bits - 2)
        {
            problem = $"{setting} = \"{network}\" has no room for hosts: use a prefix of at most {bits - 2} bits.";
            return null;
        }
        if (!IsUnicast(prefix.BaseAddress))
        {
            problem = $"{setting} = \"{network}\" is not a network that hosts can have addresses in (it is loopback, multicast or unspecified): use a private one, such as \"{example}\".";
            return null;
        }
        if (chosen == null)
            return new NetworkAddress(Add(prefix.BaseAddress, 2), prefix.PrefixLength);
        string addressSetting = setting.Replace("Subnet", "Address", StringComparison.Ordinal);
        if (!IPAddress.TryParse(chosen, out IPAddress? address) || address.AddressFamily != family)
        {
            problem = $"{addressSetting} = \"{chosen}\" is not an {kind} address, such as \"{Add(prefix.BaseAddress, 2)}\".";
            return null;
        }
        if (!prefix.Contains(address) || address.Equals(prefix.BaseAddress) || (bits == 32 && address.Equals(Last(prefix))))
        {
            problem = $"{addressSetting} = \"{chosen}\" is out of range: {setting} \"{network}\" has the host addresses {Add(prefix.BaseAddress, 1)} to {(bits == 32 ? Add(Last(prefix), -1) : Last(prefix))}.";
            return null;
        }
        return new NetworkAddress(address, prefix.PrefixLength);
    }

    private static bool IsUnicast(IPAddress address) =>
        !IPAddress.IsLoopback(address) && !address.IsIPv6Multicast && !address.IsIPv6LinkLocal && !address.Equals(IPAddress.IPv6Any) &&
        (address.AddressFamily != AddressFamily.InterNetwork || address.GetAddressBytes()[0] is > 0 and < 224 and not 127);

    private static IPAddress Add(IPAddress address, int offset)
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

    private static IPAddress Last(IPNetwork network)
    {
        byte[] bytes = network.BaseAddress.GetAddressBytes();
        for (int bit = network.PrefixLength; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return new IPAddress(bytes);
    }
}
