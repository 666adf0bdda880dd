using NsFixture.Networking;

namespace NsFixture.Limiting;

/// <summary>What a sandbox and its hosts may take of the machine: checked and resolved.</summary>
/// <param name="Sandbox">The test's process and all programs on hosts, together; null: no limit.</param>
/// <param name="Hosts">The programs on hosts that have limits of their own, by the hosts' indices.</param>
internal sealed record LimitSpec(Limits? Sandbox, IReadOnlyList<(int Host, Limits Limits)> Hosts)
{
    /// <summary>A process of .NET takes about that much to run a test at all.</summary>
    private const long LeastMemory = 32 << 20;

    private const int LeastProcesses = 16;

    /// <summary>Of the sandbox itself; null where nothing is asked for.</summary>
    /// <param name="options">What is.</param>
    /// <param name="problems">Gets a sentence for each setting that cannot be.</param>
    public static Limits? OfSandbox(SandboxOptions options, List<string> problems)
    {
        Limits limits = options.Limits ?? new Limits();
        limits = limits with
        {
            Memory = Bytes(nameof(Limits.Memory), options.MemoryText, problems) ?? limits.Memory,
            IoRate = Bytes(nameof(Limits.IoRate), options.IoRateText, problems) ?? limits.IoRate,
        };
        if (limits.Problem is { } problem)
            problems.Add($"Limits: {problem}.");
        else if (limits.Memory < LeastMemory)
            problems.Add($"Limits: Memory = {limits.Memory} bytes is too little for a test, whose runtime takes some of it: give {ByteSize.Describe(LeastMemory)} or more, or limit a host (WithLimits).");
        else if (limits.Processes < LeastProcesses)
            problems.Add($"Limits: Processes = {limits.Processes} is too little for a test, whose runtime has threads of its own: give {LeastProcesses} or more, or limit a host (WithLimits).");
        return limits == new Limits() ? null : limits;
    }

    /// <summary>Null where nobody has any.</summary>
    /// <param name="sandbox">The sandbox's.</param>
    /// <param name="declared">Hosts' as declared.</param>
    /// <param name="plan">The hosts.</param>
    /// <param name="problems">Gets a sentence for each that cannot be.</param>
    public static LimitSpec? From(Limits? sandbox, IEnumerable<(string Host, Limits Limits)> declared, NetworkPlan plan, List<string> problems)
    {
        var hosts = new List<(int, Limits)>();
        foreach (var (name, limits) in declared)
        {
            PlannedHost host = plan.Find(name)!;
            if (host == plan.Test)
                problems.Add($"Host \"{host.Name}\": WithLimits is for other hosts than the test's own, which the sandbox's limits are for: set them on the attribute, or SandboxOptions.Limits.");
            else if (limits.Problem is { } problem)
                problems.Add($"Host \"{host.Name}\": {problem}.");
            else if (limits != new Limits())
                hosts.Add((host.Index, limits));
        }
        return sandbox == null && hosts.Count == 0 ? null : new LimitSpec(sandbox, hosts);
    }

    private static long? Bytes(string setting, string? text, List<string> problems)
    {
        if (text == null)
            return null;
        if (ByteSize.Parse(text) is { } bytes)
            return bytes;
        problems.Add($"{setting} = \"{text}\" is not a number of bytes: write a whole number, with K, M or G for 2^10, 2^20 or 2^30: \"256M\".");
        return null;
    }
}
