namespace NsFixture.Networking;

/// <summary>The places in the stream of the packets that a <see cref="Pipe"/> dropped: the first <see cref="Most"/> of them.</summary>
internal sealed unsafe class DropLog
{
    /// <summary>How many are remembered; further ones are only counted.</summary>
    public const int Most = 100_000;

    private long* places;

    public int Count { get; private set; }

    public void Add(long place)
    {
        if (Count == Most)
            return;
        if (places == null)
            places = UnmanagedMemory.Reserve<long>(Most);
        places[Count++] = place;
    }

    /// <summary>At most <paramref name="count"/>, from the given one on.</summary>
    public ReadOnlySpan<long> From(int first, int count) =>
        first >= Count ? [] : new(places + first, Math.Min(count, Count - first));
}
