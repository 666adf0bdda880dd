using NsFixture.Linux;

namespace NsFixture;

/// <summary>What keeps a namespace alive.</summary>
public enum NamespaceHolderKind
{
    /// <summary>A process is in it.</summary>
    Process,

    /// <summary>A thread is in it, whose process's first thread is in another.</summary>
    Thread,

    /// <summary>The children that a process will have are going to be in it (pid_for_children, time_for_children).</summary>
    Children,

    /// <summary>A process has it open.</summary>
    Descriptor,

    /// <summary>It is mounted on a file.</summary>
    Mount,

    /// <summary>It is above another namespace, or owns it.</summary>
    Relative,

    /// <summary>Something that /proc does not show, such as a descriptor on its way through a socket.</summary>
    Hidden,
}

/// <summary>One of those that keep a namespace alive.</summary>
public sealed class NamespaceHolder
{
    private readonly Func<int> open;

    private NamespaceHolder(NamespaceHolderKind kind, int processId, int number, string? path, Func<int> open) =>
        (Kind, ProcessId, Number, Path, this.open) = (kind, processId, number, path, open);

    /// <summary>What it is.</summary>
    public NamespaceHolderKind Kind { get; }

    /// <summary>The process; that through which a mount was seen. 0: none.</summary>
    public int ProcessId { get; }

    /// <summary>The thread's id, or the number of the descriptor; 0 otherwise.</summary>
    public int Number { get; }

    /// <summary>The file that leads to it; null: none does.</summary>
    public string? Path { get; }

    /// <summary>What to tell people: <c>process 17</c>, <c>descriptor 5 of process 17</c>, <c>mount /run/netns/a</c>.</summary>
    public override string ToString() => Kind switch
    {
        NamespaceHolderKind.Process => $"process {ProcessId}",
        NamespaceHolderKind.Thread => $"thread {Number} of process {ProcessId}",
        NamespaceHolderKind.Children => $"future children of process {ProcessId}",
        NamespaceHolderKind.Descriptor => $"descriptor {Number} of process {ProcessId}",
        NamespaceHolderKind.Mount => $"mount {Path}",
        NamespaceHolderKind.Relative => "a namespace below it or owned by it",
        _ => "something that /proc does not show",
    };

    internal static NamespaceHolder Process(int process, string name) => At(NamespaceHolderKind.Process, process, 0, $"/proc/{process}/ns/{name}");

    internal static NamespaceHolder Thread(int process, int thread, string name) => At(NamespaceHolderKind.Thread, process, thread, $"/proc/{process}/task/{thread}/ns/{name}");

    internal static NamespaceHolder Children(int process, string name) => At(NamespaceHolderKind.Children, process, 0, $"/proc/{process}/ns/{name}_for_children");

    internal static NamespaceHolder Open(int process, int descriptor) => At(NamespaceHolderKind.Descriptor, process, descriptor, $"/proc/{process}/fd/{descriptor}");

    internal static NamespaceHolder Mount(int process, string path) =>
        new(NamespaceHolderKind.Mount, process, 0, path, () => FileSystem.OpenDescriptor($"/proc/{process}/root{path}", Fcntl.O_RDONLY));

    internal static NamespaceHolder Of(NamespaceHolderKind kind, Func<int> open) => new(kind, 0, 0, null, open);

    /// <exception cref="LinuxException">It has gone, or one may not.</exception>
    internal int OpenNamespace() => open();

    private static NamespaceHolder At(NamespaceHolderKind kind, int process, int number, string path) =>
        new(kind, process, number, path, () => FileSystem.OpenDescriptor(path, Fcntl.O_RDONLY));
}
