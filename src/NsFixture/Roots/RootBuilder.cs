using System.Text;
using NsFixture.Linux;

namespace NsFixture.Roots;

/// <summary>Builds a copy-on-write root tree by a plan and moves the calling process into it.</summary>
internal static class RootBuilder
{
    private const uint Shared = 0x3FF; // 01777

    private static readonly string[] DeviceNodes = ["null", "zero", "full", "random", "urandom", "tty"];

    private static readonly (string Link, string Target)[] DeviceLinks =
        [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2"),
         ("ptmx", "pts/ptmx"), ("core", "/proc/kcore")];

    /// <summary>Mounts everything under <see cref="Staging.Root"/>; the caller's namespaces decide what /proc and /sys show.</summary>
    /// <param name="plan">Made by <see cref="RootPlanner"/>.</param>
    /// <param name="writeThrough">Absolute paths of the host that writes inside reach.</param>
    /// <param name="etcFiles">Files to put into /etc, by name.</param>
    /// <param name="notes">Gets a line for everything that had to be done in a second-best way.</param>
    /// <returns>Where all that is written lies, but for what is written to the root's own tmpfs.</returns>
    public static PrivateLayers Build(IReadOnlyList<RootEntry> plan, IEnumerable<string> writeThrough, IEnumerable<(string Name, string Content)> etcFiles, List<string> notes)
    {
        Mounts.Tmpfs(Staging.Root, "0755");
        Mounts.Tmpfs(Staging.Layers, "0700");
        MountDevices(Staging.Host, Staging.Root, notes);
        MountKernel("proc", "/proc", Staging.Host, Staging.Root, notes);
        MountKernel("sysfs", "/sys", Staging.Host, Staging.Root, notes);
        // Directories of the root's own tmpfs: each further tmpfs would cost a tenth of a millisecond to make and to end.
        MakeDirectory(Staging.Root + "/run");
        MakeDirectory(Staging.Root + "/run/lock", Shared);
        MakeDirectory(Staging.Root + "/tmp", Shared);
        Apply(plan, etcFiles, notes);
        foreach (string path in writeThrough)
            Bind(Staging.Host + path, Staging.Root + path, readOnly: false);
        return new PrivateLayers(plan, etcFiles);
    }

    /// <summary>What the upper layer of an entry of the plan is called among the layers.</summary>
    public static string UpperName(int index) => $"{index}u";

    /// <summary>What overlayfs' own directory of an entry of the plan is called among the layers.</summary>
    public static string WorkName(int index) => $"{index}w";

    /// <summary>Lays the host's tree out by a plan.</summary>
    public static void Apply(IReadOnlyList<RootEntry> plan, IEnumerable<(string Name, string Content)> etcFiles, List<string> notes)
    {
        int layer = 0;
        foreach (RootEntry entry in plan)
            Apply(entry, layer++, etcFiles, notes);
    }

    /// <summary>Shows a file or a directory of the host's at another place, which is made if it is not there.</summary>
    public static void Bind(string source, string target, bool readOnly)
    {
        MakeMountPoint(source, target);
        Mounts.Bind(source, target, recursive: true);
        if (readOnly)
            Mounts.SetReadOnly(target, recursive: true);
    }

    /// <summary>Moves into the tree, and lets go of the old root.</summary>
    public static void Enter(List<string> notes) => Mounts.ChangeRoot(Staging.Root, Staging.Root, notes, held: Staging.Layers);

    private static void Apply(RootEntry entry, int layer, IEnumerable<(string Name, string Content)> etcFiles, List<string> notes)
    {
        string target = Staging.Root + entry.Path;
        switch (entry.Kind)
        {
            case RootEntryKind.Link:
                FileSystem.Symlink(entry.Detail, target);
                break;
            case RootEntryKind.Directory:
                MakeOwned(target, entry);
                break;
            case RootEntryKind.ReadOnlyBind:
                Bind(Staging.Host + entry.Path, target, readOnly: true);
                break;
            case RootEntryKind.Overlay:
                FileSystem.MakeDirectory(target);
                string upper = $"{Staging.Layers}/{UpperName(layer)}", work = $"{Staging.Layers}/{WorkName(layer)}";
                MakeOwned(upper, entry);
                FileSystem.MakeDirectory(work);
                if (entry.Path == "/etc")
                    foreach (var (name, content) in etcFiles)
                        FileSystem.WriteFile($"{upper}/{name}", content);
                try
                {
                    Mounts.Mount("overlay", target, "overlay", 0, $"userxattr,lowerdir={entry.Detail},upperdir={upper},workdir={work}");
                }
                catch (LinuxException e)
                {
                    // Some file systems cannot be a lower layer. The content is still there, but cannot be written.
                    if (entry.Path == "/etc")
                        throw;
                    Bind(Staging.Host + entry.Path, target, readOnly: true);
                    notes.Add($"{entry.Path} is read-only: {e.Message}");
                }
                break;
        }
    }

    public static void MakeOwned(string path, RootEntry entry)
    {
        FileSystem.MakeDirectory(path);
        if (entry.Owner != 0 || entry.Group != 0)
            _ = Libc.LChown(path, entry.Owner, entry.Group);
        Chmod(path, entry.Mode);
    }

    private static void Chmod(string path, uint mode)
    {
        if (Libc.Chmod(path, mode) != 0)
            throw LinuxException.Last("chmod", path);
    }

    private static void MakeMountPoint(string source, string target)
    {
        if (FileSystem.Exists(target))
            return;
        FileSystem.MakeDirectories(target[..Math.Max(1, target.LastIndexOf('/'))]);
        if (Directory.Exists(source))
            FileSystem.MakeDirectory(target);
        else
            FileSystem.WriteFile(target, "");
    }

    public static void MakeDirectory(string path, uint mode = 0x1ED /* 0755 */)
    {
        FileSystem.MakeDirectory(path);
        Chmod(path, mode);
    }

    /// <summary>
    /// /proc and /sys for the namespaces of the caller, read-only where the host's are. The kernel refuses where the host's own are partly covered, as in a
    /// container (mount_namespaces(7)); the host's are bound then. Either is said.
    /// </summary>
    public static void MountKernel(string type, string path, string host, string root, List<string> notes)
    {
        string target = root + path;
        FileSystem.MakeDirectory(target);
        try
        {
            if (Mounts.Kernel(type, target) is { } refused)
                notes.Add($"{path} is read-only: {refused.Message}. That of the machine is, as container engines do it.");
        }
        catch (LinuxException e)
        {
            Mounts.Bind(host + path, target, recursive: true);
            notes.Add($"{path} is the host's: {e.Message}. Parts of {path} are covered here, as container engines do it; " +
                      "with Docker, --security-opt systempaths=unconfined uncovers them.");
        }
    }

    /// <summary>The devices that every program may rely on, and what else belongs into /dev.</summary>
    public static void MountDevices(string host, string root, List<string> notes)
    {
        string dev = root + "/dev";
        MakeDirectory(dev);
        foreach (string node in DeviceNodes)
        {
            if (!FileSystem.Exists(host + "/dev/" + node))
                continue;
            FileSystem.WriteFile($"{dev}/{node}", "");
            Mounts.Bind($"{host}/dev/{node}", $"{dev}/{node}");
        }
        foreach (var (link, linkTarget) in DeviceLinks)
            FileSystem.Symlink(linkTarget, $"{dev}/{link}");
        MakeDirectory(dev + "/shm", Shared);
        FileSystem.MakeDirectory(dev + "/pts");
        Try(() => Mounts.Mount("devpts", dev + "/pts", "devpts", MountFlags.MS_NOSUID | MountFlags.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620"),
            "There are no pseudo-terminals", notes);
        FileSystem.MakeDirectory(dev + "/mqueue");
        Try(() => Mounts.Mount("mqueue", dev + "/mqueue", "mqueue", MountFlags.MS_NOSUID | MountFlags.MS_NODEV | MountFlags.MS_NOEXEC),
            "/dev/mqueue is not mounted", notes);
    }

    private static void Try(Action mount, string consequence, List<string> notes)
    {
        try
        {
            mount();
        }
        catch (LinuxException e)
        {
            notes.Add($"{consequence}: {e.Message}");
        }
    }
}
