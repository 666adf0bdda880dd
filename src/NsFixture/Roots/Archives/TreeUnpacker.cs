using System.Formats.Tar;
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Roots.Archives;

/// <summary>
/// Unpacks tar archives into a private directory that becomes a root tree, layer upon layer.
/// <para>
/// An archive is not trusted. Whatever it says, nothing is written outside of the directory: names are taken apart, <c>..</c> in
/// them is refused, and where a name leads through a symbolic link, that is followed within the tree, as a process whose root it is
/// would follow it; a link that climbs above the root is refused. Nobody else writes to the directory, so what was looked at stays so.
/// </para>
/// <para>
/// Devices are refused but for those in /dev, which every sandbox has of its own; set-user-id bits are not kept, so that no
/// such program of unknown origin lies on the machine; sparse files, and more or larger files than the limits allow, are refused.
/// </para>
/// </summary>
internal sealed unsafe class TreeUnpacker
{
    private const int MaxEntries = 1_000_000; // of all layers together
    private const string WhiteoutPrefix = ".wh.", Opaque = ".wh..wh..opq", AufsPrefix = ".wh..wh.";
    private const uint SetIdBits = 0xC00, DefaultDirectoryMode = 0x1ED, MaxLinks = 40;

    private readonly string root;
    private readonly bool setOwners;
    private readonly TreeOwners? noted;
    private readonly FileStatus own; // what is made belongs to whom the directory belongs to
    private readonly long maxSize;
    private readonly byte[] buffer = new byte[128 * 1024];
    private readonly HashSet<string> directories = []; // seen to be real ones; relative paths
    private readonly Dictionary<string, (uint Mode, DateTimeOffset Time)> directoryModes = [];
    private HashSet<string>? ofThisLayer;
    private string lastParent = "", lastResolved = "";
    private long size;
    private int entries, setIds;

    /// <param name="root">An empty directory of the caller's.</param>
    /// <param name="setOwners">Whether files get the owners that the archive says: root's privilege.</param>
    /// <param name="maxSize">The most bytes that all files together may have.</param>
    /// <param name="owners">Is told the owners that the archive says; null: nobody wants to know.</param>
    public TreeUnpacker(string root, bool setOwners, long maxSize, TreeOwners? owners = null) =>
        (this.root, this.setOwners, this.maxSize, noted, own) = (root, setOwners, maxSize, owners, FileStatus.Of(root));

    /// <summary>The size of all files so far, in bytes.</summary>
    public long Size => size;

    /// <summary>A line for everything that was not unpacked as it is.</summary>
    public IEnumerable<string> Notes => setIds == 0 ? [] : [$"{setIds} set-user-id or set-group-id bits were not kept"];

    /// <summary>Unpacks an archive on top of what is there.</summary>
    /// <param name="tar">Not compressed.</param>
    /// <param name="what">What messages call it.</param>
    /// <param name="isLayer">Whether names that begin with <c>.wh.</c> take files of the layers below away.</param>
    /// <exception cref="RootTreeException">It is broken, or not safe to unpack. The directory is then to be thrown away.</exception>
    public void Unpack(Stream tar, string what, bool isLayer)
    {
        ofThisLayer = isLayer && entries > 0 ? [] : null;
        string entryName = "";
        try
        {
            using var reader = new TarReader(tar, leaveOpen: true);
            while (reader.GetNextEntry() is { } entry)
            {
                entryName = entry.Name;
                if (++entries > MaxEntries)
                    throw new RootTreeException($"{what} has more than {MaxEntries} entries: too many for a root tree.");
                Unpack(entry, isLayer);
            }
        }
        catch (Refusal e)
        {
            throw new RootTreeException($"{what}: the entry \"{Printable(entryName)}\" {e.Message}.");
        }
        catch (EndOfStreamException e)
        {
            throw new RootTreeException($"{what} is truncated{After(entryName)}: get it anew.", e);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or OverflowException or ArgumentException or NotSupportedException)
        {
            throw new RootTreeException($"{what} is no tar archive, or a corrupt one{After(entryName)}: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new RootTreeException($"{what}: the entry \"{Printable(entryName)}\" could not be unpacked: {e.Message}", e);
        }
    }

    /// <summary>Gives directories their modes, which would have been in the way before.</summary>
    public void Finish()
    {
        foreach (var (path, (mode, time)) in directoryModes.OrderByDescending(d => d.Key.Length))
        {
            if (!directories.Contains(path) && path.Length > 0)
                continue;
            SetTime(Full(path), time);
            Chmod(Full(path), mode);
        }
    }

    private static string After(string entry) => entry.Length == 0 ? "" : $" after the entry \"{Printable(entry)}\"";

    private static string Printable(string name) => string.Concat((name.Length > 200 ? name[..200] + "…" : name).Select(c => char.IsControl(c) ? '?' : c));

    private void Unpack(TarEntry entry, bool isLayer)
    {
        if (entry.EntryType is TarEntryType.GlobalExtendedAttributes)
            return;
        string[] components = [.. entry.Name.Split('/').Where(c => c.Length > 0 && c != ".")];
        if (components.Contains(".."))
            throw new Refusal("has \"..\" in its name, which could lead out of the tree");
        if (components.Length == 0)
        {
            if (entry.EntryType == TarEntryType.Directory)
                SetDirectory("", entry);
            return;
        }
        string parent = Resolve(string.Join('/', components.AsSpan()[..^1])), name = components[^1], path = Join(parent, name);
        if (isLayer && name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
        {
            if (name == Opaque)
                RemoveLower(parent, itself: false);
            else if (!name.StartsWith(AufsPrefix, StringComparison.Ordinal))
                RemoveLower(Join(parent, name[WhiteoutPrefix.Length..]), itself: true);
            return;
        }
        Create(entry, path, components[0] == "dev");
        MarkOfThisLayer(path);
    }

    private void Create(TarEntry entry, string path, bool inDev)
    {
        switch (entry.EntryType)
        {
            case TarEntryType.Directory or TarEntryType.DirectoryList:
                if (FileStatus.OfAny(Full(path)) is not { IsDirectory: true })
                {
                    Remove(path);
                    FileSystem.MakeDirectory(Full(path), 0x1C0 /* 0700 */);
                }
                directories.Add(path);
                SetDirectory(path, entry);
                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                WriteFile(entry, path);
                break;
            case TarEntryType.SymbolicLink:
                if (entry.LinkName.Length == 0)
                    throw new Refusal("is a symbolic link to nothing");
                Remove(path);
                FileSystem.Symlink(entry.LinkName, Full(path));
                SetOwner(entry, path);
                break;
            case TarEntryType.HardLink:
                MakeHardLink(entry, path);
                break;
            case TarEntryType.Fifo:
                Remove(path);
                if (Libc.MkFifo(Full(path), Permissions(entry)) != 0)
                    throw LinuxException.Last("mkfifo", path);
                SetOwner(entry, path);
                break;
            case TarEntryType.CharacterDevice or TarEntryType.BlockDevice:
                if (!inDev)
                    throw new Refusal("is a device, which only /dev may have: every sandbox has its own there. Leave it out of the archive");
                break;
            case TarEntryType.SparseFile:
                throw new Refusal("is a sparse file in GNU's format, which is not read: make the archive without --sparse");
            default:
                throw new Refusal($"is of the type '{(char)entry.EntryType}', which is not read: make the archive in the pax, ustar or GNU format");
        }
    }

    private void WriteFile(TarEntry entry, string path)
    {
        if (entry is PaxTarEntry pax && pax.ExtendedAttributes.Keys.Any(k => k.StartsWith("GNU.sparse", StringComparison.Ordinal)))
            throw new Refusal("is a sparse file in GNU's format, which is not read: make the archive without --sparse");
        if (entry.Length > maxSize - size)
            throw new Refusal($"makes the tree larger than {maxSize} bytes, which is all that the cache of root trees may have: raise NSFIXTURE_CACHE_SIZE, or use a smaller image");
        size += entry.Length;
        int fd = MakeFile(path);
        try
        {
            int n;
            while (entry.DataStream is { } data && (n = data.Read(buffer)) > 0)
                FileSystem.WriteAll(fd, buffer.AsSpan(0, n), path);
            // By the descriptor: no further path to be walked.
            noted?.Note(path, (uint)entry.Uid, (uint)entry.Gid);
            if (IsAnothers(entry))
                LinuxException.Check(Libc.FChown(fd, (uint)entry.Uid, (uint)entry.Gid), "chown", path);
            LinuxException.Check(Libc.FChmod(fd, Permissions(entry)), "chmod", path);
            TimeSpec* times = stackalloc TimeSpec[2];
            times[0] = times[1] = TimeOf(entry.ModificationTime);
            _ = Libc.FUTimeNs(fd, times); // a time that the file system cannot have is no loss
        }
        finally
        {
            Descriptors.Close(fd);
        }
    }

    private int MakeFile(string path)
    {
        const int flags = Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_EXCL | Fcntl.O_CLOEXEC;
        const int mode = 0x180; // 0600
        string full = Full(path);
        int fd = Libc.Open(full, flags, mode);
        if (fd < 0 && Marshal.GetLastPInvokeError() == Err.EEXIST)
        {
            Remove(path);
            fd = Libc.Open(full, flags, mode);
        }
        return LinuxException.Check(fd, "open", path);
    }

    private void MakeHardLink(TarEntry entry, string path)
    {
        string[] components = [.. entry.LinkName.Split('/').Where(c => c.Length > 0 && c != ".")];
        if (components.Contains(".."))
            throw new Refusal($"is a hard link to \"{Printable(entry.LinkName)}\", which could lead out of the tree");
        string target = components.Length == 0 ? "" : Join(Resolve(string.Join('/', components.AsSpan()[..^1])), components[^1]);
        if (FileStatus.OfAny(Full(target)) is not ({ IsRegular: true } or { IsLink: true }))
            throw new Refusal($"is a hard link to \"{Printable(entry.LinkName)}\", which is no file of the tree");
        if (target == path)
            return;
        Remove(path);
        if (Libc.Link(Full(target), Full(path)) != 0)
            throw LinuxException.Last("link", path);
        noted?.NoteLink(path, target);
    }

    /// <summary>The real directory that a name's parent is, links followed within the tree; what is missing is made.</summary>
    private string Resolve(string parent)
    {
        if (parent.Length == 0 || directories.Contains(parent))
            return parent;
        if (parent == lastParent)
            return lastResolved;
        var rest = new Stack<string>(parent.Split('/').Reverse());
        string current = "";
        uint links = 0;
        while (rest.TryPop(out string? component))
        {
            if (component == "..")
            {
                if (current.Length == 0)
                    throw new Refusal("lies below a symbolic link that leads out of the tree");
                current = current.Contains('/', StringComparison.Ordinal) ? current[..current.LastIndexOf('/')] : "";
                continue;
            }
            string next = Join(current, component);
            if (directories.Contains(next))
            {
                current = next;
                continue;
            }
            FileStatus? status = FileStatus.OfAny(Full(next));
            if (status is { IsLink: true })
            {
                if (++links > MaxLinks)
                    throw new Refusal("lies below symbolic links that lead in a circle");
                string target = new FileInfo(Full(next)).LinkTarget!;
                if (target.StartsWith('/'))
                    current = "";
                foreach (string part in target.Split('/').Where(c => c.Length > 0 && c != ".").Reverse())
                    rest.Push(part);
                continue;
            }
            if (status is { IsDirectory: false })
                throw new Refusal($"lies below \"{Printable(next)}\", which is no directory");
            if (status == null)
            {
                FileSystem.MakeDirectory(Full(next));
                directoryModes[next] = (DefaultDirectoryMode, DateTimeOffset.UnixEpoch);
                MarkOfThisLayer(next);
            }
            directories.Add(next);
            current = next;
        }
        (lastParent, lastResolved) = (parent, current);
        return current;
    }

    private void SetDirectory(string path, TarEntry entry)
    {
        SetOwner(entry, path);
        directoryModes[path] = (Permissions(entry), entry.ModificationTime);
    }

    private void SetOwner(TarEntry entry, string path)
    {
        noted?.Note(path, (uint)entry.Uid, (uint)entry.Gid);
        if (IsAnothers(entry) && Libc.LChown(Full(path), (uint)entry.Uid, (uint)entry.Gid) != 0)
            throw LinuxException.Last("chown", path);
    }

    private bool IsAnothers(TarEntry entry) => setOwners && ((uint)entry.Uid != own.Owner || (uint)entry.Gid != own.Group);

    private uint Permissions(TarEntry entry)
    {
        uint mode = (uint)entry.Mode & 0xFFF;
        // On a directory the set-group-id bit runs nothing: it says which group new files get.
        uint bits = entry.EntryType == TarEntryType.Directory ? 0x800 : SetIdBits;
        if ((mode & bits) != 0)
            setIds++;
        return mode & ~bits;
    }

    private static void SetTime(string full, DateTimeOffset time)
    {
        TimeSpec* times = stackalloc TimeSpec[2];
        times[0] = times[1] = TimeOf(time);
        _ = Libc.UTimensAt(Fcntl.AT_FDCWD, full, times, Fcntl.AT_SYMLINK_NOFOLLOW);
    }

    private static TimeSpec TimeOf(DateTimeOffset time) => new() { tv_sec = time.ToUnixTimeSeconds(), tv_nsec = time.UtcTicks % TimeSpan.TicksPerSecond * 100 };

    private static void Chmod(string full, uint mode)
    {
        if (Libc.Chmod(full, mode) != 0)
            throw LinuxException.Last("chmod", full);
    }

    /// <summary>Takes away what layers below have put there; what this layer itself has, stays.</summary>
    private void RemoveLower(string path, bool itself)
    {
        if (FileStatus.OfAny(Full(path)) is not { } status)
            return;
        bool own = !itself || ofThisLayer?.Contains(path) == true;
        if (!own && !status.IsDirectory)
        {
            Remove(path);
            return;
        }
        if (!status.IsDirectory)
            return;
        foreach (string child in Directory.GetFileSystemEntries(Full(path)))
            RemoveLower(Join(path, Path.GetFileName(child)), itself: true);
        if (!own && !Directory.EnumerateFileSystemEntries(Full(path)).Any())
            Remove(path);
    }

    private void Remove(string path)
    {
        if (FileStatus.OfAny(Full(path)) is not { } status)
            return;
        noted?.Forget(path, status.IsDirectory);
        if (!status.IsDirectory)
        {
            if (status.IsLink)
                lastParent = ""; // something may have been resolved through it
            if (Libc.Unlink(Full(path)) != 0)
                throw LinuxException.Last("unlink", path);
            return;
        }
        TreeRemoval.Remove(Full(path));
        lastParent = "";
        directories.RemoveWhere(d => d == path || d.StartsWith(path + "/", StringComparison.Ordinal));
    }

    private void MarkOfThisLayer(string path)
    {
        if (ofThisLayer == null)
            return;
        ofThisLayer.Add(path);
    }

    private string Full(string path) => path.Length == 0 ? root : $"{root}/{path}";

    private static string Join(string parent, string name) => parent.Length == 0 ? name : $"{parent}/{name}";

    /// <summary>What is wrong with an entry, said after its name.</summary>
    private sealed class Refusal(string message) : Exception(message);
}
