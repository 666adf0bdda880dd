using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>The requests about links, at init, and how their answers are written.</summary>
internal static class LinkRequests
{
    /// <summary>Does what is asked for.</summary>
    /// <returns>A number and bytes, for the answer.</returns>
    public static (int Number, byte[] Bytes) Serve(LinkControl links, HostRequest request, int host, ref ByteReader reader)
    {
        switch (request)
        {
            case HostRequest.SetConditions:
                links.Set(host, reader.Int32(), reader.Conditions(), reader.Conditions());
                return (0, []);
            case HostRequest.SetRegionConditions:
                links.SetRegions(host, reader.Int32(), reader.Conditions());
                return (0, []);
            case HostRequest.LinkStatus:
                LinkStatus status = links.Status(host, reader.Int32());
                return (0, new ByteWriter().Byte((byte)status.Mechanism).Direction(status.Up).Direction(status.Down).Int64(status.Overruns).Written.ToArray());
            case HostRequest.LinkDrops:
                return links.Drops(host, reader.Int32(), reader.Boolean(), reader.Int32());
            default:
                throw new SandboxException($"init does not know the request {request}");
        }
    }

    public static LinkStatus Status(ByteReader reader) =>
        new((LinkMechanism)reader.Byte(), Direction(ref reader), Direction(ref reader), reader.Int64());

    private static ByteWriter Direction(this ByteWriter writer, (ulong Packets, ulong Bytes, PipeCounters Pipe) direction) =>
        writer.Int64((long)direction.Packets).Int64((long)direction.Bytes).Counters(direction.Pipe);

    private static (ulong Packets, ulong Bytes, PipeCounters Pipe) Direction(ref ByteReader reader) =>
        ((ulong)reader.Int64(), (ulong)reader.Int64(), reader.Counters());
}
