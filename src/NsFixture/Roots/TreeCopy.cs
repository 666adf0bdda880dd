using NsFixture.Linux;

namespace NsFixture.Roots;

/// <summary>Copies a tree with its modes, and with its owners where they may be set.</summary>
internal static class TreeCopy
{
    /// <summary>Copies the content of <paramref name="from"/>; what the caller may not read is left out.</summary>
    public static void Copy(string from, string to)
    {
        CopyAttributes(from, to);
        foreach (string source in Directory.EnumerateFileSystemEntries(from))
        {
            string target = to + "/" + Path.GetFileName(source);
            var info = new FileInfo(source);
            try
            {
                if (info.LinkTarget is { } link)
                {
                    FileSystem.Symlink(link, target);
                }
                else if (Directory.Exists(source))
                {
                    FileSystem.MakeDirectory(target);
                    Copy(source, target);
                }
                else if (FileStatus.Of(source).IsRegular)
                {
                    File.Copy(source, target);
                    CopyAttributes(source, target);
                }
            }
            catch (UnauthorizedAccessException)
            {
                // As outside: not for this user.
            }
        }
    }

    private static void CopyAttributes(string from, string to)
    {
        var status = FileStatus.Of(from);
        // Refused for ids that do not exist inside; the file is then the caller's, which is what lets a test change it.
        _ = Libc.LChown(to, UserMap.Known(status.Owner), UserMap.Known(status.Group));
        if (Libc.Chmod(to, status.Permissions) != 0)
            throw LinuxException.Last("chmod", to);
    }
}
