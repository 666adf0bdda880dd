using System.Net;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>NATs and firewalls as bytes, as part of a plan or alone.</summary>
internal static class FilterCodec
{
    /// <summary>A NAT, or null.</summary>
    public static ByteWriter Nat(this ByteWriter writer, PlannedNat? nat)
    {
        if (nat == null)
            return writer.Boolean(false);
        Nat s = nat.Settings;
        return writer.Boolean(true).Int32(nat.Outside)
            .Byte((byte)s.Mapping).Byte((byte)s.Filtering).Byte((byte)s.Ports).Int32(s.FirstPort).Int32(s.LastPort).Boolean(s.Hairpin)
            .Int64(s.UdpTimeout.Ticks).Int64(s.TcpTimeout.Ticks).Boolean(s.TranslatesIPv4).Boolean(s.HasNat64).Byte((byte)s.IPv6).String(s.Prefix6)
            .List(s.Forwards, static (w, f) => w.Byte((byte)f.Protocol).Int32(f.Port).String(f.To).Int32(f.ToPort))
            .List(nat.Forwards, static (w, f) => w.Byte((byte)f.Protocol).Int32(f.Port).Bytes(f.To.GetAddressBytes()).Int32(f.ToPort))
            .Prefix(nat.Inside6).Prefix(nat.Outside6);
    }

    public static PlannedNat? Nat(this ref ByteReader reader) => !reader.Boolean() ? null : new PlannedNat(
        reader.Int32(),
        new Nat
        {
            Mapping = (NatMapping)reader.Byte(), Filtering = (NatFiltering)reader.Byte(), Ports = (NatPorts)reader.Byte(), FirstPort = reader.Int32(), LastPort = reader.Int32(),
            Hairpin = reader.Boolean(), UdpTimeout = new TimeSpan(reader.Int64()), TcpTimeout = new TimeSpan(reader.Int64()), TranslatesIPv4 = reader.Boolean(), HasNat64 = reader.Boolean(),
            IPv6 = (NatIPv6)reader.Byte(), Prefix6 = reader.String(),
            Forwards = PlanCodec.List(ref reader, static (ref r) => new PortForward((IPTransport)r.Byte(), r.Int32(), r.Text(), r.Int32())),
        },
        PlanCodec.List(ref reader, static (ref r) => new PlannedForward((IPTransport)r.Byte(), r.Int32(), new IPAddress(r.Bytes()), r.Int32())),
        PlanCodec.Prefix(ref reader), PlanCodec.Prefix(ref reader));

    /// <summary>A firewall, or null.</summary>
    public static ByteWriter Firewall(this ByteWriter writer, PlannedFirewall? firewall) => firewall == null ? writer.Boolean(false) : writer
        .Boolean(true).Int32(firewall.Outside).Byte((byte)firewall.Settings.Inbound).Byte((byte)firewall.Settings.Outbound)
        .List(firewall.Settings.Rules, static (w, r) => w.Byte((byte)r.Action).Byte((byte)r.Direction).Byte((byte)r.Protocol).String(r.Ports).String(r.From).String(r.To))
        .List(firewall.Rules, static (w, r) => w.List(r.From, Network).List(r.To, Network));

    public static PlannedFirewall? Firewall(this ref ByteReader reader) => !reader.Boolean() ? null : new PlannedFirewall(
        reader.Int32(),
        new Firewall
        {
            Inbound = (FirewallAction)reader.Byte(), Outbound = (FirewallAction)reader.Byte(),
            Rules = PlanCodec.List(ref reader, static (ref r) => new FirewallRule((FirewallAction)r.Byte(), (FirewallDirection)r.Byte(), (IPTransport)r.Byte(), r.String(), r.String(), r.String())),
        },
        PlanCodec.List(ref reader, static (ref r) => new PlannedFirewallRule(PlanCodec.List(ref r, Network), PlanCodec.List(ref r, Network))));

    private static void Network(ByteWriter writer, IPNetwork network) => writer.Prefix(network);

    private static IPNetwork Network(ref ByteReader reader) => PlanCodec.Prefix(ref reader)!.Value;
}
