using System.Globalization;

namespace NsFixture.Sandboxes;

/// <summary>What a sandbox's kernel is to say of itself that other sandboxes' does not: checked and resolved.</summary>
/// <param name="Uptime">How long it has been up when the sandbox is made; null: as long as the machine.</param>
/// <param name="DomainName">The name of setdomainname(2); null: the machine's.</param>
/// <param name="IpcLimits">Sysctls of the ipc namespace, and their values.</param>
internal sealed record KernelSpec(TimeSpan? Uptime, string? DomainName, IReadOnlyList<(string Name, string Value)> IpcLimits)
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1), Most = TimeSpan.FromDays(36500);

    // sysctl-kernel(5), mq_overview(7): those that belong to an ipc namespace.
    private static readonly string[] Known =
    [
        "fs.mqueue.msg_default", "fs.mqueue.msg_max", "fs.mqueue.msgsize_default", "fs.mqueue.msgsize_max", "fs.mqueue.queues_max",
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shm_rmid_forced", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
    ];

    /// <summary>Null where nothing is asked for.</summary>
    /// <param name="options">What is.</param>
    /// <param name="problems">Gets a sentence for each setting that cannot be.</param>
    public static KernelSpec? From(SandboxOptions options, List<string> problems)
    {
        TimeSpan? uptime = options.Uptime;
        if (options.UptimeText is { } text)
        {
            if (TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out TimeSpan parsed))
                uptime = parsed;
            else
                problems.Add($"Uptime = \"{text}\" is not a time: write days.hours:minutes:seconds, such as \"400.00:00:00\" or \"24.20:31:20\".");
        }
        if (uptime < Least || uptime > Most)
            problems.Add($"Uptime = {uptime} cannot be: use from {Least} to {Most}.");
        if (options.DomainName is { } domain && (domain.Length is 0 or > 64 || domain.Any(c => c is <= ' ' or > '~')))
            problems.Add($"DomainName = \"{domain}\" is not a domain name: use 1 to 64 printable ASCII characters.");
        var limits = new List<(string, string)>();
        foreach (string limit in options.IpcLimits)
        {
            string[] parts = limit.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts.Length != 2 || parts[1].Length == 0 || parts[1].Any(c => c is not ((>= '0' and <= '9') or ' ')))
                problems.Add($"IpcLimits: \"{limit}\" is not a setting: write name=number, such as \"kernel.shmmax=1048576\".");
            else if (!Known.Contains(parts[0]))
                problems.Add($"IpcLimits: \"{parts[0]}\" is no setting of System V IPC or POSIX message queues: use {string.Join(", ", Known)}.");
            else
                limits.Add((parts[0], parts[1]));
        }
        return uptime == null && options.DomainName == null && limits.Count == 0 ? null : new KernelSpec(uptime, options.DomainName, limits);
    }
}
