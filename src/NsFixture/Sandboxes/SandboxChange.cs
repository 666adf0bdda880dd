using System.Globalization;
using Microsoft.Win32.SafeHandles;
using NsFixture.Linux;
using NsFixture.Roots;

namespace NsFixture;

/// <summary>What has become of a path.</summary>
public enum SandboxChangeKind
{
    /// <summary>A file that was made or changed.</summary>
    Written,

    /// <summary>A symbolic link that was made.</summary>
    Linked,

    /// <summary>A file or a directory of the tree that was removed.</summary>
    Deleted,
}

/// <summary>A file that was written, linked or deleted in a sandbox. It can be read for as long as the sandbox is there.</summary>
public sealed record SandboxChange
{
    private readonly string source;
    private readonly SafeFileHandle? layers;

    private SandboxChange(string path, SandboxChangeKind kind, long size, string source, SafeFileHandle? layers) =>
        (Path, Kind, Size, this.source, this.layers) = (path, kind, size, source, layers);

    /// <summary>Its path in the sandbox.</summary>
    public string Path { get; }

    /// <summary>What has become of it.</summary>
    public SandboxChangeKind Kind { get; }

    /// <summary>Its size in bytes; 0 but for files.</summary>
    public long Size { get; }

    /// <summary>Its content.</summary>
    /// <exception cref="InvalidOperationException">It is no file.</exception>
    public byte[] ReadAllBytes()
    {
        if (Kind != SandboxChangeKind.Written)
            throw new InvalidOperationException($"{Path} was {Kind.ToString().ToLowerInvariant()}: there is no content to read.");
        byte[] bytes = File.ReadAllBytes(source);
        GC.KeepAlive(layers);
        return bytes;
    }

    /// <summary>Its content, as UTF-8.</summary>
    /// <exception cref="InvalidOperationException">It is no file.</exception>
    public string ReadAllText() => System.Text.Encoding.UTF8.GetString(ReadAllBytes());

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}: {Path}";

    /// <summary>What was written to a root tree.</summary>
    /// <param name="layersDescriptor">The directory of its private layers; closed when the last change is gone.</param>
    /// <param name="alsoRoot">Whether the root directory of this process is a layer too: in the usual tree.</param>
    internal static IReadOnlyList<SandboxChange> List(int layersDescriptor, bool alsoRoot)
    {
        var layers = new SafeFileHandle(layersDescriptor, ownsHandle: true);
        string directory = "/proc/self/fd/" + layersDescriptor.ToString(CultureInfo.InvariantCulture);
        var map = File.ReadLines($"{directory}/{PrivateLayers.MapName}").Select(l => l.Split('\t', 2)).Where(l => l.Length == 2).Select(l => (Name: l[0], Path: l[1])).ToList();
        var mountPoints = map.Where(m => m.Name == PrivateLayers.MountPoint).Select(m => m.Path).ToHashSet();
        var placed = map.Where(m => m.Name == PrivateLayers.Placed).Select(m => m.Path).ToHashSet();
        var made = map.Where(m => m.Name == PrivateLayers.PlacedInode).Select(m => ulong.Parse(m.Path, CultureInfo.InvariantCulture)).ToHashSet();
        long built = FileStatus.Of($"{directory}/{map.Single(m => m.Name == PrivateLayers.Marker).Path}").Changed;
        var changes = new List<SandboxChange>();
        foreach (var (name, path) in map.Where(m => m.Name is not (PrivateLayers.MountPoint or PrivateLayers.Placed or PrivateLayers.PlacedInode or PrivateLayers.Marker)))
            Walk($"{directory}/{name}", path, null);
        if (alsoRoot)
            Walk("/", "/", FileStatus.Of("/").Device);
        return [.. changes.OrderBy(c => c.Path, StringComparer.Ordinal)];

        // Of the root directory itself only what is on its own file system: the rest is mounted there.
        void Walk(string source, string path, ulong? device)
        {
            foreach (string child in Directory.EnumerateFileSystemEntries(source))
            {
                string inside = path.TrimEnd('/') + "/" + System.IO.Path.GetFileName(child);
                if (FileStatus.OfAny(child) is not { } status || (device is { } d && status.Device != d))
                    continue;
                if (status.IsWhiteout)
                    changes.Add(new SandboxChange(inside, SandboxChangeKind.Deleted, 0, child, layers));
                else if (status.IsDirectory)
                    Walk(child, inside, device);
                else if (mountPoints.Contains(inside) || (status.Changed <= built && (placed.Contains(inside) || made.Contains(status.Inode))))
                    continue; // init's own
                else if (status.IsLink && (device == null || inside.StartsWith("/tmp/", StringComparison.Ordinal) || inside.StartsWith("/run/", StringComparison.Ordinal)))
                    changes.Add(new SandboxChange(inside, SandboxChangeKind.Linked, 0, child, layers));
                else if (status.IsRegular)
                    changes.Add(new SandboxChange(inside, SandboxChangeKind.Written, status.Size, child, layers));
            }
        }
    }
}
