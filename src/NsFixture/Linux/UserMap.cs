namespace NsFixture.Linux;

/// <summary>How the ids of a new user namespace map to those outside (user_namespaces(7)).</summary>
internal enum UserMapping
{
    /// <summary>uid 0 inside is the caller outside, and no other id exists. What an ordinary user may do without help.</summary>
    Single,

    /// <summary>Every id that there is outside is itself. Needs CAP_SETUID and CAP_SETGID outside: root.</summary>
    Identity,

    /// <summary>uid 0 inside is the caller outside, and the ids from 1 are those that /etc/subuid and /etc/subgid give the caller (subuid(5)).</summary>
    Subordinate,
}

/// <summary>
/// Writes the maps of a child's user namespace from its parent. From the parent, because only it may write more than the one
/// line for its own id; a child in the new namespace has no capability outside it any more.
/// </summary>
internal static class UserMap
{
    private const uint OverflowId = 65534; // /proc/sys/kernel/overflowuid, which nobody changes

    /// <summary>How this process's own ids were mapped, if it is one of a sandbox's.</summary>
    public static UserMapping Current { get; set; } = UserMapping.Identity;

    public static UserMapping Best()
    {
        var capabilities = Capabilities.Effective();
        return capabilities.Has(CapabilityNumbers.CAP_SETUID) && capabilities.Has(CapabilityNumbers.CAP_SETGID) && Libc.GetEUid() == 0 && !IsAlone()
            ? UserMapping.Identity
            : UserMapping.Subordinate; // if there are any
    }

    /// <summary>
    /// An id that a file has, as one to give to another; -1, which changes nothing (chown(2)), where it stands for all ids that do not exist
    /// here (user_namespaces(7)), so that no file becomes nobody's.
    /// </summary>
    public static uint Known(uint id) => id == OverflowId && Current != UserMapping.Identity ? uint.MaxValue : id;

    /// <summary>Maps all ids that the caller's user namespace has to themselves, or the caller alone to 0.</summary>
    public static void Write(int pid, UserMapping mapping)
    {
        bool all = mapping != UserMapping.Single;
        WriteGroups(pid, all);
        WriteProc(pid, "uid_map", all ? Everyone("uid_map") : $"0 {Libc.GetEUid()} 1");
    }

    public static void WriteGroups(int pid, bool all)
    {
        if (!all)
            WriteProc(pid, "setgroups", "deny"); // without this an ordinary user may not map a group
        WriteProc(pid, "gid_map", all ? Everyone("gid_map") : $"0 {Libc.GetEGid()} 1");
    }

    // Root of a user namespace with one id, such as that of a sandbox made by an ordinary user, has nobody to map but itself.
    private static bool IsAlone() => Everyone("uid_map").EndsWith(" 1\n", StringComparison.Ordinal);

    // Each range of ids that there is here, to itself: all 2^32 - 1 of them, or those that a container has.
    private static string Everyone(string file)
    {
        string ranges = "";
        foreach (string line in FileSystem.ReadText("/proc/self/" + file).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] range = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            ranges += $"{range[0]} {range[0]} {range[2]}\n";
        }
        return ranges;
    }

    private static void WriteProc(int pid, string file, string text)
    {
        string path = $"/proc/{pid}/{file}";
        int fd = FileSystem.OpenDescriptor(path, Fcntl.O_WRONLY);
        try
        {
            FileSystem.WriteAll(fd, System.Text.Encoding.ASCII.GetBytes(text), $"'{text}' to {path}");
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }
}
