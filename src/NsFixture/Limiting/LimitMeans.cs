using NsFixture.Linux;

namespace NsFixture.Limiting;

/// <summary>
/// The means by which a sandbox's limits hold. A control group for all that is to be limited, with one in it for each host that has limits of its own, and one for all others: with version 2 a group that has
/// groups below it has no processes. In it are the test's process and the programs on hosts, not init and its helpers: what a program takes delays no packet, and never ends the sandbox itself.
/// <para>
/// The zygote makes it, which has the machine's file systems; init holds it by descriptors. Where there is none, rlimits stand in.
/// </para>
/// </summary>
/// <param name="Group">As the zygote has it; null: there is none.</param>
/// <param name="Why">Why there is none; empty: there is.</param>
internal sealed record LimitMeans(ControlGroup? Group, string Why)
{
    private const string Others = "others";

    /// <summary>Makes groups for what is asked for.</summary>
    /// <param name="spec">That.</param>
    /// <param name="keeper">The process that takes them away.</param>
    public static LimitMeans Make(LimitSpec spec, int keeper)
    {
        Limits sandbox = spec.Sandbox ?? new Limits();
        string[] more = [.. spec.Hosts.SelectMany(h => ControlGroup.Needed(h.Limits)).Distinct()];
        if (more.Length == 0 && !ControlGroup.Needed(sandbox).Any())
            return new LimitMeans(null, ""); // rlimits are all it takes
        if (ControlGroup.Create(sandbox, helpers: 0, keeper, out string why, more) is not { } group)
            return new LimitMeans(null, why);
        try
        {
            group.MakeBelow(Others, new Limits());
            foreach (var (host, limits) in spec.Hosts)
                group.MakeBelow(NameOf(host), limits with { Cpu = limits.Cpu is { } cpu ? Math.Min(cpu, sandbox.Cpu ?? cpu) : null }); // version 1 refuses more than there is above
            return new LimitMeans(group, "");
        }
        catch (LinuxException e)
        {
            group.Dispose();
            return new LimitMeans(null, $"{group.Version}: {e.Message}");
        }
    }

    /// <summary>Opens it for init: who has the descriptors may put itself in.</summary>
    public GroupDescriptors? Open(LimitSpec spec)
    {
        if (Group == null)
            return null;
        var opened = new List<int>();
        try
        {
            var directories = new List<(string, int)>();
            foreach (var (controller, directory) in Group.Directories)
                directories.Add((controller, Keep(directory, Fcntl.O_RDONLY)));
            var members = new List<(int, int[])>();
            foreach (int host in spec.Hosts.Select(h => h.Host).Prepend(-1))
                members.Add((host, [.. Group.Below(NameOf(host)).MemberFiles.Select(f => Keep(f, Fcntl.O_WRONLY))]));
            return new GroupDescriptors(Group.IsUnified, directories, members);
        }
        catch
        {
            foreach (int fd in opened)
                Descriptors.Close(fd);
            throw;
        }

        int Keep(string path, int flags)
        {
            int fd = FileSystem.OpenDescriptor(path, flags);
            opened.Add(fd);
            return fd;
        }
    }

    /// <summary>What the group of a host is called.</summary>
    public static string NameOf(int host) => host < 0 ? Others : $"host{host}";
}

/// <summary>A sandbox's control groups, as its init has them.</summary>
/// <param name="IsUnified">Whether they are of version 2.</param>
/// <param name="Directories">Of the one that all are in, by controller.</param>
/// <param name="Members">By host's index, -1 for all others: the files that a process writes "0" to, to be in it.</param>
internal sealed record GroupDescriptors(bool IsUnified, IReadOnlyList<(string Controller, int Descriptor)> Directories, IReadOnlyList<(int Host, int[] Files)> Members)
{
    /// <summary>All of them.</summary>
    public IEnumerable<int> All => Directories.Select(d => d.Descriptor).Concat(Members.SelectMany(m => m.Files));

    /// <summary>The group that all are in, by way of these descriptors.</summary>
    public ControlGroup Group => ControlGroup.Of(IsUnified, Directories.Select(d => (d.Controller, $"/proc/self/fd/{d.Descriptor}")));

    /// <summary>The group that a host's programs are in.</summary>
    public ControlGroup GroupOf(int host) => Group.Below(LimitMeans.NameOf(Members.Any(m => m.Host == host) ? host : -1));
}
