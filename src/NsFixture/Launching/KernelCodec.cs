using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>A <see cref="KernelSpec"/> as bytes.</summary>
internal static class KernelCodec
{
    public static ByteWriter Kernel(this ByteWriter writer, KernelSpec? kernel) => kernel == null ? writer.Boolean(false) : writer.Boolean(true)
        .Int64(kernel.Uptime?.Ticks ?? 0).String(kernel.DomainName).Strings([.. kernel.IpcLimits.SelectMany(l => (string[])[l.Name, l.Value])]);

    public static KernelSpec? Kernel(this ref ByteReader reader)
    {
        if (!reader.Boolean())
            return null;
        long uptime = reader.Int64();
        string? domain = reader.String();
        string[] limits = reader.Strings()!;
        return new KernelSpec(uptime == 0 ? null : new TimeSpan(uptime), domain, [.. limits.Chunk(2).Select(l => (l[0], l[1]))]);
    }
}
