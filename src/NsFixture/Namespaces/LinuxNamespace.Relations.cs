using NsFixture.Linux;
using NsFixture.Namespaces;

namespace NsFixture;

public sealed partial class LinuxNamespace
{
    /// <summary>Who made a user namespace; of another namespace, who made the user namespace that owns it. Null: it lies outside the caller's own.</summary>
    public uint? OwnerUid
    {
        get
        {
            if (Type == NamespaceTypes.User)
                return NamespaceFile.OwnerUid(Descriptor);
            using LinuxNamespace? owner = OwningUserNamespace();
            return owner?.OwnerUid;
        }
    }

    /// <summary>
    /// Opens the user namespace that owns it: whoever has capabilities in that one has them over this one. Of a user namespace, the one above it.
    /// </summary>
    /// <returns>Null: it lies outside the caller's own, as the owner of everything that a container finds.</returns>
    public LinuxNamespace? OwningUserNamespace() => Relative(NamespaceFile.Owner(Descriptor));

    /// <summary>Opens the pid or user namespace above it.</summary>
    /// <returns>Null: there is none, since it is the first or of another type; or it lies outside the caller's own.</returns>
    public LinuxNamespace? Parent() => Type is NamespaceTypes.Pid or NamespaceTypes.User ? Relative(NamespaceFile.Parent(Descriptor)) : null;

    /// <summary>The processes in it that can be seen, by their ids in this process's /proc, in order.</summary>
    public IReadOnlyList<int> ProcessIds() => [.. NamespaceSurvey.ProcessesIn(Type, Inode)];

    /// <summary>How a user namespace's user ids map to those outside; empty: they do not yet.</summary>
    /// <exception cref="InvalidOperationException">It is of another type.</exception>
    /// <exception cref="NamespaceException">No process is in it, which alone has its map.</exception>
    public IReadOnlyList<IdRange> UserIds() => Map("uid_map");

    /// <summary>How a user namespace's group ids map to those outside; empty: they do not yet.</summary>
    /// <exception cref="InvalidOperationException">It is of another type.</exception>
    /// <exception cref="NamespaceException">No process is in it, which alone has its map.</exception>
    public IReadOnlyList<IdRange> GroupIds() => Map("gid_map");

    private static LinuxNamespace? Relative(int fd) => fd < 0 ? null : new LinuxNamespace(fd);

    private IReadOnlyList<IdRange> Map(string file)
    {
        if (Type != NamespaceTypes.User)
            throw new InvalidOperationException($"{this} has no map of ids: user namespaces have. That which owns it is its {nameof(OwningUserNamespace)}.");
        foreach (int process in NamespaceSurvey.ProcessesIn(Type, Inode))
            if (FileSystem.Exists($"/proc/{process}/{file}"))
                return IdRange.Parse(FileSystem.ReadTextIfThere($"/proc/{process}/{file}"));
        throw new NamespaceException($"The ids of {this} cannot be read, since no process that can be seen is in it, and the kernel tells them of processes only: start one in it.");
    }
}
