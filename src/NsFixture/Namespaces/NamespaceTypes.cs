using NsFixture.Linux;

namespace NsFixture;

/// <summary>The types of namespaces (namespaces(7)), one or several. The values are those of the kernel's CLONE_NEW* flags.</summary>
[Flags]
public enum NamespaceTypes : uint
{
    /// <summary>No namespace.</summary>
    None = 0,

    /// <summary>The clocks that count since boot: CLOCK_MONOTONIC and CLOCK_BOOTTIME (time_namespaces(7)).</summary>
    Time = (uint)Sched.CLONE_NEWTIME,

    /// <summary>Mounts (mount_namespaces(7)).</summary>
    Mount = (uint)Sched.CLONE_NEWNS,

    /// <summary>The root of control groups, as /proc and mounts of cgroup file systems show it (cgroup_namespaces(7)).</summary>
    Cgroup = (uint)Sched.CLONE_NEWCGROUP,

    /// <summary>Host name and domain name (uts_namespaces(7)).</summary>
    Uts = (uint)Sched.CLONE_NEWUTS,

    /// <summary>System V IPC objects and POSIX message queues (ipc_namespaces(7)).</summary>
    Ipc = (uint)Sched.CLONE_NEWIPC,

    /// <summary>User and group ids, and capabilities (user_namespaces(7)).</summary>
    User = (uint)Sched.CLONE_NEWUSER,

    /// <summary>Process ids (pid_namespaces(7)).</summary>
    Pid = (uint)Sched.CLONE_NEWPID,

    /// <summary>Interfaces, addresses, routes, firewall and ports (network_namespaces(7)).</summary>
    Network = (uint)Sched.CLONE_NEWNET,

    /// <summary>All eight.</summary>
    All = Time | Mount | Cgroup | Uts | Ipc | User | Pid | Network,
}

/// <summary>The types by the names that /proc/PID/ns has for them.</summary>
internal static class NamespaceTypeNames
{
    /// <summary>Each single type with its name, in the alphabetical order of names.</summary>
    public static readonly (NamespaceTypes Type, string Name)[] All =
    [
        (NamespaceTypes.Cgroup, "cgroup"), (NamespaceTypes.Ipc, "ipc"), (NamespaceTypes.Mount, "mnt"), (NamespaceTypes.Network, "net"),
        (NamespaceTypes.Pid, "pid"), (NamespaceTypes.Time, "time"), (NamespaceTypes.User, "user"), (NamespaceTypes.Uts, "uts"),
    ];

    /// <exception cref="ArgumentException">It is no type, or several.</exception>
    public static string Name(NamespaceTypes type)
    {
        foreach (var (known, name) in All)
            if (known == type)
                return name;
        throw new ArgumentException($"NamespaceTypes.{type} is not one type of namespace: give one of {string.Join(", ", All.Select(t => t.Type))}.", nameof(type));
    }

    /// <summary>The single types of a set.</summary>
    public static IEnumerable<NamespaceTypes> Each(NamespaceTypes types) => All.Where(t => (types & t.Type) != 0).Select(t => t.Type);

    /// <summary>Takes <c>net:[4026531840]</c> apart, the text of a link in /proc/PID/ns; false: it is another text.</summary>
    public static bool TryParse(string? link, out NamespaceTypes type, out ulong inode)
    {
        (type, inode) = (NamespaceTypes.None, 0);
        int colon = link?.IndexOf(":[", StringComparison.Ordinal) ?? -1;
        if (colon < 0 || link![^1] != ']' || !ulong.TryParse(link.AsSpan(colon + 2, link.Length - colon - 3), out inode))
            return false;
        foreach (var (known, name) in All)
            if (link.AsSpan(0, colon).SequenceEqual(name))
                type = known;
        return type != NamespaceTypes.None;
    }
}
