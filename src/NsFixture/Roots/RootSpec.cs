using NsFixture.Roots.Archives;

namespace NsFixture.Roots;

/// <summary>What is put into a tree.</summary>
internal enum RootMountKind : byte
{
    /// <summary>A file or a directory of the machine.</summary>
    Bind = 1,

    /// <summary>An empty directory in memory.</summary>
    Tmpfs,

    /// <summary>A file with a given content.</summary>
    File,

    /// <summary>A prepared directory, with a private layer above.</summary>
    Template,

    /// <summary>The directory of a template that is being prepared: written to directly.</summary>
    TemplateInTheMaking,

    /// <summary>A directory that has to be there.</summary>
    Directory,
}

/// <summary>Something put into a tree.</summary>
/// <param name="Kind">What.</param>
/// <param name="Path">Where, absolute.</param>
/// <param name="Source">The path outside, the content, or the template's number.</param>
/// <param name="ReadOnly">Of a bind: whether it may not be written to.</param>
/// <param name="Size">Of a tmpfs: its limit, or 0.</param>
/// <param name="Mode">Of a file: its permissions.</param>
internal sealed record RootMount(RootMountKind Kind, string Path, string Source = "", bool ReadOnly = false, long Size = 0, uint Mode = 0)
{
    /// <summary>Of a template in the making: whose directory it is, by the tree's own names; null: uid 0's.</summary>
    public string? User { get; init; }
}

/// <summary>A root tree that differs from the usual one, with nothing left to read or unpack: what init builds.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Lower">The directory on the machine that it is; empty for those that are the machine's own tree.</param>
/// <param name="IsReadOnly">Whether it can be read only.</param>
/// <param name="Size">The limit of what is written, in bytes; 0: none.</param>
/// <param name="Files">The limit of how many files are written; 0: none.</param>
/// <param name="Mounts">What is put into it, in order.</param>
internal sealed record RootSpec(RootKind Kind, string Lower, bool IsReadOnly, long Size, int Files, IReadOnlyList<RootMount> Mounts)
{
    /// <summary>No tree at all: the test sees what the zygote sees. For measurements.</summary>
    public const RootKind None = (RootKind)255;

    /// <summary>What the image that it was made from says about running it.</summary>
    public ImageConfiguration? Image { get; init; }

    /// <summary>Whether it is the machine's own tree, with whatever is put into it.</summary>
    public bool IsOfTheMachine => Kind is RootKind.CopyOnWrite or RootKind.ReadOnly or None;

    /// <summary>What the tests' own diagnostics call a kind.</summary>
    public static string NameOf(RootKind kind) => kind switch
    {
        RootKind.CopyOnWrite => "copy-on-write",
        RootKind.ReadOnly => "read-only",
        _ => kind.ToString().ToLowerInvariant(),
    };
}

/// <summary>The trees of a sandbox that are not the usual one. Null in a <see cref="SandboxSpec"/>: all are.</summary>
/// <param name="Sandbox">That of the test, and of hosts without one of their own; null: the usual one.</param>
/// <param name="Hosts">Those of hosts, by index.</param>
internal sealed record RootSpecs(RootSpec? Sandbox, IReadOnlyList<(int Host, RootSpec Root)> Hosts)
{
    public RootSpec? Of(int host) => Hosts.FirstOrDefault(h => h.Host == host).Root;
}
