using System.Runtime.CompilerServices;

namespace NsFixture.Networking;

/// <summary>
/// Buffers for packets, numbered. The one freed last is taken first, so that no more memory is touched than packets are on
/// their way at once. A buffer has as many users as a flooded packet has ways to go.
/// </summary>
internal sealed unsafe class PacketPool
{
    private readonly byte* buffers;
    private readonly int* lengths, users, free;
    private readonly int capacity;
    private int freed, touched;

    /// <param name="capacity">How many packets can be on their way.</param>
    /// <param name="size">The most bytes of one.</param>
    public PacketPool(int capacity, int size)
    {
        this.capacity = capacity;
        Size = (size + 63) & ~63;
        buffers = UnmanagedMemory.Reserve<byte>((long)capacity * Size);
        lengths = UnmanagedMemory.Reserve<int>(capacity);
        users = UnmanagedMemory.Reserve<int>(capacity);
        free = UnmanagedMemory.Reserve<int>(capacity);
    }

    /// <summary>The most bytes of a packet.</summary>
    public int Size { get; }

    /// <summary>How many are in use.</summary>
    public int InUse => touched - freed;

    /// <summary>A buffer with one user; -1: all are in use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Take()
    {
        int packet = freed > 0 ? free[--freed] : touched < capacity ? touched++ : -1;
        if (packet >= 0)
            users[packet] = 1;
        return packet;
    }

    public void Share(int packet) => users[packet]++;

    public bool IsShared(int packet) => users[packet] > 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(int packet)
    {
        if (--users[packet] == 0)
            free[freed++] = packet;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Bytes(int packet) => buffers + ((long)packet * Size);

    /// <summary>How many bytes of the buffer the packet takes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref int Length(int packet) => ref lengths[packet];
}
