using NsFixture.Linux;

namespace NsFixture.Roots;

/// <summary>
/// The root of the zygote: a private tmpfs with the host's tree at <see cref="Host"/>, the prepared layers at
/// <see cref="Work"/>, and mount points for the sandbox that an init is building. Symbolic links stand in for the host's
/// top-level directories, so that the runtime still finds its assemblies under their usual paths.
/// </summary>
internal static class Staging
{
    public const string Host = "/.nsfixture/host", Work = "/.nsfixture/work", Root = "/.nsfixture/root", Layers = "/.nsfixture/layers";

    /// <summary>Moves the calling process, which must have a mount namespace of its own, to the staging root.</summary>
    /// <param name="notes">Gets a line where that had to be done in a second-best way.</param>
    /// <returns>The host's mount points.</returns>
    public static List<string> Enter(List<string> notes)
    {
        Mounts.Mount("none", "/", null, MountFlags.MS_REC | MountFlags.MS_PRIVATE);
        var mountPoints = Mounts.Points();
        string[] top = [.. Directory.GetFileSystemEntries("/")];
        // Any directory will do as the place to mount on: pivot_root takes the tmpfs away from it again.
        string place = top.First(Directory.Exists);
        Mounts.Tmpfs(place, "0755");
        foreach (string directory in (string[])["", "/host", "/work", "/root", "/layers"])
            FileSystem.MakeDirectory(place + "/.nsfixture" + directory);
        foreach (string path in top)
            FileSystem.Symlink(Host + path, place + path);
        Mounts.ChangeRoot(place, place + Host, notes);
        // Where pivot_root took the tmpfs away from it, it is gone; a copy of the host's tree has it still.
        if (FileSystem.Exists(Host + place + "/.nsfixture"))
            Mounts.Detach(Host + place);
        return mountPoints;
    }
}
