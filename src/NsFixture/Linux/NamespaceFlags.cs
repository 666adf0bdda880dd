namespace NsFixture.Linux;

/// <summary>Sets of namespaces, as <c>clone</c> and <c>unshare</c> take them.</summary>
internal static class NamespaceFlags
{
    /// <summary>What a sandbox gets: everything but time, whose offsets must be set before its first process exists.</summary>
    public const ulong Sandbox = Sched.CLONE_NEWUSER | Sched.CLONE_NEWNS | Sched.CLONE_NEWPID | Sched.CLONE_NEWNET |
                                 Sched.CLONE_NEWUTS | Sched.CLONE_NEWIPC | Sched.CLONE_NEWCGROUP;

    private static readonly (ulong Flag, string Name)[] Names =
    [
        (Sched.CLONE_NEWUSER, "user"), (Sched.CLONE_NEWNS, "mnt"), (Sched.CLONE_NEWPID, "pid"), (Sched.CLONE_NEWNET, "net"),
        (Sched.CLONE_NEWUTS, "uts"), (Sched.CLONE_NEWIPC, "ipc"), (Sched.CLONE_NEWCGROUP, "cgroup"), (Sched.CLONE_NEWTIME, "time"),
    ];

    /// <summary><c>user, mnt, pid</c>; <c>no new namespaces</c> for none.</summary>
    public static string Describe(ulong flags)
    {
        var names = Names.Where(n => (flags & n.Flag) != 0).Select(n => n.Name).ToList();
        return names.Count == 0 ? "no new namespaces" : string.Join(", ", names);
    }
}
