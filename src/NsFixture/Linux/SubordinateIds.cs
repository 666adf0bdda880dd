using System.Globalization;
using System.Text;

namespace NsFixture.Linux;

/// <summary>
/// The ids that an ordinary user may map besides its own: ranges in /etc/subuid and /etc/subgid (subuid(5)). The kernel knows nothing of
/// them; newuidmap(1) and newgidmap(1), which are privileged, write the maps. They are the only programs that NsFixture starts on its own account.
/// </summary>
internal static class SubordinateIds
{
    private const string Remedy = "programs as other users are the same user outside. Install newuidmap and newgidmap (Debian: uidmap), or set NSFIXTURE_USER_MAPPING=single";

    /// <summary>Maps the caller to uid 0 of a child's new user namespace, and its subordinate ids to those from 1.</summary>
    /// <param name="pid">The child.</param>
    /// <param name="note">Why that is not, or not wholly, so, where the user has such ids; null: all is well, or there are none.</param>
    /// <returns>False: nothing is mapped yet.</returns>
    public static bool TryWrite(int pid, out string? note)
    {
        note = null;
        var (users, groups) = OfCaller();
        if (users.Length == 0 || groups.Length == 0)
            return false;
        if (Run("newuidmap", pid, users) is { } failure)
        {
            note = $"The subordinate ids of /etc/subuid are not used, since {failure}: {Remedy}.";
            return false;
        }
        if (Run("newgidmap", pid, groups) is { } groupFailure)
        {
            note = $"The subordinate ids of /etc/subgid are not used, since {groupFailure}: {Remedy}.";
            UserMap.WriteGroups(pid, all: false);
        }
        return true;
    }

    /// <summary>The caller's ids: the same text, the same owners of files.</summary>
    public static string Describe()
    {
        var (users, groups) = OfCaller();
        return $"{string.Join(' ', users)}; {string.Join(' ', groups)}";
    }

    private static (string[] Users, string[] Groups) OfCaller()
    {
        string uid = Libc.GetEUid().ToString(CultureInfo.InvariantCulture), gid = Libc.GetEGid().ToString(CultureInfo.InvariantCulture);
        string[] names = [uid, .. Lines("/etc/passwd").Where(e => e.Length > 2 && e[2] == uid).Select(e => e[0]).Take(1)];
        return (Map(names, uid, "/etc/subuid"), Map(names, gid, "/etc/subgid"));
    }

    /// <summary>The arguments for one's own id at 0 and the ranges from 1 on, one behind another; empty: there are no ranges.</summary>
    /// <param name="names">The user's name and id, either of which may stand in the file.</param>
    /// <param name="own">The id that becomes 0.</param>
    /// <param name="file">Lines of a name, the first id, and how many.</param>
    internal static string[] Map(string[] names, string own, string file)
    {
        var arguments = new List<string>();
        long next = 1;
        foreach (string[] entry in Lines(file))
        {
            if (entry.Length != 3 || !names.Contains(entry[0]) || !uint.TryParse(entry[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint first)
                || !uint.TryParse(entry[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint count) || count == 0)
                continue;
            arguments.AddRange([$"{next}", $"{first}", $"{count}"]);
            next += count;
        }
        return arguments.Count == 0 ? [] : ["0", own, "1", .. arguments];
    }

    /// <summary>What went wrong; null: nothing.</summary>
    private static unsafe string? Run(string program, int pid, string[] map)
    {
        string? path = ((string[])["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"]).Select(d => $"{d}/{program}").FirstOrDefault(FileSystem.Exists);
        if (path == null)
            return $"there is no {program}";
        var (read, write) = Descriptors.Pipe();
        try
        {
            int child = Spawn.Start([path, pid.ToString(CultureInfo.InvariantCulture), .. map], [], write, 2);
            Descriptors.Close(write);
            write = -1;
            string said = "";
            Span<byte> bytes = stackalloc byte[1024];
            for (int n; (n = SocketStream.Read(read, bytes)) > 0;)
                said += Encoding.UTF8.GetString(bytes[..n]);
            ProcessEnd end = ProcessEnd.Await(child);
            return end.Success ? null : $"{path} {end} ({said.Trim()})";
        }
        catch (LinuxException e)
        {
            return e.Message;
        }
        finally
        {
            Descriptors.Close(read);
            Descriptors.Close(write);
        }
    }

    private static IEnumerable<string[]> Lines(string file) => FileSystem.Exists(file) ? FileSystem.ReadText(file).Split('\n').Select(l => l.Split(':')) : [];
}
