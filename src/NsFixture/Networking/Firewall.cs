namespace NsFixture;

/// <summary>
/// What a host or router lets pass. Immutable: each <c>WithX</c>, <see cref="Allow"/> and <see cref="Deny"/> gives a new one. Wrong values
/// are refused where it is used, all at once.
/// <para>
/// The first rule that matches a packet decides, else the default of its direction. A direction is that of a connection's first packet:
/// answers, and ICMP errors about it, always pass. What a router's NAT lets in (port forwards, its filtering) passes the inbound default,
/// but not a rule. Neighbour discovery and a host's loopback always pass.
/// </para>
/// </summary>
/// <example>
/// <code>
/// var firewall = Firewall.BlockInbound.Allow(FirewallDirection.Inbound, IPTransport.Tcp, "22,443").Deny(FirewallDirection.Outbound, IPTransport.Udp, reject: true);
/// </code>
/// </example>
public sealed record Firewall
{
    /// <summary>All passes.</summary>
    public static Firewall Open { get; } = new();

    /// <summary>Nothing comes in but answers.</summary>
    public static Firewall BlockInbound { get; } = Open.WithInbound(FirewallAction.Drop);

    /// <summary>No UDP, either way.</summary>
    public static Firewall BlockUdp { get; } = Open.Deny(FirewallDirection.Inbound, IPTransport.Udp).Deny(FirewallDirection.Outbound, IPTransport.Udp);

    /// <summary>Only TCP to ports 80 and 443 goes out; nothing comes in but answers.</summary>
    public static Firewall WebOnly { get; } = BlockInbound.WithOutbound(FirewallAction.Drop).Allow(FirewallDirection.Outbound, IPTransport.Tcp, "80,443");

    /// <summary>A home router's: nothing comes in but answers.</summary>
    public static Firewall Home { get; } = BlockInbound;

    /// <summary>A public server's: all passes.</summary>
    public static Firewall Public { get; } = Open;

    /// <summary>A company's: only the web, DNS and ping go out, and who tries more is told; nothing comes in but answers.</summary>
    public static Firewall Corporate { get; } = WebOnly.WithOutbound(FirewallAction.Reject)
        .Allow(FirewallDirection.Outbound, IPTransport.Any, "53").Allow(FirewallDirection.Outbound, IPTransport.Icmp);

    /// <summary>A hotel's: only the web and DNS go out, the rest vanishes; nothing comes in but answers.</summary>
    public static Firewall Hotel { get; } = WebOnly.Allow(FirewallDirection.Outbound, IPTransport.Any, "53");

    /// <summary>A mobile carrier's: nothing comes in but answers, no mail goes out by port 25.</summary>
    public static Firewall MobileCarrier { get; } = BlockInbound.Deny(FirewallDirection.Outbound, IPTransport.Tcp, "25");

    /// <summary>A cloud machine's: only ssh, the web and ping come in; all goes out but mail by port 25.</summary>
    public static Firewall Cloud { get; } = BlockInbound.Allow(FirewallDirection.Inbound, IPTransport.Tcp, "22,80,443")
        .Allow(FirewallDirection.Inbound, IPTransport.Icmp).Deny(FirewallDirection.Outbound, IPTransport.Tcp, "25");

    /// <summary>What is done with packets that come in and that no rule matches. Default: they pass.</summary>
    public FirewallAction Inbound { get; internal init; }

    /// <summary>What is done with packets that go out and that no rule matches. Default: they pass.</summary>
    public FirewallAction Outbound { get; internal init; }

    internal IReadOnlyList<FirewallRule> Rules { get; init; } = [];

    /// <summary>Sets what is done with packets that come in and that no rule matches.</summary>
    public Firewall WithInbound(FirewallAction action) => this with { Inbound = action };

    /// <summary>Sets what is done with packets that go out and that no rule matches.</summary>
    public Firewall WithOutbound(FirewallAction action) => this with { Outbound = action };

    /// <summary>Adds a rule, after those that are there: what matches passes.</summary>
    /// <param name="direction">Which way a connection's first packet goes.</param>
    /// <param name="protocol">TCP, UDP, ICMP, or any.</param>
    /// <param name="ports">Its destination ports: <c>80</c>, <c>80,443</c>, <c>8000-8999</c>; null: any. Without a protocol, TCP's and UDP's.</param>
    /// <param name="from">Its sender: the name of a host or network, an address, or a prefix in CIDR notation; null: any. On a router with NAT, inside addresses.</param>
    /// <param name="to">Its receiver, likewise.</param>
    public Firewall Allow(FirewallDirection direction, IPTransport protocol = IPTransport.Any, string? ports = null, string? from = null, string? to = null) =>
        With(new FirewallRule(FirewallAction.Allow, direction, protocol, ports, from, to));

    /// <summary>Adds a rule, after those that are there: what matches does not pass, also within connections that are there already.</summary>
    /// <param name="direction">Which way a connection's first packet goes.</param>
    /// <param name="protocol">TCP, UDP, ICMP, or any.</param>
    /// <param name="ports">Its destination ports: <c>80</c>, <c>80,443</c>, <c>8000-8999</c>; null: any. Without a protocol, TCP's and UDP's.</param>
    /// <param name="from">Its sender: the name of a host or network, an address, or a prefix in CIDR notation; null: any. On a router with NAT, inside addresses.</param>
    /// <param name="to">Its receiver, likewise.</param>
    /// <param name="reject">Whether the sender is told.</param>
    public Firewall Deny(FirewallDirection direction, IPTransport protocol = IPTransport.Any, string? ports = null, string? from = null, string? to = null, bool reject = false) =>
        With(new FirewallRule(reject ? FirewallAction.Reject : FirewallAction.Drop, direction, protocol, ports, from, to));

    /// <summary>What it does, in short: <c>allow inbound tcp 22; else inbound drop, outbound allow</c>.</summary>
    public override string ToString()
    {
        if (this == Open || (Rules.Count == 0 && Inbound == FirewallAction.Allow && Outbound == FirewallAction.Allow))
            return "open";
        string defaults = $"inbound {Inbound.ToString().ToLowerInvariant()}, outbound {Outbound.ToString().ToLowerInvariant()}";
        return Rules.Count == 0 ? defaults : $"{string.Join("; ", Rules)}; else {defaults}";
    }

    /// <summary>One sentence for each value that is out of range, by itself.</summary>
    /// <param name="where">The host, to begin each sentence with.</param>
    internal IEnumerable<string> Problems(string where)
    {
        foreach (var (name, action) in ((string, FirewallAction)[])[(nameof(Inbound), Inbound), (nameof(Outbound), Outbound)])
            if (!Enum.IsDefined(action))
                yield return $"{where}: {name} = {(int)action} is unknown: use {string.Join(", ", Enum.GetNames<FirewallAction>())}.";
        foreach (FirewallRule rule in Rules)
        {
            if (!Enum.IsDefined(rule.Direction) || !Enum.IsDefined(rule.Protocol))
                yield return $"{where}: the rule \"{rule}\" has an unknown direction or protocol: use {string.Join(", ", Enum.GetNames<FirewallDirection>())}, and {string.Join(", ", Enum.GetNames<IPTransport>())}.";
            if (rule.Ports != null && rule.Protocol == IPTransport.Icmp)
                yield return $"{where}: the rule \"{rule}\" cannot be: ICMP has no ports.";
            else if (rule.Ports != null && FirewallRule.ParsePorts(rule.Ports) == null)
                yield return $"{where}: the rule \"{rule}\" cannot be: Ports = \"{rule.Ports}\" are not ports, such as \"80\", \"80,443\" or \"8000-8999\".";
        }
    }

    private Firewall With(FirewallRule rule) => this with { Rules = [.. Rules, rule] };
}
