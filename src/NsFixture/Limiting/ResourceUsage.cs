namespace NsFixture;

/// <summary>What a command, a host or a sandbox with <see cref="Limits"/> has taken of the machine, with all that it has started.</summary>
/// <param name="Memory">Memory now, in bytes; null: it is not counted.</param>
/// <param name="MemoryPeak">The most memory that it had, in bytes; null: it is not counted, or the kernel does not tell (version 2 before Linux 5.19).</param>
/// <param name="OutOfMemoryKills">How many processes the kernel has killed because the memory was not enough.</param>
/// <param name="CpuTime">Processor time; null: it is not counted.</param>
/// <param name="Throttled">How long it was held because its processor time was used up.</param>
/// <param name="Processes">Processes and threads now; null: they are not counted.</param>
/// <param name="RefusedForks">How often there was one process too many.</param>
public sealed record ResourceUsage(long? Memory, long? MemoryPeak, long OutOfMemoryKills, TimeSpan? CpuTime, TimeSpan Throttled, int? Processes, long RefusedForks)
{
    /// <summary>Pressure: how long at least one of its processes was ready to run and had no processor (PSI, <c>cpu.pressure</c>); null: it is not counted, as in control groups of version 1.</summary>
    public TimeSpan? CpuStalled { get; init; }

    /// <summary>Pressure: how long at least one of its processes waited for memory (<c>memory.pressure</c>); null: it is not counted, as in control groups of version 1.</summary>
    public TimeSpan? MemoryStalled { get; init; }

    /// <summary>Pressure: how long at least one of its processes waited for a disk (<c>io.pressure</c>); null: it is not counted, as in control groups of version 1.</summary>
    public TimeSpan? IoStalled { get; init; }
}
