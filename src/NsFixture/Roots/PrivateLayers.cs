using System.Globalization;
using NsFixture.Linux;

namespace NsFixture.Roots;

/// <summary>
/// Where all that is written to a root tree lies, as init holds it: a descriptor of the tmpfs, which has no name any more, and what
/// each directory in it is the upper layer of.
/// </summary>
internal sealed class PrivateLayers
{
    /// <summary>The file in which whoever lists the layers finds what they are of, a line each: name, tab, path.</summary>
    public const string MapName = "map";

    /// <summary>In place of a name in the map: a path that something is mounted on.</summary>
    public const string MountPoint = "";

    /// <summary>In place of a name in the map: a path that init itself has written.</summary>
    public const string Placed = "=";

    /// <summary>In place of a name in the map: the inode of a file that init itself has made.</summary>
    public const string PlacedInode = "#";

    /// <summary>In place of a name in the map: what in the layers was last changed when init was done.</summary>
    public const string Marker = "!";

    private const string BuiltName = "built";
    private readonly List<(string Name, string Path)> layers = [];
    private readonly IReadOnlyList<RootEntry> plan;
    private readonly IEnumerable<(string Name, string Content)> etcFiles;
    private List<ulong>? made;
    private bool isDescribed;

    /// <param name="plan">Of the machine's tree, if it is that: its layers are numbered by it.</param>
    /// <param name="etcFiles">What init has put into /etc of the machine's tree.</param>
    public PrivateLayers(IReadOnlyList<RootEntry> plan, IEnumerable<(string Name, string Content)> etcFiles)
    {
        (this.plan, this.etcFiles) = (plan, etcFiles);
        Descriptor = FileSystem.OpenDescriptor(Staging.Layers, Fcntl.O_RDONLY);
    }

    /// <summary>Layers that another process has made.</summary>
    /// <param name="plan">As above.</param>
    /// <param name="etcFiles">As above.</param>
    /// <param name="descriptor">Of their tmpfs.</param>
    public PrivateLayers(IReadOnlyList<RootEntry> plan, IEnumerable<(string Name, string Content)> etcFiles, int descriptor) =>
        (this.plan, this.etcFiles, Descriptor) = (plan, etcFiles, descriptor);

    /// <summary>Layers that another process has made, and described when it handed them over.</summary>
    /// <param name="descriptor">Of their tmpfs.</param>
    public PrivateLayers(int descriptor)
        : this([], [], descriptor) => isDescribed = true;

    public int Descriptor { get; }

    private string Directory => "/proc/self/fd/" + Descriptor.ToString(CultureInfo.InvariantCulture);

    public void Add(string name, string path) => layers.Add((name, path));

    /// <summary>Notes that all that is there now is not what anyone will call written.</summary>
    public void Built()
    {
        made = [];
        foreach (var (name, _) in layers.Concat(plan.Index().Where(e => e.Item.Kind == RootEntryKind.Overlay).Select(e => (RootBuilder.UpperName(e.Index), ""))))
            Note($"{Directory}/{name}");
        FileSystem.WriteFile($"{Directory}/{BuiltName}", "");

        void Note(string directory)
        {
            foreach (string path in System.IO.Directory.EnumerateFileSystemEntries(directory))
            {
                FileStatus status = FileStatus.Of(path);
                if (status.IsDirectory)
                    Note(path);
                else
                    made.Add(status.Inode);
            }
        }
    }

    /// <summary>Makes ready for a process that gets nothing but the descriptor. It knows the machine's own tree itself.</summary>
    public void HandOver()
    {
        if (made != null)
            WriteMap();
    }

    /// <summary>Writes down what is what, for who is going to be given the descriptor.</summary>
    public void WriteMap()
    {
        if (isDescribed)
            return;
        isDescribed = true;
        var lines = new List<string>();
        foreach (var (index, entry) in plan.Index())
        {
            lines.Add((entry.Kind == RootEntryKind.Overlay ? RootBuilder.UpperName(index) : MountPoint) + "\t" + entry.Path);
            if (made == null && entry.Path == "/etc")
                lines.Add(Marker + "\t" + RootBuilder.WorkName(index)); // overlayfs makes its own directory there when it is mounted, and nothing more
        }
        lines.AddRange(layers.Select(l => l.Name + "\t" + l.Path));
        if (made == null)
            lines.AddRange(etcFiles.Select(f => Placed + "\t/etc/" + f.Name));
        else
            lines.AddRange(made.Select(i => PlacedInode + "\t" + i.ToString(CultureInfo.InvariantCulture)).Append(Marker + "\t" + BuiltName));
        FileSystem.WriteFile($"{Directory}/{MapName}", string.Join('\n', lines));
    }
}
