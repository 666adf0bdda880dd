using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>What there is to ask about links.</summary>
internal sealed partial class InitConnection
{
    /// <summary>Changes a link's conditions.</summary>
    public void SetConditions(int host, int link, LinkConditions? up, LinkConditions? down) =>
        Ask(Request(HostRequest.SetConditions, host).Int32(link).Conditions(up).Conditions(down));

    /// <summary>Changes what happens between two regions, in that direction.</summary>
    public void SetRegionConditions(int from, int to, LinkConditions? conditions) =>
        Ask(Request(HostRequest.SetRegionConditions, from).Int32(to).Conditions(conditions));

    /// <summary>How a link's conditions are put into effect, and what has been counted on it.</summary>
    public LinkStatus LinkStatus(int host, int link) => LinkRequests.Status(new ByteReader(Ask(Request(HostRequest.LinkStatus, host).Int32(link)).Bytes));

    /// <summary>The places in the stream of the packets that a link dropped in a direction.</summary>
    public List<long> Drops(int host, int link, bool down)
    {
        var places = new List<long>();
        while (true)
        {
            var (_, count, bytes) = Ask(Request(HostRequest.LinkDrops, host).Int32(link).Boolean(down).Int32(places.Count));
            for (var reader = new ByteReader(bytes); reader.Length > 0;)
                places.Add(reader.Int64());
            if (bytes.Length == 0 || places.Count >= count)
                return places;
        }
    }
}
