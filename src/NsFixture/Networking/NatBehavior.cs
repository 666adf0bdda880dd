namespace NsFixture;

/// <summary>When a NAT gives an inside endpoint (address and port) the outside port that it gave it before (RFC 4787, 4.1).</summary>
public enum NatMapping
{
    /// <summary>Always: whatever it sends to, it has one outside port. What hole punching needs.</summary>
    EndpointIndependent,

    /// <summary>For the same remote address, whatever the remote port.</summary>
    AddressDependent,

    /// <summary>For the same remote address and port: each destination sees another port ("symmetric NAT").</summary>
    AddressAndPortDependent,
}

/// <summary>Who may send to an outside port that a NAT has given to an inside endpoint (RFC 4787, 5).</summary>
public enum NatFiltering
{
    /// <summary>Anyone ("full cone").</summary>
    EndpointIndependent,

    /// <summary>Addresses that the inside endpoint has sent to, from any port ("restricted cone").</summary>
    AddressDependent,

    /// <summary>Addresses and ports that the connection is with ("port-restricted cone").</summary>
    AddressAndPortDependent,
}

/// <summary>Which outside port a NAT gives to an inside endpoint (RFC 4787, 4.2).</summary>
public enum NatPorts
{
    /// <summary>The inside port, unless it is given already: then the next of the NAT's range.</summary>
    Preserved,

    /// <summary>The next of the NAT's range. The same in every run.</summary>
    Sequential,

    /// <summary>Any of the NAT's range: the kernel's random numbers, other ones in every run.</summary>
    Random,
}

/// <summary>What a router does with IPv6.</summary>
public enum NatIPv6
{
    /// <summary>Nothing: inside addresses are seen outside, and can be reached from there.</summary>
    None,

    /// <summary>The same as with IPv4: one outside address and many ports.</summary>
    Masquerade,

    /// <summary>One prefix for another, the rest of each address and the ports as they are (after RFC 6296).</summary>
    PrefixTranslation,
}

/// <summary>A transport protocol, as NAT and firewalls tell them apart.</summary>
public enum IPTransport
{
    /// <summary>Any, also others than those below.</summary>
    Any,

    /// <summary>TCP.</summary>
    Tcp,

    /// <summary>UDP.</summary>
    Udp,

    /// <summary>ICMP with IPv4, ICMPv6 with IPv6: <c>ping</c>.</summary>
    Icmp,
}
