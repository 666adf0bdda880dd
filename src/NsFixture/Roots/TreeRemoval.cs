using NsFixture.Linux;

namespace NsFixture.Roots;

/// <summary>
/// Removes a tree of the caller's own, whatever modes its directories have. Links are removed, not followed. Others may remove it at
/// the same time.
/// </summary>
internal static class TreeRemoval
{
    /// <exception cref="LinuxException">Something of it could not be removed.</exception>
    public static void Remove(string path)
    {
        if (FileStatus.OfAny(path) is not { } status)
            return;
        if (!status.IsDirectory)
        {
            Check(Libc.Unlink(path), "unlink", path);
            return;
        }
        if ((status.Permissions & 0x1C0) != 0x1C0)
            _ = Libc.Chmod(path, 0x1C0 /* 0700 */);
        foreach (string child in Children(path))
            Remove(child);
        Check(Libc.RmDir(path), "rmdir", path);
    }

    private static string[] Children(string path)
    {
        try
        {
            return Directory.GetFileSystemEntries(path);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static void Check(int result, string operation, string path)
    {
        if (result != 0 && LinuxException.Last(operation, path) is var failure && failure.Errno != Err.ENOENT)
            throw failure;
    }
}
