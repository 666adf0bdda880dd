using System.Runtime.CompilerServices;

namespace NsFixture.Networking;

/// <summary>Small numbers by keys of 16 bytes. Nothing is allocated but when it grows.</summary>
internal sealed class KeyTable
{
    private (ulong High, ulong Low, int Value)[] slots = new (ulong, ulong, int)[64];
    private int count;

    /// <summary>-1: there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Find(ulong high, ulong low)
    {
        var table = slots;
        for (int at = Hash(high, low) & (table.Length - 1); ; at = (at + 1) & (table.Length - 1))
        {
            ref var slot = ref table[at];
            if (slot.Value == 0)
                return -1;
            if (slot.Low == low && slot.High == high)
                return slot.Value - 1;
        }
    }

    public void Set(ulong high, ulong low, int value)
    {
        if ((count + 1) * 2 > slots.Length)
            Grow();
        for (int at = Hash(high, low) & (slots.Length - 1); ; at = (at + 1) & (slots.Length - 1))
        {
            ref var slot = ref slots[at];
            if (slot.Value != 0 && (slot.Low != low || slot.High != high))
                continue;
            count += slot.Value == 0 ? 1 : 0;
            slot = (high, low, value + 1);
            return;
        }
    }

    public void Clear()
    {
        Array.Clear(slots);
        count = 0;
    }

    private void Grow()
    {
        var old = slots;
        slots = new (ulong, ulong, int)[old.Length * 2];
        count = 0;
        foreach (var (high, low, value) in old)
            if (value != 0)
                Set(high, low, value - 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Hash(ulong high, ulong low)
    {
        ulong h = (high * 0x9E3779B97F4A7C15) ^ (low * 0xC2B2AE3D27D4EB4F);
        return (int)((h ^ (h >> 29)) * 0x165667B19E3779F9 >> 33);
    }
}
