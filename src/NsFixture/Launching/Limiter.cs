using System.Globalization;
using NsFixture.Limiting;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>
/// A sandbox's limits, as init sees to them: who is to be limited goes into its group on the way from init to what it becomes; what the kernel has done about it is read at the end of the test, and whenever somebody asks.
/// A kill or a refused fork that the test has been told of by <see cref="VirtualNetwork.Usage"/> or <see cref="VirtualHost.Usage"/> is its own business; any other fails it.
/// </summary>
/// <param name="spec">What is asked for.</param>
/// <param name="groups">Where the kernel enforces it; null: by rlimits.</param>
/// <param name="name">What a host is called.</param>
internal sealed class Limiter(LimitSpec spec, GroupDescriptors? groups, Func<int, string> name)
{
    private const int FilesOfRuntime = 256;

    private readonly Dictionary<int, (long Kills, long Forks)> told = [];
    private readonly Dictionary<int, List<string>> killed = [];
    private int uncounted = -1;

    /// <summary>The hosts with groups of their own, and -1 for all others.</summary>
    private IEnumerable<int> Groups => groups?.Members.Select(m => m.Host) ?? [];

    /// <summary>Refuses what cannot be enforced, and says how the rest is.</summary>
    /// <param name="why">Why there is no control group, where there is none.</param>
    /// <param name="isRoot">Whether rlimits of processes do not hold for the user.</param>
    /// <exception cref="SandboxException">A limit cannot be enforced.</exception>
    public string Describe(string why, bool isRoot)
    {
        if (groups != null)
            return $"limits: by a control group of {groups.Group.Version}";
        foreach (var (host, limits) in spec.Hosts.Prepend((-1, spec.Sandbox ?? new Limits())))
        {
            string? what = limits.Cpu != null ? "processor time" : limits.IoRate != null ? "reading and writing" : limits.Processes != null && (isRoot || host >= 0) ? "processes" : null;
            if (what != null)
                throw new SandboxException($"A limit of {what}{(host < 0 ? "" : $" for host \"{name(host)}\"")} cannot be enforced: it takes a control group, and none can be made. Run the tests as root of the machine, or in a group that is delegated to this user " +
                    $"(systemd-run --user --scope -p Delegate=yes dotnet test), or leave the limit out. ({why})");
        }
        bool takesGroup = spec.Hosts.Any(h => h.Limits.Memory != null) || spec.Sandbox is { Memory: not null } or { Processes: not null };
        return !takesGroup ? "limits: by rlimits"
            : $"limits: by rlimits, since no control group can be made ({why}): memory for each process by itself (RLIMIT_DATA), processes with NsFixture's own helpers (RLIMIT_NPROC); nothing counts what is taken";
    }

    /// <summary>Limits the calling process, which init has forked.</summary>
    /// <param name="host">The host that it is on.</param>
    /// <param name="isTest">It is the test's own process: what its runtime has now does not count.</param>
    public unsafe void Apply(int host, bool isTest)
    {
        Limits own = spec.Hosts.FirstOrDefault(h => h.Host == host).Limits ?? new Limits(), all = spec.Sandbox ?? new Limits();
        if (groups != null)
        {
            foreach (int file in (groups.Members.FirstOrDefault(m => m.Host == host).Files ?? groups.Members[0].Files))
            {
                byte self = (byte)'0';
                if (Libc.Write(file, &self, 1) < 0)
                    throw LinuxException.Last("write", "0 to cgroup.procs");
            }
            if (Libc.Unshare((int)Sched.CLONE_NEWCGROUP) != 0) // its root is the group
                throw LinuxException.Last("unshare", "cgroup");
        }
        else
        {
            if (Least(own.Memory, all.Memory) is { } memory)
                ResourceLimit.Set(ResourceLimits.RLIMIT_DATA, "memory", memory + (isTest ? DataSize() : 0));
            if (all.Processes is { } processes)
                ResourceLimit.Set(ResourceLimits.RLIMIT_NPROC, "processes", processes + uncounted);
        }
        if (!isTest && Least(own.OpenFiles, all.OpenFiles) is { } files)
            ResourceLimit.Set(ResourceLimits.RLIMIT_NOFILE, "open files", files);
    }

    /// <summary>Limits the open files of the calling process, the test's, which has those that it starts with.</summary>
    /// <param name="isFresh">A runtime is to start in it, which opens its own.</param>
    public void LimitTestsFiles(bool isFresh)
    {
        if (spec.Sandbox?.OpenFiles is { } files)
            ResourceLimit.Set(ResourceLimits.RLIMIT_NOFILE, "open files", files + Descriptors.Open().Length + (isFresh ? FilesOfRuntime : 0));
    }

    /// <summary>Called in init before it forks somebody who is to be limited.</summary>
    public void Prepare()
    {
        // Init and its helpers, who are in the user namespace as well, where RLIMIT_NPROC counts since Linux 5.14.
        if (groups == null && uncounted < 0 && spec.Sandbox?.Processes != null)
            uncounted = ProcessTable.All().Count;
    }

    /// <summary>What has been taken; null: nothing counts it.</summary>
    /// <param name="host">The host; -1: the sandbox.</param>
    public ResourceUsage? Usage(int host)
    {
        if (groups == null || (host >= 0 && !groups.Members.Any(m => m.Host == host)))
            return null;
        if (host >= 0)
            return Tell(host);
        foreach (int group in Groups)
            Tell(group);
        return groups.Group.Usage([.. Groups.Select(groups.GroupOf)]);
    }

    /// <summary>A process that init has started, or that has become its child, was killed: perhaps for want of memory.</summary>
    /// <param name="host">Where it was; -1: nobody knows.</param>
    /// <param name="what">What to call it.</param>
    public void WasKilled(int host, string what)
    {
        if (groups == null)
            return;
        int group = groups.Members.Any(m => m.Host == host) ? host : -1;
        long kills = groups.GroupOf(group).Usage().OutOfMemoryKills;
        if (!killed.TryGetValue(group, out List<string>? names))
            killed[group] = names = [];
        if (kills > names.Count)
            names.Add(what);
    }

    /// <summary>What the test has come up against and has not been told of: a sentence each, once.</summary>
    public List<string> TakeHits()
    {
        var hits = new List<string>();
        foreach (int group in Groups)
        {
            var (kills, forks) = told.GetValueOrDefault(group);
            ResourceUsage usage = Tell(group);
            Limits limits = spec.Hosts.FirstOrDefault(h => h.Host == group).Limits ?? new Limits(), all = spec.Sandbox ?? new Limits();
            string where = group < 0 ? "" : $" on host \"{name(group)}\"";
            if (usage.OutOfMemoryKills > kills)
            {
                bool isOwn = limits.Memory is { } own && (all.Memory == null || own <= all.Memory);
                hits.Add($"The kernel has killed {Count(usage.OutOfMemoryKills - kills, "process", "processes")}{where} for want of memory ({Names(group)}): " +
                    $"the limit{(isOwn ? where : " of the sandbox")} is {Number(isOwn ? limits.Memory : all.Memory)}, and the most that was taken is {Number((isOwn ? usage : groups!.Group.Usage()).MemoryPeak)}.");
            }
            if (usage.RefusedForks > forks)
                hits.Add($"A process or thread{where} could not be started {Count(usage.RefusedForks - forks, "time", "times")}: the limit is {limits.Processes ?? all.Processes} of both at a time{(usage.Processes is { } now ? $", and there are {now}" : "")}.");
        }
        return hits;
    }

    // What has been taken in a group, of which what went wrong is known from now on.
    private ResourceUsage Tell(int group)
    {
        ResourceUsage usage = groups!.GroupOf(group).Usage();
        told[group] = (usage.OutOfMemoryKills, usage.RefusedForks);
        return usage;
    }

    private string Names(int group) => killed.TryGetValue(group, out List<string>? names) && names.Count > 0 ? string.Join(", ", names) : "one that another of the test's had started";

    private static string Number(long? bytes) => bytes is { } b ? $"{ByteSize.Describe(b)} ({b.ToString("N0", CultureInfo.InvariantCulture)} bytes)" : "not counted";

    private static string Count(long number, string one, string many) => number == 1 ? "1 " + one : string.Create(CultureInfo.InvariantCulture, $"{number} {many}");

    private static T? Least<T>(T? a, T? b)
        where T : struct, IComparable<T> => a is not { } x ? b : b is not { } y ? a : x.CompareTo(y) <= 0 ? x : y;

    // What the runtime of a fork has, it has from its parent (proc_pid_status(5)).
    private static long DataSize() => FileSystem.ReadTextIfThere("/proc/self/status").Split('\n').FirstOrDefault(l => l.StartsWith("VmData:", StringComparison.Ordinal)) is { } line
        ? long.Parse(line.AsSpan(7).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture) * 1024 : 0;
}
