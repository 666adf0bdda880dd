using System.Globalization;

namespace NsFixture.Linux;

/// <summary>
/// A user of the tree that the calling process sees, by /etc/passwd and /etc/group (passwd(5), group(5)). Not by the C library, which
/// would ask name services over sockets, and cache.
/// </summary>
internal sealed unsafe record Account(string Name, uint Uid, uint Gid, string Home, string Shell, IReadOnlyList<uint> Groups)
{
    /// <summary>Finds a user by name, id, or <c>user:group</c>. An id need not have an entry.</summary>
    /// <exception cref="SandboxException">There is none of that name.</exception>
    public static Account Find(string user)
    {
        string[] parts = user.Split(':', 2);
        string[]? entry = Entries("/etc/passwd", 7).FirstOrDefault(e => e[0] == parts[0]) ?? Entries("/etc/passwd", 7).FirstOrDefault(e => e[2] == parts[0]);
        if (!TryId(entry?[2] ?? parts[0], out uint uid))
            throw new SandboxException($"AsUser(\"{user}\"): there is no user \"{parts[0]}\" in the sandbox's /etc/passwd: install what brings it, or give a number");
        if (!TryId(entry?[3] ?? parts[0], out uint gid))
            gid = uid;
        if (parts.Length > 1)
        {
            string? group = Entries("/etc/group", 4).FirstOrDefault(e => e[0] == parts[1])?[2];
            if (!TryId(group ?? parts[1], out gid))
                throw new SandboxException($"AsUser(\"{user}\"): there is no group \"{parts[1]}\" in the sandbox's /etc/group: install what brings it, or give a number");
        }
        string name = entry?[0] ?? parts[0];
        uint[] groups = [gid, .. Entries("/etc/group", 4).Where(e => e[3].Split(',').Contains(name)).Select(e => TryId(e[2], out uint id) ? id : gid).Where(id => id != gid)];
        return new Account(name, uid, gid, entry is [_, _, _, _, _, { Length: > 0 } home, ..] ? home : "/", entry is [_, _, _, _, _, _, { Length: > 0 } shell] ? shell : "/bin/sh", groups);
    }

    /// <summary>
    /// Makes the calling process this user's for good. An id that does not exist in the user namespace gets one of its own, where
    /// it is the caller's id by another name (user_namespaces(7)); such a process has no further groups.
    /// </summary>
    /// <param name="ownsOutput">Whether its outputs are pipes of its own, to be opened again as /dev/stdout.</param>
    /// <exception cref="SandboxException">The kernel refused.</exception>
    public void Become(bool ownsOutput)
    {
        try
        {
            if (IsMapped("uid_map", Uid) && IsMapped("gid_map", Gid))
                Switch(ownsOutput);
            else
                Rename();
        }
        catch (LinuxException e)
        {
            throw new SandboxException($"AsUser(\"{Name}\"): the process may not become uid {Uid}, gid {Gid}: {UserNamespaceAdvice.Explain(e)}", e);
        }
    }

    /// <summary>An environment with this user's HOME, USER, LOGNAME and SHELL, but for those that were chosen (su(1)).</summary>
    public string[] Environment(string[] environment, IReadOnlyCollection<string> chosen)
    {
        var own = ((string Name, string Value)[])[("HOME", Home), ("USER", Name), ("LOGNAME", Name), ("SHELL", Shell)];
        own = [.. own.Where(o => !chosen.Contains(o.Name))];
        return [.. environment.Where(e => !own.Any(o => e.StartsWith(o.Name + "=", StringComparison.Ordinal))), .. own.Select(o => $"{o.Name}={o.Value}")];
    }

    /// <summary>
    /// By system call: the C library's functions have all threads that it knows of do it too, and in a forked runtime it knows of some that are not
    /// there. One that had the number which this process has now would be waited for without end, as in small pid namespaces.
    /// </summary>
    private void Switch(bool ownsOutput)
    {
        if (ownsOutput)
            for (int fd = 1; fd <= 2; fd++)
                _ = Libc.FChown(fd, Uid, Gid);
        if (!FileSystem.ReadText("/proc/self/setgroups").StartsWith("deny", StringComparison.Ordinal))
            fixed (uint* groups = Groups.Where(g => IsMapped("gid_map", g)).ToArray())
                Check(Libc.Syscall(SyscallNumbers.SetGroups, Groups.Count(g => IsMapped("gid_map", g)), (nint)groups, 0, 0, 0), "setgroups", string.Join(',', Groups));
        Check(Libc.Syscall(SyscallNumbers.SetResGid, (nint)Gid, (nint)Gid, (nint)Gid, 0, 0), "setresgid", Gid.ToString(CultureInfo.InvariantCulture));
        Check(Libc.Syscall(SyscallNumbers.SetResUid, (nint)Uid, (nint)Uid, (nint)Uid, 0, 0), "setresuid", Uid.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The name of a user of this machine; the id, where nobody has it.</summary>
    public static string NameOf(uint uid)
    {
        string id = uid.ToString(CultureInfo.InvariantCulture);
        return Entries("/etc/passwd", 7).FirstOrDefault(e => e[2] == id)?[0] ?? id;
    }

    private static void Check(long result, string call, string what) => LinuxException.Check((int)result, call, what);

    private void Rename()
    {
        LinuxException.Check(Libc.Unshare((int)Sched.CLONE_NEWUSER), "unshare", "user");
        FileSystem.WriteFile("/proc/self/setgroups", "deny");
        FileSystem.WriteFile("/proc/self/gid_map", $"{Gid} 0 1");
        FileSystem.WriteFile("/proc/self/uid_map", $"{Uid} 0 1");
    }

    private static bool IsMapped(string map, uint id) => FileSystem.ReadText("/proc/self/" + map).Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => ulong.Parse(n, CultureInfo.InvariantCulture)).ToArray())
        .Any(range => id >= range[0] && id - range[0] < range[2]);

    private static bool TryId(string text, out uint id) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id != uint.MaxValue;

    private static IEnumerable<string[]> Entries(string file, int fields) =>
        (FileSystem.Exists(file) ? FileSystem.ReadText(file) : "").Split('\n').Select(line => line.Split(':')).Where(e => e.Length == fields);
}
