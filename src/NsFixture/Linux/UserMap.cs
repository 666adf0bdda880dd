namespace NsFixture.Linux;

/// <summary>How the ids of a new user namespace map to those outside (user_namespaces(7)).</summary>
internal enum UserMapping
{
    /// <summary>uid 0 inside is the caller outside, and no other id exists. What an ordinary user may do without help.</summary>
    Single,

    /// <summary>Every id is itself. Needs CAP_SETUID and CAP_SETGID outside: root.</summary>
    Identity,
}

/// <summary>
/// Writes the maps of a child's user namespace from its parent. From the parent, because only it may write more than the one
/// line for its own id; a child in the new namespace has no capability outside it any more.
/// </summary>
internal static class UserMap
{
    private const string AllIds = "0 0 4294967295";

    public static UserMapping Best()
    {
        var capabilities = Capabilities.Effective();
        return capabilities.Has(CapabilityNumbers.CAP_SETUID) && capabilities.Has(CapabilityNumbers.CAP_SETGID) && Libc.GetEUid() == 0
            ? UserMapping.Identity
            : UserMapping.Single;
    }

    public static void Write(int pid, UserMapping mapping)
    {
        bool identity = mapping == UserMapping.Identity;
        if (!identity)
            WriteProc(pid, "setgroups", "deny"); // without this an ordinary user may not map a group
        WriteProc(pid, "gid_map", identity ? AllIds : $"0 {Libc.GetEGid()} 1");
        WriteProc(pid, "uid_map", identity ? AllIds : $"0 {Libc.GetEUid()} 1");
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
