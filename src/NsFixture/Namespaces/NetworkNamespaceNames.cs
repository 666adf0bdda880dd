using NsFixture.Linux;

namespace NsFixture;

/// <summary>
/// The names that <c>ip netns</c> gives network namespaces: files in /run/netns on which they are mounted (ip-netns(8)). What one of the two has named, the other
/// finds.
/// </summary>
public static class NetworkNamespaceNames
{
    /// <summary>Where the names are.</summary>
    public const string Directory = "/run/netns";

    /// <summary>All names, in order, as <c>ip netns list</c> has them; empty: there is none.</summary>
    public static IReadOnlyList<string> All() =>
        System.IO.Directory.Exists(Directory) ? [.. System.IO.Directory.GetFileSystemEntries(Directory).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)] : [];

    /// <summary>Opens a namespace by its name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="NamespaceException">There is no such name.</exception>
    public static LinuxNamespace Open(string name)
    {
        string path = PathOf(name);
        return FileSystem.Exists(path) ? LinuxNamespace.Open(path)
            : throw new NamespaceException($"No network namespace is named \"{name}\": there is {(All() is { Count: > 0 } all ? string.Join(", ", all) : "none in " + Directory)}.");
    }

    /// <summary>Gives a namespace a name, as <c>ip netns attach</c> does; it stays until <see cref="Remove"/>. Takes CAP_SYS_ADMIN, as that does.</summary>
    /// <param name="name">A name that none has.</param>
    /// <param name="network">A network namespace.</param>
    /// <exception cref="NamespaceException">The name is taken, or this process may not.</exception>
    public static void Add(string name, LinuxNamespace network)
    {
        ArgumentNullException.ThrowIfNull(network);
        string path = PathOf(name);
        if (network.Type != NamespaceTypes.Network)
            throw new ArgumentException($"{network} is no network namespace, and ip netns names no others: {nameof(LinuxNamespace.Persist)} mounts it on a file.", nameof(network));
        if (FileSystem.Exists(path))
            throw new NamespaceException($"The name \"{name}\" is taken: remove it first, or choose another.");
        try
        {
            FileSystem.MakeDirectories(Directory);
            Share();
        }
        catch (LinuxException e)
        {
            throw new NamespaceException($"{Directory} cannot be made ready for names: run as root, or in a sandbox, where everybody is. ({e.Message})", e);
        }
        network.Persist(path);
    }

    /// <summary>Takes a name away, as <c>ip netns delete</c> does. The namespace goes, unless something else keeps it.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="NamespaceException">There is no such name, or this process may not.</exception>
    public static void Remove(string name)
    {
        Open(name).Dispose();
        LinuxNamespace.Release(PathOf(name));
    }

    /// <summary>The names of a namespace, as <c>ip netns identify</c> tells them of a process.</summary>
    /// <param name="network">The namespace.</param>
    public static IReadOnlyList<string> Of(LinuxNamespace network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return [.. All().Where(name => FileStatus.Followed(Path.Combine(Directory, name)) is { } file && file.Inode == network.Inode && file.Device == network.Device)];
    }

    // Names appear in all mount namespaces that were made since, as ip netns has it: in the directory as a mount of its own, which is shared.
    private static void Share()
    {
        const ulong shared = MountFlags.MS_SHARED | MountFlags.MS_REC;
        if (Libc.Mount("", Directory, "none", shared, null) == 0)
            return;
        Mounts.Bind(Directory, Directory, recursive: true);
        Mounts.Mount("", Directory, "none", shared);
    }

    private static string PathOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return name.Contains('/', StringComparison.Ordinal) || name is "." or ".."
            ? throw new ArgumentException($"\"{name}\" is no name for a network namespace: it is a file in {Directory}, and has no slash.", nameof(name))
            : Path.Combine(Directory, name);
    }
}
