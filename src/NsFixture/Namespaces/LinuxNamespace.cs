using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NsFixture.Linux;
using NsFixture.Namespaces;

namespace NsFixture;

/// <summary>
/// A namespace, by a descriptor that keeps it alive until it is disposed of, whoever else is in it or not. Two are equal if they are
/// the same namespace.
/// </summary>
/// <example>
/// <code>
/// using LinuxNamespace mine = LinuxNamespace.Current(NamespaceTypes.Network), first = LinuxNamespace.OfProcess(1, NamespaceTypes.Network);
/// Console.WriteLine($"{mine} {(mine.Equals(first) ? "is" : "is not")} the machine's");
/// </code>
/// </example>
public sealed partial class LinuxNamespace : IDisposable, IEquatable<LinuxNamespace>
{
    private readonly SafeFileHandle handle;

    /// <param name="fd">Belongs to this object from now on.</param>
    internal LinuxNamespace(int fd)
    {
        handle = new SafeFileHandle(fd, ownsHandle: true);
        Type = (NamespaceTypes)NamespaceFile.Type(fd);
        FileStatus status = FileStatus.Of(fd);
        (Inode, Device) = (status.Inode, status.Device);
    }

    /// <summary>Which of the eight types it is.</summary>
    public NamespaceTypes Type { get; }

    /// <summary>The number that the kernel names it by, in <c>net:[4026531840]</c> and in lsns(8). It can be given again once the namespace is gone.</summary>
    public ulong Inode { get; }

    /// <summary>The descriptor, for setns(2) and the like; this object closes it.</summary>
    public SafeHandle Handle => handle;

    /// <summary>The file system that the number is of.</summary>
    internal ulong Device { get; }

    internal int Descriptor => handle.IsClosed ? throw new ObjectDisposedException(ToString()) : (int)handle.DangerousGetHandle();

    /// <summary>That of the calling thread.</summary>
    /// <param name="type">One type.</param>
    /// <exception cref="NamespaceException">This kernel has no such namespaces, or there is no /proc.</exception>
    public static LinuxNamespace Current(NamespaceTypes type) => Opened($"/proc/thread-self/ns/{NamespaceTypeNames.Name(type)}", "the calling thread");

    /// <summary>That of a process.</summary>
    /// <param name="processId">Its id, as this process's /proc has it.</param>
    /// <param name="type">One type.</param>
    /// <exception cref="NamespaceException">There is no such process, or one may not look (ptrace(2), access mode PTRACE_MODE_READ_FSCREDS).</exception>
    public static LinuxNamespace OfProcess(int processId, NamespaceTypes type)
    {
        string name = NamespaceTypeNames.Name(type);
        return FileSystem.Exists($"/proc/{processId}") ? Opened($"/proc/{processId}/ns/{name}", $"process {processId}")
            : throw new NamespaceException($"There is no process {processId} in /proc: it has ended, or is in another pid namespace, where it has another id.");
    }

    /// <summary>That which a file leads to: a link in /proc/PID/ns, or a bind mount of one, such as those in /run/netns.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="NamespaceException">It is none, or cannot be opened.</exception>
    public static LinuxNamespace Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Opened(path, path);
    }

    /// <summary>That of a descriptor, which stays the caller's: another one is made of it.</summary>
    /// <param name="descriptor">Of a namespace.</param>
    /// <exception cref="NamespaceException">It is of something else.</exception>
    public static LinuxNamespace FromHandle(SafeHandle descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        bool held = false;
        try
        {
            descriptor.DangerousAddRef(ref held);
            int number = (int)descriptor.DangerousGetHandle(), fd = Descriptors.DuplicateAbove(number, 3);
            return Checked(fd, $"descriptor {number} ({Descriptors.Target(fd)})");
        }
        finally
        {
            if (held)
                descriptor.DangerousRelease();
        }
    }

    /// <summary>
    /// All on the machine that can be seen, as lsns(8) lists them, and those that have no process: kept by a thread, by a descriptor, by a bind mount, by
    /// what they own or are above of. An ordinary user sees those of its own processes.
    /// </summary>
    /// <param name="types">Which types. Default: all.</param>
    /// <returns>By type, then by inode.</returns>
    public static IReadOnlyList<NamespaceEntry> List(NamespaceTypes types = NamespaceTypes.All) => new NamespaceSurvey(types).Run();

    /// <summary>In which types two processes have different namespaces, as <c>diff</c> of their /proc/PID/ns would tell.</summary>
    /// <param name="processId">One process.</param>
    /// <param name="otherProcessId">The other.</param>
    /// <exception cref="NamespaceException">As <see cref="OfProcess"/>.</exception>
    public static NamespaceTypes Differences(int processId, int otherProcessId)
    {
        var different = NamespaceTypes.None;
        foreach (var (type, name) in NamespaceTypeNames.All)
        {
            if (!FileSystem.Exists("/proc/self/ns/" + name))
                continue; // none of this type on this kernel
            using LinuxNamespace one = OfProcess(processId, type), other = OfProcess(otherProcessId, type);
            if (!one.Equals(other))
                different |= type;
        }
        return different;
    }

    /// <inheritdoc/>
    public bool Equals(LinuxNamespace? other) => other != null && other.Inode == Inode && other.Device == Device;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LinuxNamespace);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Inode, Device);

    /// <summary><c>net:[4026531840]</c>, as the kernel writes it.</summary>
    public override string ToString() => $"{NamespaceTypeNames.Name(Type)}:[{Inode}]";

    /// <summary>Closes the descriptor. A namespace that nothing else keeps goes with it.</summary>
    public void Dispose() => handle.Dispose();

    private static LinuxNamespace Opened(string path, string what)
    {
        int fd = Libc.Open(path, Fcntl.O_RDONLY | Fcntl.O_CLOEXEC | Fcntl.O_NONBLOCK, 0);
        return fd >= 0 ? Checked(fd, path) : throw Unreadable(LinuxException.Last("open", path), what);
    }

    private static LinuxNamespace Checked(int fd, string what)
    {
        if (NamespaceFile.Type(fd) != 0)
            return new LinuxNamespace(fd);
        Descriptors.Close(fd);
        throw new NamespaceException($"{what} is no namespace: give a link of /proc/PID/ns, or a file that one is bind-mounted on, such as those in {NetworkNamespaceNames.Directory}.");
    }

    private static NamespaceException Unreadable(LinuxException failure, string what) => new(failure.Errno switch
    {
        Err.EACCES or Err.EPERM => $"The namespaces of {what} may not be looked at: it is another user's, or has more capabilities. Run as that user, or as root. ({failure.Message})",
        Err.ENOENT when failure.Target.StartsWith("/proc/", StringComparison.Ordinal) => $"The namespace of {what} cannot be found: it has ended, or this kernel has none of this type. ({failure.Message})",
        Err.ENOENT => $"There is no file {what}: persist a namespace there first. ({failure.Message})",
        _ => failure.Message,
    }, failure);
}
