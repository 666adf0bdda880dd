namespace NsFixture.Linux;

/// <summary>How the ids of a new user namespace map to those outside (user_namespaces(7)).</summary>
internal enum UserMapping
{
    /// <summary>uid 0 inside is the caller outside, and no other id exists. What an ordinary user may do without help.</summary>
    Single,

    /// <summary>Every id that there is outside is itself. Needs CAP_SETUID and CAP_SETGID outside: root.</summary>
    Identity,
}

/// <summary>
/// Writes the maps of a child's user namespace from its parent. From the parent, because only it may write more than the one
/// line for its own id; a child in the new namespace has no capability outside it any more.
/// </summary>
internal static class UserMap
{
    public static UserMapping Best()
    {
        var capabilities = Capabilities.Effective();
        return capabilities.Has(CapabilityNumbers.CAP_SETUID) && capabilities.Has(CapabilityNumbers.CAP_SETGID) && Libc.GetEUid() == 0 && !IsAlone()
            ? UserMapping.Identity
            : UserMapping.Single;
    }

    public static void Write(int pid, UserMapping mapping)
    {
        bool identity = mapping == UserMapping.Identity;
        if (!identity)
            WriteProc(pid, "setgroups", "deny"); // without this an ordinary user may not map a group
        WriteProc(pid, "gid_map", identity ? Everyone("gid_map") : $"0 {Libc.GetEGid()} 1");
        WriteProc(pid, "uid_map", identity ? Everyone("uid_map") : $"0 {Libc.GetEUid()} 1");
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
