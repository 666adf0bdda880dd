using NsFixture.Linux;

namespace NsFixture.Roots.Archives;

/// <summary>Whose the files of unpacked archives are, and who removes them.</summary>
/// <param name="Key">Tells trees of one archive apart that have other owners.</param>
/// <param name="IsSetByCaller">The caller may give files away: root.</param>
/// <param name="Give">Gives a tree's files to the owners in a file of <see cref="TreeOwners"/>, and returns how many have one that does not exist; null: nobody does.</param>
/// <param name="Remover">Removes what is at a path.</param>
internal sealed record TreeOwnership(string Key, bool IsSetByCaller, Func<string, string, int>? Give, Action<string> Remover)
{
    /// <summary>All is the caller's own.</summary>
    public static TreeOwnership Callers { get; } = new("False", false, null, TreeRemoval.Remove);

    /// <summary>As the archive says, by root.</summary>
    public static TreeOwnership Archives { get; } = new("True", true, null, TreeRemoval.Remove);

    /// <summary>Removes what is at a path, if anything is.</summary>
    /// <returns>False: it stays, for a run that has the ids which it belongs to.</returns>
    public bool TryRemove(string path)
    {
        if (FileStatus.OfAny(path) == null)
            return true;
        try
        {
            Remover(path);
            return true;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or LinuxException { Errno: Err.EACCES or Err.EPERM })
        {
            return false;
        }
    }
}
