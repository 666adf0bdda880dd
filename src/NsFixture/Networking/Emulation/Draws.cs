using System.Runtime.CompilerServices;

namespace NsFixture.Networking;

/// <summary>
/// The random numbers of one direction of one link: a function of seed, stream, packet and purpose, with no state. So what befalls
/// a packet depends on its place in the stream alone: not on time, nor on what was asked for the packets before it, nor on whether
/// conditions were changed in between.
/// </summary>
internal readonly struct Draws(long seed, int stream)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private readonly ulong key = Mix(Mix((ulong)seed + Golden) + ((ulong)(uint)stream * Golden));

    /// <summary>A number from 0 to below 1.</summary>
    /// <param name="packet">The packet's place in the stream.</param>
    /// <param name="purpose">What it is for: each has numbers of its own.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Next(long packet, Purpose purpose) => (Bits(packet, purpose) >> 11) * (1.0 / (1UL << 53));

    /// <summary>64 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Bits(long packet, Purpose purpose) => Mix(key + ((((ulong)packet * 8) + (ulong)purpose) * Golden));

    /// <summary>Steele, Lea and Flood's finalizer of SplitMix64: a bijection that lets every bit of the input change half of those of the output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>What a random number is for.</summary>
    internal enum Purpose : uint
    {
        Loss,
        Duplication,
        Reordering,
        Corruption,
        Bit,
        Jitter,
        Jitter2,
    }
}
