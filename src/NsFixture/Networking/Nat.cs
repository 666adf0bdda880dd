using System.Net;
using System.Net.Sockets;
using System.Text;
using NsFixture.Networking;

namespace NsFixture;

/// <summary>
/// How a router translates between its inside networks and the outside one. Immutable: each <c>WithX</c> gives a new one. Wrong
/// values are refused where it is used, all at once.
/// <para>
/// It is TCP and UDP that mapping and filtering are about; ICMP echo is translated by its identifier, and ICMP errors find the inside
/// endpoint that they are about. What comes from outside and was not let in is dropped without an answer, also where it is for
/// an inside address, or for a server on the router itself.
/// </para>
/// </summary>
/// <example>
/// <code>
/// var nat = Nat.Home.WithFiltering(NatFiltering.AddressDependent).WithUdpTimeout(TimeSpan.FromSeconds(30)).WithPortForward(IPTransport.Tcp, 8080, "server", 80);
/// </code>
/// </example>
public sealed record Nat
{
    private const int FirstDynamicPort = 49152; // RFC 6335

    /// <summary>No translation of either family: a router as it is without NAT.</summary>
    public static Nat Public { get; } = new() { TranslatesIPv4 = false };

    /// <summary>A home router: one outside port for an inside one, preserved, which only those sent to can answer; hairpinning.</summary>
    public static Nat Home { get; } = new() { Ports = NatPorts.Preserved, Hairpin = true };

    /// <summary>A home router that lets anyone send to a port in use.</summary>
    public static Nat FullCone { get; } = Home.WithFiltering(NatFiltering.EndpointIndependent);

    /// <summary>A company's gateway: another port for each destination, IPv6 too.</summary>
    public static Nat Corporate { get; } = new() { Mapping = NatMapping.AddressAndPortDependent, IPv6 = NatIPv6.Masquerade, UdpTimeout = TimeSpan.FromSeconds(120) };

    /// <summary>A hotel's gateway: another port for each destination, forgotten soon.</summary>
    public static Nat Hotel { get; } = new() { Mapping = NatMapping.AddressAndPortDependent, UdpTimeout = TimeSpan.FromSeconds(60), TcpTimeout = TimeSpan.FromMinutes(15) };

    /// <summary>A mobile carrier's NAT of many customers (RFC 6888): one outside port for an inside one, of its own choice.</summary>
    public static Nat MobileCarrier { get; } = new() { Filtering = NatFiltering.AddressDependent, Hairpin = true, UdpTimeout = TimeSpan.FromSeconds(120) };

    /// <summary>A cloud's NAT gateway: another port for each destination.</summary>
    public static Nat Cloud { get; } = new() { Mapping = NatMapping.AddressAndPortDependent, UdpTimeout = TimeSpan.FromSeconds(120), TcpTimeout = TimeSpan.FromSeconds(350) };

    /// <summary>When an inside endpoint keeps its outside port. Default: always.</summary>
    public NatMapping Mapping { get; internal init; }

    /// <summary>Who may send to an outside port. Default: addresses and ports that were sent to.</summary>
    public NatFiltering Filtering { get; internal init; } = NatFiltering.AddressAndPortDependent;

    /// <summary>Which outside port it is. Default: the next of the range.</summary>
    public NatPorts Ports { get; internal init; } = NatPorts.Sequential;

    /// <summary>The first of the range of outside ports. Default: 49152.</summary>
    public int FirstPort { get; internal init; } = FirstDynamicPort;

    /// <summary>The last of the range of outside ports. Default: 65535.</summary>
    public int LastPort { get; internal init; } = ushort.MaxValue;

    /// <summary>Whether inside hosts reach one another by the outside address, each seen with its own outside address and port. Default: no.</summary>
    public bool Hairpin { get; internal init; }

    /// <summary>How long a UDP port is kept without a packet in either direction. Whole seconds; default: 5 minutes.</summary>
    public TimeSpan UdpTimeout { get; internal init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a TCP connection is kept without a packet in either direction. Whole seconds; default: 2 h 4 min (RFC 5382).</summary>
    public TimeSpan TcpTimeout { get; internal init; } = TimeSpan.FromMinutes(124);

    /// <summary>Whether IPv4 is translated. Default: yes.</summary>
    public bool TranslatesIPv4 { get; internal init; } = true;

    /// <summary>What is done with IPv6. Default: nothing.</summary>
    public NatIPv6 IPv6 { get; internal init; }

    /// <summary>Whether inside hosts reach IPv4 addresses over IPv6. Default: no.</summary>
    public bool HasNat64 { get; internal init; }

    /// <summary>The prefix that inside addresses have outside, with <see cref="NatIPv6.PrefixTranslation"/>.</summary>
    public string? Prefix6 { get; internal init; }

    internal IReadOnlyList<PortForward> Forwards { get; init; } = [];

    /// <summary>Sets when an inside endpoint keeps its outside port.</summary>
    public Nat WithMapping(NatMapping mapping) => this with { Mapping = mapping };

    /// <summary>Sets who may send to an outside port.</summary>
    public Nat WithFiltering(NatFiltering filtering) => this with { Filtering = filtering };

    /// <summary>Sets which outside port an inside endpoint gets.</summary>
    /// <param name="ports">Its own, or which of the range.</param>
    /// <param name="first">The first port of the range.</param>
    /// <param name="last">The last port of the range.</param>
    public Nat WithPorts(NatPorts ports, int first = FirstDynamicPort, int last = ushort.MaxValue) => this with { Ports = ports, FirstPort = first, LastPort = last };

    /// <summary>Sets whether inside hosts reach one another by the outside address. Who they are is not filtered then.</summary>
    public Nat WithHairpin(bool hairpin = true) => this with { Hairpin = hairpin };

    /// <summary>Sets how long a UDP port is kept without a packet. 1 s to 30 days, whole seconds.</summary>
    public Nat WithUdpTimeout(TimeSpan timeout) => this with { UdpTimeout = timeout };

    /// <summary>Sets how long a TCP connection is kept without a packet. 1 s to 30 days, whole seconds.</summary>
    public Nat WithTcpTimeout(TimeSpan timeout) => this with { TcpTimeout = timeout };

    /// <summary>Passes what comes to an outside port on to an inside host, whoever sends it.</summary>
    /// <param name="protocol">TCP or UDP.</param>
    /// <param name="port">The outside port.</param>
    /// <param name="to">The inside host's name, or its address.</param>
    /// <param name="toPort">The port there; null: the same.</param>
    public Nat WithPortForward(IPTransport protocol, int port, string to, int? toPort = null) =>
        this with { Forwards = [.. Forwards, new PortForward(protocol, port, to, toPort ?? port)] };

    /// <summary>Leaves IPv4 as it is.</summary>
    public Nat WithoutIPv4() => this with { TranslatesIPv4 = false };

    /// <summary>Leaves IPv6 as it is.</summary>
    public Nat WithoutIPv6() => this with { IPv6 = NatIPv6.None, Prefix6 = null };

    /// <summary>Treats IPv6 as it treats IPv4.</summary>
    public Nat WithIPv6Masquerade() => this with { IPv6 = NatIPv6.Masquerade, Prefix6 = null };

    /// <summary>
    /// Gives inside addresses another prefix outside, after RFC 6296, and back. It differs from that in two ways: the kernel keeps track
    /// of connections for it, and corrects checksums instead of choosing addresses that need no correction. Anyone may send in.
    /// </summary>
    /// <param name="prefix">The outside prefix, as long as the inside network's: <c>2001:db8:1::/64</c>. Routers outside get a route to it.</param>
    public Nat WithIPv6Prefix(string prefix) => this with { IPv6 = NatIPv6.PrefixTranslation, Prefix6 = prefix };

    /// <summary>
    /// Lets inside hosts reach IPv4 addresses outside over IPv6, by <see cref="ToNat64"/> (RFC 6146), whatever is done with other IPv6
    /// addresses. They are seen as those with IPv4 are: by mapping and filtering, ports and timeouts.
    /// </summary>
    public Nat WithNat64(bool nat64 = true) => this with { HasNat64 = nat64 };

    /// <summary>The IPv6 address that stands for an IPv4 address behind a NAT64: <c>64:ff9b::c000:201</c> for 192.0.2.1 (RFC 6052).</summary>
    /// <param name="address">An IPv4 address.</param>
    /// <exception cref="ArgumentException">It is no IPv4 address.</exception>
    public static IPAddress ToNat64(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.AddressFamily == AddressFamily.InterNetwork ? Nat64Translator.Mapped(address)
            : throw new ArgumentException($"{address} is no IPv4 address: NAT64 stands for those alone.", nameof(address));
    }

    /// <summary>What it does, in short: <c>EIM, APDF, preserved ports, hairpin, UDP 300 s</c>, with RFC 4787's terms abbreviated.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        void Add(bool said, string what) => text.Append(said ? (text.Length > 0 ? ", " : "") + what : "");
        bool translates = TranslatesIPv4 || IPv6 == NatIPv6.Masquerade;
        Add(translates, Mapping switch { NatMapping.EndpointIndependent => "EIM", NatMapping.AddressDependent => "ADM", _ => "APDM" });
        Add(translates, Filtering switch { NatFiltering.EndpointIndependent => "EIF", NatFiltering.AddressDependent => "ADF", _ => "APDF" });
        Add(translates, $"{Ports.ToString().ToLowerInvariant()} ports");
        Add(translates && Hairpin, "hairpin");
        Add(translates, $"UDP {UdpTimeout.TotalSeconds:0} s");
        Add(translates && !TranslatesIPv4, "IPv6 only");
        Add(IPv6 == NatIPv6.Masquerade && TranslatesIPv4, "IPv6 too");
        Add(HasNat64, "NAT64");
        Add(IPv6 == NatIPv6.PrefixTranslation, $"IPv6 prefix {Prefix6}");
        foreach (PortForward forward in Forwards)
            Add(true, forward.ToString());
        return text.Length == 0 ? "none" : text.ToString();
    }

    /// <summary>One sentence for each value that is out of range, by itself.</summary>
    /// <param name="where">The router, to begin each sentence with.</param>
    internal IEnumerable<string> Problems(string where)
    {
        if (!Enum.IsDefined(Mapping))
            yield return $"{where}: {nameof(Mapping)} = {(int)Mapping} is unknown: use {string.Join(", ", Enum.GetNames<NatMapping>())}.";
        if (!Enum.IsDefined(Filtering))
            yield return $"{where}: {nameof(Filtering)} = {(int)Filtering} is unknown: use {string.Join(", ", Enum.GetNames<NatFiltering>())}.";
        if (!Enum.IsDefined(Ports))
            yield return $"{where}: {nameof(Ports)} = {(int)Ports} is unknown: use {string.Join(", ", Enum.GetNames<NatPorts>())}.";
        if (FirstPort < 1 || LastPort > ushort.MaxValue || FirstPort > LastPort)
            yield return $"{where}: the range of outside ports {FirstPort} to {LastPort} cannot be: it goes from a port to the same or a higher one, within 1 to 65535.";
        foreach (var (name, value) in ((string, TimeSpan)[])[(nameof(UdpTimeout), UdpTimeout), (nameof(TcpTimeout), TcpTimeout)])
            if (value < TimeSpan.FromSeconds(1) || value > TimeSpan.FromDays(30) || value.Ticks % TimeSpan.TicksPerSecond != 0)
                yield return $"{where}: {name} = {value.TotalSeconds:0.###} s cannot be: 1 s to 30 days, in whole seconds.";
        var seen = new HashSet<(IPTransport, int)>();
        foreach (PortForward forward in Forwards)
        {
            if (forward.Protocol is not (IPTransport.Tcp or IPTransport.Udp))
                yield return $"{where}: the port forward {forward} cannot be: only TCP and UDP have ports.";
            foreach (int port in ((int[])[forward.Port, forward.ToPort]).Distinct())
                if (port is < 1 or > ushort.MaxValue)
                    yield return $"{where}: the port forward {forward} cannot be: Port = {port} is out of range: 1 to 65535.";
            if (!seen.Add((forward.Protocol, forward.Port)))
                yield return $"{where}: the port forward {forward} is the second one of its port: leave one out.";
        }
        if (HasNat64 && !TranslatesIPv4)
            yield return $"{where}: NAT64 ends in the NAT of IPv4, which is left out: leave out {nameof(WithoutIPv4)}, or NAT64.";
        if (Forwards.Count > 0 && !TranslatesIPv4 && IPv6 != NatIPv6.Masquerade)
            yield return $"{where}: port forwards have no effect where neither IPv4 nor IPv6 is masqueraded: leave them out.";
    }
}
