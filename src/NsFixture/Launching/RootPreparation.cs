using System.Collections.Concurrent;
using System.Security.Cryptography;
using NsFixture.Linux;
using NsFixture.Linux.Elf;
using NsFixture.Roots;
using NsFixture.Roots.Archives;

namespace NsFixture.Launching;

/// <summary>
/// Turns declared root trees into what init can build: finds programs, unpacks archives into the cache, has templates prepared. Once a
/// run for each; who needs the same waits for it.
/// </summary>
internal static class RootPreparation
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<(string Lower, ImageConfiguration? Image)>>> Trees = [];

    /// <summary>What a sandbox's test needs in a tree.</summary>
    /// <param name="Launcher">How its process is started.</param>
    /// <param name="WorkingDirectory">Its current directory.</param>
    public sealed record Managed(LauncherKind Launcher, string WorkingDirectory);

    /// <summary>The same spec with nothing left to prepare.</summary>
    /// <param name="server">Whose sandboxes it is for.</param>
    /// <param name="spec">As resolved.</param>
    /// <param name="test">The test that is to run in the sandbox; null: none.</param>
    /// <exception cref="RootTreeException">A tree cannot be had; why.</exception>
    public static Task<SandboxSpec> PrepareAsync(ForkServer server, SandboxSpec spec, Managed? test) =>
        spec.DeclaredRoots is { } declared ? PrepareAsync(server, spec, declared, test) : Task.FromResult(spec);

    private static async Task<SandboxSpec> PrepareAsync(ForkServer server, SandboxSpec spec, DeclaredRoots declared, Managed? test)
    {
        RootSpec? sandbox = declared.Sandbox == null ? null : await PrepareAsync(server, spec, spec.Plan.Test.Index, declared.Sandbox, declared.BaseDirectory, test).ConfigureAwait(false);
        var hosts = new List<(int, RootSpec)>();
        foreach (var (host, tree) in declared.Hosts)
            hosts.Add((host, await PrepareAsync(server, spec, host, tree, declared.BaseDirectory, null).ConfigureAwait(false)));
        return spec with { DeclaredRoots = null, Roots = new RootSpecs(sandbox, hosts) };
    }

    private static async Task<RootSpec> PrepareAsync(ForkServer server, SandboxSpec spec, int host, RootTree tree, string baseDirectory, Managed? test)
    {
        RootDeclaration declared = tree.Declared;
        bool isOfTheMachine = declared.Kind is RootKind.CopyOnWrite or RootKind.ReadOnly or RootSpec.None;
        var (lower, image) = isOfTheMachine ? ("", null) : await GetTreeAsync(declared, baseDirectory, OwnershipFor(server), test != null).ConfigureAwait(false);
        var root = new RootSpec(declared.Kind, lower, declared.IsReadOnly || declared.Kind == RootKind.ReadOnly, declared.Size, declared.Files, []) { Image = image };
        var mounts = new List<RootMount>();
        if (test != null && !isOfTheMachine)
        {
            if (test.Launcher == LauncherKind.Exec)
                RequireLoader(declared, lower);
            mounts.Add(Bind(RuntimePaths.Root, RuntimePaths.Root, readOnly: true));
            mounts.Add(new RootMount(RootMountKind.Directory, test.WorkingDirectory));
        }
        mounts.AddRange(Data(declared.Data).Select(path => Bind(path, path, readOnly: true)));
        foreach (RootMountDeclaration mount in declared.Mounts)
        {
            if (mount.Kind == RootMountKind.Bind)
            {
                mounts.Add(Bind(RootDeclaration.Full(mount.Source, baseDirectory), RootDeclaration.Full(mount.Path, baseDirectory), mount.ReadOnly));
                continue;
            }
            if (mount.Kind != RootMountKind.Template)
            {
                mounts.Add(new RootMount(mount.Kind, mount.Path.TrimEnd('/'), mount.Source, mount.ReadOnly, mount.Size, mount.Mode));
                continue;
            }
            RootMount[] before = [.. mounts];
            string number = await server.Templates.GetAsync($"{mount.Source} at {mount.Path}", number => PrepareTemplateAsync(server, spec, host, mount,
                root with { IsReadOnly = false, Mounts = [.. before, new RootMount(RootMountKind.TemplateInTheMaking, mount.Path.TrimEnd('/'), number) { User = mount.User }] })).ConfigureAwait(false);
            mounts.Add(new RootMount(RootMountKind.Template, mount.Path.TrimEnd('/'), number));
        }
        if (host == spec.Plan.Test.Index)
            mounts.AddRange(spec.WriteThrough.Select(path => Bind(path, path, readOnly: false)));
        return root with { Mounts = mounts };
    }

    // By its real path: init binds it when the tree is its root already, and an absolute link on the way would lead into that.
    private static RootMount Bind(string path, string inside, bool readOnly) => new(RootMountKind.Bind, inside, TreePath.Resolve("", path) ?? path, readOnly);

    private static async Task<(string Lower, ImageConfiguration? Image)> GetTreeAsync(RootDeclaration declared, string baseDirectory, TreeOwnership ownership, bool withRuntime)
    {
        string path = RootDeclaration.Full(declared.Path, baseDirectory);
        FileStatus? status = FileStatus.Followed(path);
        string key = $"{declared.Kind}|{path}|{status?.Inode}|{status?.Size}|{status?.Modified}|{declared.Reference}|{string.Join('\0', declared.Programs)}|{ownership.Key}|{withRuntime}";
        var lazy = Trees.GetOrAdd(key, _ => new(() => Task.Run(() => GetTree(declared, path, ownership, withRuntime))));
        try
        {
            return await lazy.Value.ConfigureAwait(false);
        }
        catch
        {
            Trees.TryRemove(KeyValuePair.Create(key, lazy)); // the file may be put right
            throw;
        }
    }

    /// <summary>The directory that a tree is made of; an archive is unpacked, where it is not in the cache yet.</summary>
    internal static (string Lower, ImageConfiguration? Image) GetTree(RootDeclaration declared, string path, TreeOwnership ownership, bool withRuntime)
    {
        switch (declared.Kind)
        {
            case RootKind.Minimal:
                return (MinimalTree.Get(TreeCache.Shared, declared.Programs, withRuntime), null);
            case RootKind.Directory:
                return (TreePath.Resolve("", path) ?? path, null);
            case RootKind.Tarball:
                return (TreeCache.Shared.Get(TreeCache.KeyOf("tarball", HashOf(path), ownership.Key), root => Unpack(path, root, ownership, unpacker => UnpackTarball(path, unpacker)), ownership), null);
            default:
                using (ImageArchive image = ImageArchive.Open(path, declared.Reference))
                {
                    string tree = TreeCache.Shared.Get(TreeCache.KeyOf("image", image.ContentKey, ownership.Key), root => Unpack(path, root, ownership, image.Unpack), ownership);
                    return (tree, image.Configuration);
                }
        }
    }

    private static TreeOwnership OwnershipFor(ForkServer server) =>
        server.Mapping == UserMapping.Identity && Libc.GetEUid() == 0 ? TreeOwnership.Archives
        : server.Mapping != UserMapping.Subordinate ? TreeOwnership.Callers
        : new TreeOwnership($"subordinate {SubordinateIds.Describe()}", false,
            (tree, owners) => server.TendTreeAsync(tree, owners).GetAwaiter().GetResult(), tree => server.TendTreeAsync(tree, "").GetAwaiter().GetResult());

    private static long Unpack(string path, string root, TreeOwnership ownership, Action<TreeUnpacker> unpack)
    {
        TreeOwners? owners = ownership.Give == null ? null : new();
        var unpacker = new TreeUnpacker(root, ownership.IsSetByCaller, TreeCache.Shared.Limit, owners: owners);
        unpack(unpacker);
        if (owners == null)
            return unpacker.Size;
        string file = $"{Path.GetDirectoryName(root)}/owners"; // beside the tree, where nobody uses it yet
        owners.Write(file);
        int unknown = ownership.Give!(root, file);
        File.Delete(file);
        if (unknown > 0)
            Console.Error.WriteLine($"NsFixture: warning: {unknown} files of {path} have an owner or a group beyond your ids in /etc/subuid and /etc/subgid. They belong to uid 0, or gid 0, inside. Give the user more ids to have them as they are.");
        return unpacker.Size;
    }

    private static void UnpackTarball(string path, TreeUnpacker unpacker)
    {
        using FileStream file = File.OpenRead(path);
        using Stream opened = Decompression.Open(file, file, path);
        using var content = new HashingStream(opened);
        using (var ahead = new ReadAheadStream(content))
        {
            unpacker.Unpack(ahead, path, isLayer: false);
            ahead.Drain();
        }
        // Where an archive was cut off between two entries, nothing but its end is missing.
        if (!content.EndsInZeros)
            throw new RootTreeException($"{path} is truncated: it has no end. Get it anew.");
        unpacker.Finish();
    }

    private static string HashOf(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return Convert.ToHexString(SHA256.HashData(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RootTreeException($"The tarball {path} cannot be read: {e.Message}", e);
        }
    }

    // A fresh runtime is a program of the machine's, and needs the machine's loader and C library, or ones that will do.
    private static void RequireLoader(RootDeclaration declared, string lower)
    {
        if (ElfFile.TryRead(RuntimePaths.Muxer)?.Interpreter is { } loader && TreePath.Resolve(lower, loader) == null)
            throw new RootTreeException($"The root tree {declared.Path} has no {loader}, which a fresh .NET runtime needs (launcher: exec). Use LauncherKind.Fork, or leave the test in the usual tree and give this one to a host: WithHost(\"name\", h => h.WithRoot(…)).");
    }

    private static IEnumerable<string> Data(RootData data) => ((IEnumerable<(RootData Kind, string Path)>)
        [
            (RootData.Certificates, "/etc/ssl"), (RootData.Certificates, "/etc/pki"), (RootData.Certificates, "/usr/share/ca-certificates"),
            (RootData.TimeZones, "/usr/share/zoneinfo"), (RootData.TimeZones, "/etc/localtime"), (RootData.Locales, "/usr/lib/locale"), (RootData.Locales, "/usr/share/locale"),
        ]).Where(d => data.HasFlag(d.Kind) && Path.Exists(d.Path)).Select(d => d.Path);

    private static async Task PrepareTemplateAsync(ForkServer server, SandboxSpec spec, int host, RootMountDeclaration template, RootSpec root)
    {
        bool isSandboxs = host == spec.Plan.Test.Index;
        SandboxSpec own = spec with { DeclaredRoots = null, Roots = isSandboxs ? new RootSpecs(root, []) : new RootSpecs(null, [(host, root)]) };
        Sandbox sandbox = server.CreateSandbox(own);
        try
        {
            await sandbox.Ready.ConfigureAwait(false);
            await using var network = new VirtualNetwork(own, sandbox.Connect(), sandbox);
            await template.Prepare!(network.Hosts[host]).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            EventLoop.Shared.Post(sandbox.Close);
            throw new RootTreeException($"The template \"{template.Source}\" for {template.Path} could not be prepared: {e.Message}", e);
        }
    }
}
