namespace NsFixture.Networking;

/// <summary>When the packets that a rate holds up will have left, in order: their number is the length of the queue.</summary>
internal sealed unsafe class Departures
{
    private long* times;
    private long first, next; // places in the stream; the memory is a ring
    private int capacity;

    /// <summary>Forgets all, and makes room for a queue of that length and the packet before it, which is leaving.</summary>
    public void Empty(int queueLength)
    {
        first = next = 0;
        if (queueLength < capacity)
            return;
        UnmanagedMemory.Free(times, capacity);
        capacity = queueLength + 1;
        times = UnmanagedMemory.Reserve<long>(capacity);
    }

    public void Add(long time) => times[next++ % capacity] = time;

    /// <summary>How many leave after a moment; those before it are forgotten.</summary>
    public int After(long now)
    {
        while (first < next && times[first % capacity] <= now)
            first++;
        return (int)(next - first);
    }
}
