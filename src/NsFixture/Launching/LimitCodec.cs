using NsFixture.Limiting;

namespace NsFixture.Launching;

/// <summary>Limits, and what is used of them, as bytes.</summary>
internal static class LimitCodec
{
    public static ByteWriter LimitSpec(this ByteWriter writer, LimitSpec? spec) => spec == null ? writer.Boolean(false)
        : writer.Boolean(true).Limits(spec.Sandbox ?? new Limits()).List(spec.Hosts, static (w, h) => w.Int32(h.Host).Limits(h.Limits));

    public static LimitSpec? LimitSpec(this ref ByteReader reader) => !reader.Boolean() ? null
        : new LimitSpec(reader.Limits() is var sandbox && sandbox == new Limits() ? null : sandbox, PlanCodec.List(ref reader, static (ref r) => (r.Int32(), r.Limits())));

    public static ByteWriter Usage(this ByteWriter writer, ResourceUsage usage) => writer
        .Optional(usage.Memory).Optional(usage.MemoryPeak).Int64(usage.OutOfMemoryKills).Optional(usage.CpuTime?.Ticks).Int64(usage.Throttled.Ticks)
        .Optional(usage.Processes).Int64(usage.RefusedForks).Optional(usage.CpuStalled?.Ticks).Optional(usage.MemoryStalled?.Ticks).Optional(usage.IoStalled?.Ticks);

    public static ResourceUsage Usage(this ref ByteReader reader) =>
        new(reader.Optional(), reader.Optional(), reader.Int64(), Time(reader.Optional()), new TimeSpan(reader.Int64()), (int?)reader.Optional(), reader.Int64())
        {
            CpuStalled = Time(reader.Optional()), MemoryStalled = Time(reader.Optional()), IoStalled = Time(reader.Optional()),
        };

    private static TimeSpan? Time(long? ticks) => ticks is { } t ? new TimeSpan(t) : null;

    private static ByteWriter Limits(this ByteWriter writer, Limits limits) => writer
        .Optional(limits.Memory).Double(limits.Cpu ?? -1).Optional(limits.Processes).Optional(limits.IoRate).Optional(limits.OpenFiles);

    private static Limits Limits(this ref ByteReader reader) => new()
    {
        Memory = reader.Optional(), Cpu = reader.Double() is >= 0 and var cpu ? cpu : null, Processes = (int?)reader.Optional(), IoRate = reader.Optional(), OpenFiles = (int?)reader.Optional(),
    };

    // None of the numbers is negative.
    private static ByteWriter Optional(this ByteWriter writer, long? number) => writer.Int64(number ?? -1);

    private static long? Optional(this ref ByteReader reader) => reader.Int64() is >= 0 and var number ? number : null;
}
