using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using NsFixture.Linux;

namespace NsFixture.Roots.Archives;

/// <summary>
/// Trees that were made once and are shared, read-only, by all tests of all runs: unpacked archives and minimal trees, by a key that
/// follows from their content.
/// <para>
/// Several runs may use the same cache at once, and any may be killed at any moment. So a tree is made in a directory of its own and
/// renamed to its place when it is whole; who makes one, or uses one, holds a lock (flock(2)), which the kernel lets go of when a process ends,
/// however that happens. What lies in the workshop and nobody has locked is someone's who was killed, and is removed.
/// </para>
/// <code>
/// trees/KEY/root      the tree               trees/KEY/size    its size; the time of this file is that of its last use
/// locks/KEY           shared: in use, or about to be; exclusive: being removed
/// locks/KEY.make      exclusive: being made
/// workshop/NAME       a tree in the making, or on its way out        workshop/NAME.lock
/// </code>
/// </summary>
internal sealed class TreeCache
{
    public const long DefaultLimit = 10L << 30;
    private const string Format = "v1"; // raised when trees are unpacked in another way
    private static readonly Lazy<TreeCache> LazyShared = new(() =>
        new TreeCache(DirectoryFor(Environment.GetEnvironmentVariable("XDG_CACHE_HOME"), Environment.GetEnvironmentVariable("HOME")), LimitOf(Environment.GetEnvironmentVariable("NSFIXTURE_CACHE_SIZE"))));

    private readonly string trees, locks, workshop;
    private readonly ConcurrentDictionary<string, Lazy<string>> inUse = [];

    /// <param name="directory">Where the cache is; made when it is first needed.</param>
    /// <param name="limit">The most bytes of trees that are kept; those in use do not go, whatever the limit.</param>
    public TreeCache(string directory, long limit)
    {
        (Location, Limit) = (directory, limit);
        (trees, locks, workshop) = ($"{directory}/trees", $"{directory}/locks", $"{directory}/workshop");
    }

    /// <summary>The user's own.</summary>
    /// <exception cref="RootTreeException">NSFIXTURE_CACHE_SIZE is no size.</exception>
    public static TreeCache Shared => LazyShared.Value;

    public string Location { get; }

    public long Limit { get; }

    /// <summary>A key for what follows from some facts.</summary>
    public static string KeyOf(params IEnumerable<string> facts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', facts.Prepend(Format)))));

    /// <summary>
    /// The tree of a key, which <paramref name="make"/> makes in an empty directory where there is none yet; it returns the tree's size. From
    /// now on and until this process ends, nobody removes it.
    /// </summary>
    /// <exception cref="RootTreeException">The tree could not be made, or the cache not be used.</exception>
    public string Get(string key, Func<string, long> make) => Get(key, make, TreeOwnership.Callers);

    /// <summary>The same, where files may have other owners than the caller.</summary>
    public string Get(string key, Func<string, long> make, TreeOwnership ownership)
    {
        Lazy<string> tree = inUse.GetOrAdd(key, k => new Lazy<string>(() => Find(k, make, ownership)));
        try
        {
            return tree.Value;
        }
        catch
        {
            inUse.TryRemove(KeyValuePair.Create(key, tree)); // the next who asks tries again
            throw;
        }
    }

    private string Find(string key, Func<string, long> make, TreeOwnership ownership)
    {
        int used = -1; // held for as long as this process lives
        try
        {
            foreach (string directory in (string[])[trees, locks, workshop])
                MakeDirectory(directory);
            RequireOwn();
            string place = $"{trees}/{key}";
            used = Lock($"{locks}/{key}", FileLock.LOCK_SH);
            if (!File.Exists($"{place}/size"))
                MakeUnlessMade(key, place, make, ownership);
            File.SetLastWriteTimeUtc($"{place}/size", DateTime.UtcNow);
            return $"{place}/root";
        }
        catch (Exception e)
        {
            Descriptors.Close(used);
            if (e is IOException or UnauthorizedAccessException)
                throw new RootTreeException($"The cache of root trees in {Location} cannot be used: {e.Message} Make it writable, or set XDG_CACHE_HOME to another directory.", e);
            throw;
        }
    }

    private void MakeUnlessMade(string key, string place, Func<string, long> make, TreeOwnership ownership)
    {
        int making = Lock($"{locks}/{key}.make", FileLock.LOCK_EX);
        try
        {
            if (!File.Exists($"{place}/size"))
                Make(key, place, make, ownership);
        }
        finally
        {
            _ = Libc.Unlink($"{locks}/{key}.make");
            Descriptors.Close(making);
        }
    }

    // Anyone who could write to it could put programs into others' tests.
    private void RequireOwn()
    {
        if (FileStatus.Of(Location) is var status && (status.Owner != Libc.GetEUid() || (status.Permissions & 0x12 /* 0022 */) != 0))
            throw new RootTreeException($"The cache of root trees in {Location} belongs to uid {status.Owner}, or others may write to it: remove it, or set XDG_CACHE_HOME to a directory of your own.");
    }

    private void Make(string key, string place, Func<string, long> make, TreeOwnership ownership)
    {
        Sweep(ownership);
        string name = $"{key[..16]}.{Path.GetRandomFileName()}", built = $"{workshop}/{name}";
        int held = Lock(built + ".lock", FileLock.LOCK_EX);
        try
        {
            FileSystem.MakeDirectory(built, 0x1C0);
            FileSystem.MakeDirectory(built + "/root");
            long size = make(built + "/root");
            File.WriteAllText(built + "/size", size.ToString(CultureInfo.InvariantCulture));
            MakeRoom(size, ownership);
            ownership.TryRemove(place); // there is none but a broken one
            if (Libc.Rename(built, place) != 0)
                throw LinuxException.Last("rename", $"{built} to {place}");
        }
        finally
        {
            ownership.TryRemove(built);
            _ = Libc.Unlink(built + ".lock");
            Descriptors.Close(held);
        }
    }

    /// <summary>Removes what those left who were killed.</summary>
    private void Sweep(TreeOwnership ownership)
    {
        foreach (string path in Directory.GetFileSystemEntries(workshop))
        {
            string lockFile = path.EndsWith(".lock", StringComparison.Ordinal) ? path : path + ".lock";
            int held = TryLock(lockFile);
            if (held < 0)
                continue;
            ownership.TryRemove(lockFile[..^".lock".Length]);
            _ = Libc.Unlink(lockFile);
            Descriptors.Close(held);
        }
        foreach (string path in Directory.GetFiles(locks).Where(p => !Directory.Exists($"{trees}/{Path.GetFileNameWithoutExtension(p)}")))
        {
            int held = TryLock(path);
            if (held < 0)
                continue;
            _ = Libc.Unlink(path);
            Descriptors.Close(held);
        }
    }

    /// <summary>Removes trees that nobody uses, those unused for longest first, until another of this size fits.</summary>
    private void MakeRoom(long needed, TreeOwnership ownership)
    {
        var kept = new List<(string Path, long Size, DateTime Used)>();
        foreach (string path in Directory.GetDirectories(trees))
            kept.Add((path, long.TryParse(TryRead(path + "/size"), out long size) ? size : 0, File.GetLastWriteTimeUtc(path + "/size")));
        long total = kept.Sum(k => k.Size);
        foreach (var (path, size, _) in kept.OrderBy(k => k.Used))
        {
            if (total + needed <= Limit)
                return;
            string lockFile = $"{locks}/{Path.GetFileName(path)}";
            int held = TryLock(lockFile);
            if (held < 0)
                continue; // in use
            // Out of the way in one step; the rest can be finished by anyone.
            string out1 = $"{workshop}/{Path.GetFileName(path)[..16]}.{Path.GetRandomFileName()}";
            if (Libc.Rename(path, out1) == 0 && ownership.TryRemove(out1))
                total -= size;
            _ = Libc.Unlink(lockFile);
            Descriptors.Close(held);
        }
    }

    // Others may look into the directories above, but not into ours.
    private void MakeDirectory(string path)
    {
        FileSystem.MakeDirectories(Path.GetDirectoryName(Location)!);
        FileSystem.MakeDirectory(Location, 0x1C0 /* 0700 */);
        FileSystem.MakeDirectory(path, 0x1C0);
    }

    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Locks a file that exists by that name; waits for it.</summary>
    private static int Lock(string path, int kind)
    {
        while (true)
        {
            int fd = Open(path);
            while (Libc.FLock(fd, kind) != 0)
                if (Marshal.GetLastPInvokeError() != Err.EINTR)
                    throw LinuxException.Last("flock", path);
            // Whoever held it may have removed it: then it is a lock on nothing.
            if (FileStatus.OfAny(path) is { } now && now.Inode == FileStatus.Followed($"/proc/self/fd/{fd}")?.Inode)
                return fd;
            Descriptors.Close(fd);
        }
    }

    /// <summary>-1: someone has it.</summary>
    private static int TryLock(string path)
    {
        int fd = Open(path);
        if (Libc.FLock(fd, FileLock.LOCK_EX | FileLock.LOCK_NB) == 0 && FileStatus.OfAny(path) is { } now && now.Inode == FileStatus.Followed($"/proc/self/fd/{fd}")?.Inode)
            return fd;
        Descriptors.Close(fd);
        return -1;
    }

    private static int Open(string path) =>
        LinuxException.Check(Libc.Open(path, Fcntl.O_RDWR | Fcntl.O_CREAT | Fcntl.O_CLOEXEC, 0x180 /* 0600 */), "open", path);

    /// <summary>By the XDG base directory specification; without a home, a directory of the user's own among the temporary ones.</summary>
    internal static string DirectoryFor(string? cache, string? home) =>
        cache is ['/', ..] ? cache.TrimEnd('/') + "/nsfixture"
            : home is ['/', _, ..] && Libc.Access(home, 2 /* W_OK */) == 0 ? home.TrimEnd('/') + "/.cache/nsfixture"
            : Path.Combine(Path.GetTempPath(), $"nsfixture-cache-{Libc.GetEUid()}");

    internal static long LimitOf(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return DefaultLimit;
        int shift = char.ToUpperInvariant(text[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        if (long.TryParse(shift == 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long size) && size > 0 && size <= long.MaxValue >> shift)
            return size << shift;
        throw new RootTreeException($"NSFIXTURE_CACHE_SIZE={text} is no size: use a number of bytes, or one with K, M, G or T behind it, such as 10G.");
    }
}
