namespace NsFixture;

/// <summary>How much of the machine a command, a host or a sandbox may take, with all that it starts. What is not given is not limited.</summary>
/// <seealso cref="NamespaceCommand.WithLimits"/>
/// <seealso cref="SandboxOptions.Limits"/>
/// <seealso cref="NodeDeclaration{TSelf}.WithLimits"/>
public sealed record Limits
{
    internal const long LeastMemory = 1 << 20;
    internal const double LeastCpu = 0.01;

    /// <summary>Memory, in bytes, together; swap counts too. From 1 MiB.</summary>
    public long? Memory { get; init; }

    /// <summary>Processor time a time, together: 0.3 is 30 % of one processor, 2 is two. From 0.01.</summary>
    public double? Cpu { get; init; }

    /// <summary>How many processes and threads there may be at a time. Further forks fail.</summary>
    public int? Processes { get; init; }

    /// <summary>Bytes a second that may be read from, and written to, each disk. With control groups of version 1, what the kernel writes later (no O_DIRECT, no O_SYNC) is not limited.</summary>
    public long? IoRate { get; init; }

    /// <summary>How many files each process may have open (RLIMIT_NOFILE).</summary>
    public int? OpenFiles { get; init; }

    internal string? Problem =>
        Memory < LeastMemory ? $"a memory limit of {Memory} bytes is too little to start anything: give {LeastMemory} or more"
        : Cpu is { } cpu && !(cpu >= LeastCpu && cpu <= 1024) ? $"a limit of {cpu} processors cannot be: give {LeastCpu} to 1024"
        : Processes < 1 ? $"a limit of {Processes} processes cannot be: give 1 or more"
        : IoRate < 1 ? $"a limit of {IoRate} bytes a second cannot be: give 1 or more"
        : OpenFiles < 8 ? $"a limit of {OpenFiles} open files is too little to start anything: give 8 or more"
        : null;
}
