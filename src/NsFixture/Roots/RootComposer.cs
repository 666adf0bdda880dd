using NsFixture.Linux;

namespace NsFixture.Roots;

/// <summary>
/// Builds a root tree that is not the usual one, and moves the calling process into it.
/// <para>
/// A tree from an archive or a directory is not trusted: any of its directories may be a symbolic link, to the machine's own tree as
/// init sees it while it builds. So the process moves first, and builds then, with the tree as its root: the kernel resolves every
/// path as it will for the tests. What comes from the machine is reached through the old root, which stays for that long at a place that
/// no archive can know; then it is detached.
/// </para>
/// <para>
/// All that is written lies in one tmpfs, whose limits are the tree's: upper layers, and for the machine's own tree the root directory itself.
/// </para>
/// </summary>
internal static class RootComposer
{
    private const string RootLayer = "root";
    private const uint Shared = 0x3FF; // 01777

    /// <summary>Builds the tree and moves into it. Finished by <see cref="Leave"/>, which lets go of the old root.</summary>
    /// <param name="spec">The tree.</param>
    /// <param name="plan">Of the machine's own tree.</param>
    /// <param name="etcFiles">Files to put into /etc, by name.</param>
    /// <param name="notes">Gets a line for everything that had to be done in a second-best way.</param>
    /// <returns>What is written, and where the old root is.</returns>
    public static (PrivateLayers Layers, string OldRoot) Enter(
        RootSpec spec, IReadOnlyList<RootEntry> plan, IReadOnlyList<(string Name, string Content)> etcFiles, List<string> notes)
    {
        string limits = (spec.Size > 0 ? $",size={spec.Size}" : "") + (spec.Files > 0 ? $",nr_inodes={spec.Files}" : "");
        Mounts.Mount("tmpfs", Staging.Layers, "tmpfs", MountFlags.MS_NOSUID | MountFlags.MS_NODEV, "mode=0700" + limits);
        var layers = new PrivateLayers(spec.IsOfTheMachine ? plan : [], etcFiles);
        string upper = $"{Staging.Layers}/{RootLayer}";
        if (spec.IsOfTheMachine)
        {
            RootBuilder.MakeDirectory(upper);
            Mounts.Bind(upper, Staging.Root);
            MakeVolatile(spec, Staging.Root, Staging.Layers, layers);
            RootBuilder.MakeDirectory(Staging.Root + "/run/lock", Shared);
            RootBuilder.Apply(plan, etcFiles, notes);
        }
        else
        {
            string lower = Staging.Host + spec.Lower;
            MakeLike(lower, upper);
            FileSystem.MakeDirectory(Staging.Layers + "/work");
            Overlay(lower, upper, Staging.Layers + "/work", Staging.Root, spec.Lower);
        }
        layers.Add(RootLayer, "/");
        string old = $"/.nsfixture-{Guid.NewGuid():N}";
        FileSystem.MakeDirectory(Staging.Root + old, 0x1C0);
        Mounts.ChangeRoot(Staging.Root, Staging.Root + old, notes, held: Staging.Layers);
        Furnish(spec, old, layers, etcFiles, notes);
        for (int i = 0; i < spec.Mounts.Count; i++)
            Put(spec.Mounts[i], i, old, layers);
        layers.Built();
        return (layers, old);
    }

    /// <summary>Lets go of the old root: from here on nothing of the machine can be reached but what was put into the tree.</summary>
    public static void Leave(RootSpec spec, IReadOnlyList<RootEntry> plan, string oldRoot)
    {
        Mounts.Detach(oldRoot);
        if (Libc.RmDir(oldRoot) != 0)
            throw LinuxException.Last("rmdir", oldRoot);
        if (!spec.IsReadOnly)
            return;
        foreach (string path in spec.IsOfTheMachine ? plan.Where(e => e.Kind == RootEntryKind.Overlay).Select(e => e.Path).Append("/") : ["/"])
            Mounts.SetReadOnly(path, recursive: false);
    }

    /// <summary>What every tree has: /dev, /proc, /sys, /tmp, /run, and the files of /etc that tell of the host.</summary>
    private static void Furnish(RootSpec spec, string old, PrivateLayers layers, IReadOnlyList<(string Name, string Content)> etcFiles, List<string> notes)
    {
        string host = old + Staging.Host;
        foreach (string path in (string[])["/dev", "/proc", "/sys"])
            MakePlain(path);
        // A tmpfs of its own: device nodes are not what was written.
        Mounts.Tmpfs("/dev", "0755", MountFlags.MS_NOSUID);
        RootBuilder.MountDevices(host, "", notes);
        RootBuilder.MountKernel("proc", "/proc", host, "", notes);
        RootBuilder.MountKernel("sysfs", "/sys", host, "", notes);
        if (spec.IsOfTheMachine)
            return;
        MakeVolatile(spec, "", old + Staging.Layers, layers);
        if (!FileSystem.Exists("/etc"))
            RootBuilder.MakeDirectory("/etc");
        foreach (var (name, content) in etcFiles)
            WriteAnew("/etc/" + name, content);
    }

    /// <summary>/run and /tmp, which can be written to in every tree: in one that cannot, they are layers of their own.</summary>
    private static void MakeVolatile(RootSpec spec, string root, string layersPath, PrivateLayers layers)
    {
        foreach (var (name, mode) in (IEnumerable<(string, uint)>)[("run", 0x1ED), ("tmp", Shared)])
        {
            string path = $"{root}/{name}", layer = $"{layersPath}/{name}";
            if (!FileSystem.Exists(path))
                RootBuilder.MakeDirectory(path, mode);
            if (!spec.IsReadOnly)
                continue;
            MakeLike(path, layer);
            Mounts.Bind(layer, path);
            layers.Add(name, "/" + name);
        }
    }

    private static void Put(RootMount mount, int number, string old, PrivateLayers layers)
    {
        switch (mount.Kind)
        {
            case RootMountKind.Bind:
                RootBuilder.Bind(old + Staging.Host + mount.Source, mount.Path, readOnly: false);
                if (mount.ReadOnly)
                    Mounts.SetReadOnly(mount.Path, recursive: true);
                break;
            case RootMountKind.Tmpfs:
                FileSystem.MakeDirectories(mount.Path);
                Mounts.Mount("tmpfs", mount.Path, "tmpfs", MountFlags.MS_NOSUID | MountFlags.MS_NODEV, "mode=1777" + (mount.Size > 0 ? $",size={mount.Size}" : ""));
                break;
            case RootMountKind.File:
                FileSystem.MakeDirectories(mount.Path[..Math.Max(1, mount.Path.LastIndexOf('/'))]);
                WriteAnew(mount.Path, mount.Source);
                if (Libc.Chmod(mount.Path, mount.Mode) != 0)
                    throw LinuxException.Last("chmod", mount.Path);
                break;
            case RootMountKind.Directory:
                FileSystem.MakeDirectories(mount.Path);
                break;
            case RootMountKind.TemplateInTheMaking:
                FileSystem.MakeDirectories(old + TemplatePath(mount));
                if (mount.User != null && Account.Find(mount.User) is var owner)
                    _ = Libc.LChown(old + TemplatePath(mount), owner.Uid, owner.Gid); // refused where there is one user outside, who owns it anyway
                FileSystem.MakeDirectories(mount.Path);
                Mounts.Bind(old + TemplatePath(mount), mount.Path);
                break;
            case RootMountKind.Template:
                string upper = $"{old}{Staging.Layers}/{number}t", work = $"{old}{Staging.Layers}/{number}tw", lower = old + TemplatePath(mount);
                MakeLike(lower, upper);
                FileSystem.MakeDirectory(work);
                FileSystem.MakeDirectories(mount.Path);
                Overlay(lower, upper, work, mount.Path, "the template of " + mount.Path);
                layers.Add($"{number}t", mount.Path);
                break;
        }
    }

    // In the zygote's own memory: every sandbox of a run sees it, and it ends with the run, whoever is killed.
    private static string TemplatePath(RootMount mount) => $"{Staging.Work}/templates/{mount.Source}";

    private static void Overlay(string lower, string upper, string work, string target, string what)
    {
        try
        {
            Mounts.Mount("overlay", target, "overlay", 0, $"userxattr,lowerdir={lower},upperdir={upper},workdir={work}");
        }
        catch (LinuxException e)
        {
            throw new SandboxException($"{what} cannot be a root tree: overlayfs refuses it ({e.Message}). It must lie on a file system that overlayfs can read, with no other mounted below it; " +
                                       "copy it elsewhere, such as to /var/tmp.", e);
        }
    }

    /// <summary>A directory with the mode of another, and its owner, where that exists here.</summary>
    private static void MakeLike(string model, string path)
    {
        FileStatus status = FileStatus.Followed(model) ?? throw LinuxException.Last("statx", model);
        FileSystem.MakeDirectory(path);
        _ = Libc.LChown(path, UserMap.Known(status.Owner), UserMap.Known(status.Group));
        if (Libc.Chmod(path, status.Permissions) != 0)
            throw LinuxException.Last("chmod", path);
    }

    /// <summary>A directory to mount on; a link or a file in its place goes.</summary>
    private static void MakePlain(string path)
    {
        if (FileStatus.OfAny(path) is { IsDirectory: false } && Libc.Unlink(path) != 0)
            throw LinuxException.Last("unlink", path);
        FileSystem.MakeDirectory(path);
    }

    /// <summary>Not through a link that stands there: images have /etc/resolv.conf as one.</summary>
    private static void WriteAnew(string path, string content)
    {
        if (FileStatus.OfAny(path) is { IsLink: true } && Libc.Unlink(path) != 0)
            throw LinuxException.Last("unlink", path);
        FileSystem.WriteFile(path, content);
    }
}
