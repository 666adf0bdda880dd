namespace NsFixture;

/// <summary>Which way the first packet of a connection goes: its answers pass with it.</summary>
public enum FirewallDirection
{
    /// <summary>To a host from its networks; through or to a router from its outside network.</summary>
    Inbound,

    /// <summary>From a host to its networks; through or from a router to its outside network.</summary>
    Outbound,
}

/// <summary>What a firewall does with a packet.</summary>
public enum FirewallAction
{
    /// <summary>It passes.</summary>
    Allow,

    /// <summary>It vanishes, and the sender is not told. A program on the very host is: its send fails with EPERM.</summary>
    Drop,

    /// <summary>The sender is told: TCP by a reset ("connection refused"), anything else by ICMP ("administratively prohibited").</summary>
    Reject,
}

/// <summary>A rule of a <see cref="Firewall"/>: what is not given matches anything.</summary>
/// <param name="Action">What is done with packets that match.</param>
/// <param name="Direction">Which way they go.</param>
/// <param name="Protocol">TCP, UDP or ICMP.</param>
/// <param name="Ports">Destination ports: <c>80</c>, <c>80,443</c>, <c>8000-8999</c>. Without a protocol, of TCP and UDP.</param>
/// <param name="From">The sender: a host's or network's name, an address, or a prefix.</param>
/// <param name="To">The receiver, likewise.</param>
internal sealed record FirewallRule(FirewallAction Action, FirewallDirection Direction, IPTransport Protocol, string? Ports, string? From, string? To)
{
    public override string ToString() => string.Join(' ', ((string?[])
        [Action.ToString().ToLowerInvariant(), Direction.ToString().ToLowerInvariant(), Protocol == IPTransport.Any ? null : Protocol.ToString().ToLowerInvariant(), Ports,
            From == null ? null : "from " + From, To == null ? null : "to " + To]).Where(s => s != null));

    /// <summary>The ranges of ports; null where the text is none.</summary>
    public static IReadOnlyList<(int First, int Last)>? ParsePorts(string text)
    {
        var ranges = new List<(int, int)>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] ends = part.Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length > 2 || !ushort.TryParse(ends[0], out ushort first) || !ushort.TryParse(ends[^1], out ushort last) || first > last)
                return null;
            ranges.Add((first, last));
        }
        return ranges;
    }
}
