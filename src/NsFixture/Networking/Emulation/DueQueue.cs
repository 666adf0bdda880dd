using System.Runtime.CompilerServices;

namespace NsFixture.Networking;

/// <summary>Packets by the time they are due at the end of a pipe; those due at once come in the order they were added. A binary heap.</summary>
internal sealed unsafe class DueQueue(int capacity)
{
    private readonly Entry* heap = UnmanagedMemory.Reserve<Entry>(capacity);
    private long added;

    public int Count { get; private set; }

    /// <summary>When the next is due; only where there is one.</summary>
    public long NextDue => heap[0].Due;

    /// <summary>False: it is full.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Add(long due, int packet, Stage stage, int port)
    {
        if (Count == capacity)
            return false;
        var entry = new Entry { Due = due, Order = added++, Packet = packet, Port = port, Stage = stage };
        int at = Count++;
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (!entry.IsBefore(heap[parent]))
                break;
            heap[at] = heap[parent];
            at = parent;
        }
        heap[at] = entry;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Entry Take()
    {
        Entry first = heap[0], last = heap[--Count];
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= Count)
                break;
            if (child + 1 < Count && heap[child + 1].IsBefore(heap[child]))
                child++;
            if (!heap[child].IsBefore(last))
                break;
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = last;
        return first;
    }

    /// <summary>Changes the ports that packets are for.</summary>
    /// <param name="numbers">The new numbers by the old ones.</param>
    public void Renumber(int[] numbers)
    {
        for (int i = 0; i < Count; i++)
            heap[i].Port = heap[i].Port < 0 ? -1 : numbers[heap[i].Port];
    }

    internal struct Entry
    {
        public long Due, Order;
        public int Packet, Port;
        public Stage Stage;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly bool IsBefore(in Entry other) => Due < other.Due || (Due == other.Due && Order < other.Order);
    }
}

/// <summary>The pipe that a packet is in.</summary>
internal enum Stage
{
    /// <summary>From a host to its network.</summary>
    Up,

    /// <summary>From region to region.</summary>
    Region,

    /// <summary>From a network to a host.</summary>
    Down,
}
