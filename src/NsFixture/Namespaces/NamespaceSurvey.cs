using System.Globalization;
using NsFixture.Linux;

namespace NsFixture.Namespaces;

/// <summary>
/// Looks everywhere that a namespace can be seen. The kernel has no list of all before Linux 6.19, so this reads, for each process, the links of
/// /proc/PID/ns and of its threads, its descriptors, and the mounts of its mount namespace; then asks each namespace that was found for its owner and what is above it;
/// and the kernel, if it tells the caller, for mount namespaces that nobody shows. What may not be looked at, and what ends meanwhile, is left out.
/// </summary>
internal sealed class NamespaceSurvey(NamespaceTypes types)
{
    private readonly Dictionary<(NamespaceTypes Type, ulong Inode), NamespaceEntry> found = [];
    private readonly HashSet<ulong> mountsRead = [];

    public IReadOnlyList<NamespaceEntry> Run()
    {
        foreach (int process in Processes())
        {
            Look(process);
            LookAtDescriptors(process);
        }
        if ((types & NamespaceTypes.Mount) != 0)
            AskForMountNamespaces();
        var unrelated = new Queue<NamespaceEntry>(found.Values);
        while (unrelated.TryDequeue(out NamespaceEntry? entry))
            Relate(entry, unrelated);
        foreach (NamespaceEntry entry in found.Values)
            entry.Complete();
        return [.. found.Values.Where(e => (types & e.Type) != 0).OrderBy(e => NamespaceTypeNames.Name(e.Type), StringComparer.Ordinal).ThenBy(e => e.Inode)];
    }

    /// <summary>The processes whose first thread is in a namespace, by id.</summary>
    public static IEnumerable<int> ProcessesIn(NamespaceTypes type, ulong inode)
    {
        string link = $"{NamespaceTypeNames.Name(type)}:[{inode}]";
        return Processes().Where(process => FileSystem.LinkTargetIfThere($"/proc/{process}/ns/{NamespaceTypeNames.Name(type)}") == link);
    }

    private static IEnumerable<int> Processes() => Numbers("/proc");

    private static IEnumerable<int> Numbers(string directory)
    {
        string[] entries;
        try
        {
            entries = Directory.GetFileSystemEntries(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it has ended, or is not ours to see
        }
        return entries.Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1).Where(n => n >= 0).Order();
    }

    private void Look(int process)
    {
        var own = new Dictionary<string, string>();
        foreach (var (_, name) in NamespaceTypeNames.All)
            if (FileSystem.LinkTargetIfThere($"/proc/{process}/ns/{name}") is { } link)
            {
                own[name] = link;
                Found(link)?.Add(NamespaceHolder.Process(process, name));
            }
        if (own.Count == 0)
            return;
        if (own.TryGetValue("mnt", out string? mount) && NamespaceTypeNames.TryParse(mount, out _, out ulong inode) && mountsRead.Add(inode))
            LookAtMounts(process);
        foreach (string name in (string[])["pid", "time"])
            if (FileSystem.LinkTargetIfThere($"/proc/{process}/ns/{name}_for_children") is { Length: > 0 } link && link != own.GetValueOrDefault(name))
                Found(link)?.Add(NamespaceHolder.Children(process, name));
        foreach (int thread in Numbers($"/proc/{process}/task").Where(t => t != process))
            foreach (var (_, name) in NamespaceTypeNames.All)
                if (FileSystem.LinkTargetIfThere($"/proc/{process}/task/{thread}/ns/{name}") is { } link && link != own.GetValueOrDefault(name))
                    Found(link)?.Add(NamespaceHolder.Thread(process, thread, name));
    }

    private void LookAtDescriptors(int process)
    {
        foreach (int descriptor in Numbers($"/proc/{process}/fd"))
            if (FileSystem.LinkTargetIfThere($"/proc/{process}/fd/{descriptor}") is { } link)
                Found(link)?.Add(NamespaceHolder.Open(process, descriptor));
    }

    private void LookAtMounts(int process)
    {
        foreach (var (root, point) in Mounts.OfType("nsfs", FileSystem.ReadTextIfThere($"/proc/{process}/mountinfo")))
            Found(root)?.Add(NamespaceHolder.Mount(process, point));
    }

    private void AskForMountNamespaces()
    {
        if (FileSystem.LinkTargetIfThere("/proc/self/ns/mnt") == null)
            return;
        using LinuxNamespace own = LinuxNamespace.Current(NamespaceTypes.Mount);
        NamespaceFile.EachMountNamespace(own.Descriptor, fd =>
        {
            ulong inode = FileStatus.Of(fd).Inode;
            if (!found.ContainsKey((NamespaceTypes.Mount, inode)))
                Entry(NamespaceTypes.Mount, inode).Add(NamespaceHolder.Of(NamespaceHolderKind.Hidden, () => MountNamespace(inode)));
            return true;
        });
    }

    private static int MountNamespace(ulong inode)
    {
        using LinuxNamespace own = LinuxNamespace.Current(NamespaceTypes.Mount);
        int found = -1;
        NamespaceFile.EachMountNamespace(own.Descriptor, fd =>
        {
            if (FileStatus.Of(fd).Inode == inode)
                found = Descriptors.DuplicateAbove(fd, 3);
            return found < 0;
        });
        return found;
    }

    // Those above it and its owner may be seen nowhere else.
    private void Relate(NamespaceEntry entry, Queue<NamespaceEntry> unrelated)
    {
        using LinuxNamespace? opened = entry.TryOpen();
        if (opened == null)
            return;
        using (LinuxNamespace? owner = opened.OwningUserNamespace())
            entry.Owner = Related(owner, () => Using(entry, n => n.OwningUserNamespace()));
        using (LinuxNamespace? parent = opened.Parent())
            entry.Parent = Related(parent, () => Using(entry, n => n.Parent()));

        ulong? Related(LinuxNamespace? relative, Func<int> open)
        {
            if (relative == null)
                return null;
            bool isNew = !found.ContainsKey((relative.Type, relative.Inode));
            NamespaceEntry above = Entry(relative.Type, relative.Inode);
            above.Add(NamespaceHolder.Of(NamespaceHolderKind.Relative, open));
            if (isNew)
                unrelated.Enqueue(above);
            return relative.Inode;
        }
    }

    private static int Using(NamespaceEntry entry, Func<LinuxNamespace, LinuxNamespace?> relative)
    {
        using LinuxNamespace? below = entry.TryOpen();
        using LinuxNamespace? above = below == null ? null : relative(below);
        return above == null ? -1 : Descriptors.DuplicateAbove(above.Descriptor, 3);
    }

    private NamespaceEntry? Found(string link) => NamespaceTypeNames.TryParse(link, out NamespaceTypes type, out ulong inode) ? Entry(type, inode) : null;

    private NamespaceEntry Entry(NamespaceTypes type, ulong inode)
    {
        if (!found.TryGetValue((type, inode), out NamespaceEntry? entry))
            found.Add((type, inode), entry = new NamespaceEntry(type, inode));
        return entry;
    }
}
