using System.Net;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>A <see cref="NetworkPlan"/> as bytes; the same plan gives the same bytes.</summary>
internal static class PlanCodec
{
    public delegate T Reading<T>(ref ByteReader reader);

    public static ByteWriter Plan(this ByteWriter writer, NetworkPlan plan) => writer.Int64(plan.Seed)
        .List(plan.Networks, Network)
        .List(plan.Hosts, Host)
        .List(plan.Regions, static (w, r) => w.Int32(r.Index).String(r.Name).List(r.Hosts, static (w, i) => w.Int32(i)))
        .List(plan.RegionConditions, static (w, r) => w.Int32(r.From).Int32(r.To).Conditions(r.Conditions))
        .Boolean(plan.Dns != null).Dns(plan.Dns);

    public static NetworkPlan Plan(this ref ByteReader reader)
    {
        long seed = reader.Int64();
        return new NetworkPlan(
            List(ref reader, Network),
            List(ref reader, Host),
            List(ref reader, static (ref r) => new PlannedRegion(r.Int32(), r.Text(), List(ref r, static (ref r) => r.Int32()))),
            List(ref reader, static (ref r) => new RegionConditions(r.Int32(), r.Int32(), r.Conditions()!))) { Seed = seed, Dns = reader.Boolean() ? reader.Dns() : null };
    }

    /// <summary>What changes of a plan.</summary>
    public static ByteWriter Change(this ByteWriter writer, PlanChange change) => writer.List(change.Networks, Network).List(change.Hosts, Host);

    public static PlanChange Change(this ref ByteReader reader) => new(List(ref reader, Network), List(ref reader, Host));

    /// <summary>What the name server says; nothing for null.</summary>
    public static ByteWriter Dns(this ByteWriter writer, PlannedDns? dns) => dns == null ? writer : writer
        .String(dns.Domain).Boolean(dns.InHostsFile)
        .List(dns.Records, static (w, r) => w.String(r.Name).Int32((int)r.Type).Int32(r.Ttl).Bytes(r.Data))
        .List(dns.Behaviours, static (w, b) => w.String(b.Name).Int32((int?)b.Failure ?? 0).Int64(b.Delay.Ticks).Int32(b.Times)).Boolean(dns.HasDns64);

    public static PlannedDns Dns(this ref ByteReader reader) => new(
        reader.Text(), reader.Boolean(),
        List(ref reader, static (ref r) => new DnsRecord(r.Text(), (DnsRecordType)r.Int32(), r.Int32(), r.Bytes().ToArray())),
        List(ref reader, static (ref r) => new DnsBehaviour(r.Text(), r.Int32() is not 0 and var f ? (DnsFailure)f : null, new TimeSpan(r.Int64()), r.Int32()))) { HasDns64 = reader.Boolean() };

    /// <summary>Link conditions, or null.</summary>
    public static ByteWriter Conditions(this ByteWriter writer, LinkConditions? c) => c == null ? writer.Boolean(false) : writer
        .Boolean(true).Int64(c.Delay.Ticks).Int64(c.Jitter.Ticks).Byte((byte)c.Distribution)
        .Double(c.Loss).Double(c.LossCorrelation).Double(c.Duplication).Double(c.Reordering).Double(c.Corruption)
        .Int64(c.Rate ?? -1).Int32(c.QueueLength).Int32(c.Mtu ?? -1);

    public static LinkConditions? Conditions(this ref ByteReader reader) => !reader.Boolean() ? null : new LinkConditions
    {
        Delay = new TimeSpan(reader.Int64()), Jitter = new TimeSpan(reader.Int64()), Distribution = (JitterDistribution)reader.Byte(),
        Loss = reader.Double(), LossCorrelation = reader.Double(), Duplication = reader.Double(), Reordering = reader.Double(), Corruption = reader.Double(),
        Rate = reader.Int64() is >= 0 and var rate ? rate : null, QueueLength = reader.Int32(), Mtu = reader.Int32() is >= 0 and var mtu ? mtu : null,
    };

    private static void Network(ByteWriter writer, PlannedNetwork n) => writer
        .Int32(n.Index).String(n.Name).Int32(n.Mtu).Prefix(n.Subnet).Prefix(n.Subnet6).Int32(n.InterfaceCount).Conditions(n.Up).Conditions(n.Down);

    private static PlannedNetwork Network(ref ByteReader reader) => new(reader.Int32(), reader.Text(), reader.Int32(), Prefix(ref reader), Prefix(ref reader), reader.Int32())
    {
        Up = reader.Conditions(), Down = reader.Conditions(),
    };

    private static void Host(ByteWriter writer, PlannedHost h) => writer
        .Int32(h.Index).String(h.Name).Boolean(h.IsRouter).Strings([.. h.DnsNames]).List(h.Interfaces, Interface).List(h.Routes, Route).Nat(h.Nat).Firewall(h.Firewall)
        .Boolean(h.HasDerivedRoutes).Boolean(h.IsRemoved).Boolean(h.IsContainer).Boolean(h.Egress != null).Bytes(h.Egress?.Machine?.GetAddressBytes() ?? []);

    private static PlannedHost Host(ref ByteReader reader) =>
        new(reader.Int32(), reader.Text(), reader.Boolean(), reader.Strings()!, List(ref reader, Interface), List(ref reader, Route))
        {
            Nat = reader.Nat(), Firewall = reader.Firewall(), HasDerivedRoutes = reader.Boolean(), IsRemoved = reader.Boolean(), IsContainer = reader.Boolean(), Egress = Egress(reader.Boolean(), reader.Bytes()),
        };

    private static PlannedEgress? Egress(bool has, ReadOnlySpan<byte> machine) => has ? new PlannedEgress(machine.Length == 0 ? null : new IPAddress(machine)) : null;

    private static void Interface(ByteWriter writer, PlannedInterface i) => writer
        .Int32(i.Host).Int32(i.Index).String(i.Device).Int32(i.Network).Bytes(i.HardwareAddress)
        .List(i.Addresses, static (w, a) => w.Bytes(a.Address.GetAddressBytes()).Int32(a.PrefixLength))
        .Int32(i.Mtu).Conditions(i.Up).Conditions(i.Down);

    private static PlannedInterface Interface(ref ByteReader reader) => new(
        reader.Int32(), reader.Int32(), reader.Text(), reader.Int32(), reader.Bytes().ToArray(),
        List(ref reader, static (ref r) => new NetworkAddress(new IPAddress(r.Bytes()), r.Int32())),
        reader.Int32(), reader.Conditions(), reader.Conditions());

    private static void Route(ByteWriter writer, PlannedRoute r) => writer.Prefix(r.Destination).Bytes(r.Gateway.GetAddressBytes()).Int32(r.Interface).String(r.Via);

    private static PlannedRoute Route(ref ByteReader reader) => new(Prefix(ref reader)!.Value, new IPAddress(reader.Bytes()), reader.Int32()) { Via = reader.String() };

    public static ByteWriter Prefix(this ByteWriter writer, IPNetwork? prefix) => prefix is { } p
        ? writer.Bytes(p.BaseAddress.GetAddressBytes()).Int32(p.PrefixLength)
        : writer.Bytes([]);

    public static IPNetwork? Prefix(ref ByteReader reader) => reader.Bytes() is { Length: > 0 } address ? new IPNetwork(new IPAddress(address), reader.Int32()) : null;

    public static ByteWriter List<T>(this ByteWriter writer, IReadOnlyList<T> items, Action<ByteWriter, T> write)
    {
        writer.Int32(items.Count);
        foreach (T item in items)
            write(writer, item);
        return writer;
    }

    public static T[] List<T>(ref ByteReader reader, Reading<T> read)
    {
        var items = new T[reader.Int32()];
        for (int i = 0; i < items.Length; i++)
            items[i] = read(ref reader);
        return items;
    }
}
