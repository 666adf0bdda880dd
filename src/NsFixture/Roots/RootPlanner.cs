using NsFixture.Linux;

namespace NsFixture.Roots;

/// <summary>
/// Works out, once a run, how the host's tree is laid out anew in every sandbox.
/// <para>
/// Constraints: in a user namespace overlayfs refuses a lower directory that has mounts below it ("failed to clone
/// lowerpath"), and what those mounts cover must stay covered. For an ordinary user, files whose owner has no id inside can
/// be neither changed nor, as directories, added to.
/// </para>
/// <para>
/// So: the top-level directories are overlaid one by one; one that has mounts below it is opened up, entry by entry, along
/// the paths to those mounts. /etc is copied, and owned by the caller. Above directories that tests add files to, an ordinary user gets
/// a <em>skeleton</em>: the same directories, empty, owned by the caller, as an upper layer of the lower ones.
/// </para>
/// </summary>
internal sealed class RootPlanner
{
    /// <summary>Mounted anew in each sandbox, whatever the host has there.</summary>
    private static readonly string[] Private = ["/proc", "/sys", "/dev", "/run", "/tmp"];

    // How deep directories get a skeleton. /var is where services keep their state: /var/lib/postgresql/15/main.
    private static readonly (string Path, int Depth)[] Skeletons =
        [("/var", 3), ("/usr/local", 1), ("/opt", 1), ("/srv", 1), ("/home", 0), ("/mnt", 1), ("/media", 1)];

    private readonly string host, work;
    private readonly HashSet<string> mountPoints;
    private readonly bool ownsEverything;
    private readonly List<RootEntry> entries = [];

    private RootPlanner(string host, string work, IEnumerable<string> mountPoints, bool ownsEverything)
    {
        (this.host, this.work, this.ownsEverything) = (host, work, ownsEverything);
        this.mountPoints = [.. mountPoints];
    }

    /// <param name="host">Where the host's tree is seen now.</param>
    /// <param name="work">An empty private directory for copies and skeletons, which lives as long as the plan is used.</param>
    /// <param name="mountPoints">The host's mount points, by their paths in its tree.</param>
    /// <param name="ownsEverything">True where every owner has an id inside (the identity mapping).</param>
    /// <param name="visible">Paths that must be seen even where they lie in a directory that is private, such as /tmp.</param>
    public static List<RootEntry> Plan(string host, string work, IEnumerable<string> mountPoints, bool ownsEverything, IEnumerable<string> visible)
    {
        var planner = new RootPlanner(host, work, mountPoints, ownsEverything);
        FileSystem.MakeDirectory(work + "/etc");
        TreeCopy.Copy(host + "/etc", work + "/etc");
        if (!ownsEverything)
            foreach (var (path, depth) in Skeletons)
                if (Directory.Exists(host + path))
                    planner.AddSkeleton(path, depth);
        foreach (string top in Directory.EnumerateFileSystemEntries(host))
        {
            string path = top[host.Length..];
            if (!Private.Contains(path) && path != "/etc")
                planner.Add(path);
        }
        planner.entries.Add(planner.Overlay("/etc", work + "/etc"));
        foreach (string path in visible.Select(TopOfPrivate).OfType<string>().Distinct())
            planner.Add(path);
        return planner.entries;
    }

    /// <summary><c>/tmp/x</c> for <c>/tmp/x/bin/Debug</c>; null for a path that is seen anyway.</summary>
    private static string? TopOfPrivate(string path)
    {
        string? top = Private.FirstOrDefault(p => path.StartsWith(p + "/", StringComparison.Ordinal));
        if (top is not ("/run" or "/tmp"))
            return null;
        int end = path.IndexOf('/', top.Length + 1);
        return end < 0 ? path : path[..end];
    }

    private void Add(string path)
    {
        var file = new FileInfo(host + path);
        if (file.LinkTarget is { } target)
            entries.Add(new RootEntry(RootEntryKind.Link, path, target));
        else if (!Directory.Exists(host + path))
            AddFile(path);
        else if (path.AsSpan().IndexOfAny(",:\\") >= 0) // overlayfs gives these a meaning in its options
            entries.Add(new RootEntry(RootEntryKind.ReadOnlyBind, path));
        else if (!mountPoints.Any(m => m.StartsWith(path + "/", StringComparison.Ordinal)))
            entries.Add(IsEmpty(host + path) ? Owned(RootEntryKind.Directory, path, "") : Overlay(path, LowerOf(path)));
        else
        {
            entries.Add(Owned(RootEntryKind.Directory, path, ""));
            foreach (string child in Children(host + path))
                Add(child[host.Length..]);
        }
    }

    private void AddFile(string path)
    {
        // Only regular files; a socket or a device at such a place is not part of a tree that a test needs.
        if (FileStatus.Of(host + path).IsRegular)
            entries.Add(new RootEntry(RootEntryKind.ReadOnlyBind, path));
    }

    /// <summary>An empty directory needs no overlay to be seen and written to.</summary>
    private static bool IsEmpty(string directory)
    {
        try
        {
            return !Directory.EnumerateFileSystemEntries(directory).Any();
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string[] Children(string directory)
    {
        try
        {
            return Directory.GetFileSystemEntries(directory);
        }
        catch (UnauthorizedAccessException)
        {
            return []; // what the caller may not list outside, the test may not inside
        }
    }

    private string LowerOf(string path)
    {
        string skeleton = work + "/skeleton" + path;
        return Directory.Exists(skeleton) ? skeleton + ":" + host + path : host + path;
    }

    private RootEntry Overlay(string path, string lower) => Owned(RootEntryKind.Overlay, path, lower);

    private RootEntry Owned(RootEntryKind kind, string path, string detail)
    {
        var status = FileStatus.Of(host + path);
        return ownsEverything
            ? new RootEntry(kind, path, detail, status.Permissions, status.Owner, status.Group)
            : new RootEntry(kind, path, detail, status.Permissions);
    }

    private void AddSkeleton(string path, int depth)
    {
        FileSystem.MakeDirectories(work + "/skeleton" + path);
        _ = Libc.Chmod(work + "/skeleton" + path, FileStatus.Of(host + path).Permissions);
        if (depth == 0)
            return;
        foreach (string child in Children(host + path))
        {
            var directory = new DirectoryInfo(child);
            if (directory.Exists && directory.LinkTarget == null && CanRead(child))
                AddSkeleton(child[host.Length..], depth - 1);
        }
    }

    // A directory that the caller may not read stays closed: as the owner of its skeleton, uid 0 inside would look through.
    private static bool CanRead(string path) => Libc.Access(path, 5 /* R_OK | X_OK */) == 0;
}
