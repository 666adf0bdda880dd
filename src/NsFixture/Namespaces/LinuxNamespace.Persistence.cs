using NsFixture.Linux;

namespace NsFixture;

public sealed partial class LinuxNamespace
{
    /// <summary>
    /// Keeps it alive by mounting it on a file, which is made if it is not there; nsenter(1) and <see cref="Open"/> take that file. It stays until <see cref="Release"/>, or until
    /// the mount namespace of this process ends.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="NamespaceException">This process may not mount; or it is a mount namespace, and would be mounted in itself or one that is younger.</exception>
    public void Persist(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        bool made = false;
        try
        {
            int file = Libc.Open(path, Fcntl.O_RDONLY | Fcntl.O_CREAT | Fcntl.O_EXCL | Fcntl.O_CLOEXEC, 0);
            made = file >= 0;
            if (!made && !FileSystem.Exists(path))
                throw LinuxException.Last("open", path);
            Descriptors.Close(file);
            Mounts.Bind($"/proc/self/fd/{Descriptor}", path);
        }
        catch (LinuxException e)
        {
            if (made)
                _ = Libc.Unlink(path);
            throw new NamespaceException(e switch
            {
                { Operation: "mount", Errno: Err.EPERM or Err.EACCES } => $"{this} cannot be mounted on {path}, which takes CAP_SYS_ADMIN over this process's mount namespace: run as root, or in a sandbox, where everybody has it; or keep the object, whose descriptor keeps the namespace alive as well. ({e.Message})",
                { Operation: "mount", Errno: Err.EINVAL } when Type == NamespaceTypes.Mount => $"{this} cannot be mounted on {path}: a mount namespace can only be mounted in an older one, on a mount that is private (mount_namespaces(7)). Choose a file below a private mount, such as a tmpfs of its own, and do it from outside. Linux 6.18 and later may take one for older that was made on another processor: keep to one, as taskset does. ({e.Message})",
                { Operation: "open" } => $"{path}, on which {this} was to be mounted, cannot be made: choose a directory that is there, and writable. ({e.Message})",
                _ => $"{this} cannot be mounted on {path}. ({e.Message})",
            }, e);
        }
    }

    /// <summary>Takes the mount of a namespace from a file, and the file away. The namespace goes, unless something else keeps it.</summary>
    /// <param name="path">What <see cref="Persist"/> was given.</param>
    /// <exception cref="NamespaceException">Nothing is mounted there, or it is no namespace, or this process may not. The file is as it was.</exception>
    public static void Release(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Open(path).Dispose(); // of anything else the mount stays
        if (Libc.Umount2(path, MountFlags.MNT_DETACH) != 0)
        {
            var failure = LinuxException.Last("umount", path);
            throw new NamespaceException(failure.Errno == Err.EINVAL ? $"No namespace is mounted on {path} in this process's mount namespace: it is a link to one. ({failure.Message})"
                : $"The namespace on {path} cannot be released: run as whoever persisted it. ({failure.Message})", failure);
        }
        if (Libc.Unlink(path) != 0)
            throw new NamespaceException($"The namespace on {path} was released, but its file is still there. ({LinuxException.Last("unlink", path).Message})");
    }
}
