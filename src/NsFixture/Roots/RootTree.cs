using NsFixture.Roots;

namespace NsFixture;

/// <summary>
/// What a sandbox, or one host of it, sees as <c>/</c>, declared. Immutable: each <c>WithX</c> gives a new one. Nothing is checked, read or
/// unpacked before it is used.
/// <para>
/// Whatever the kind, what is written goes to a private layer in memory that ends with the sandbox; <c>/proc</c>, <c>/sys</c> and
/// <c>/dev</c> are its own, and so are <c>/etc/hosts</c>, <c>/etc/hostname</c> and <c>/etc/resolv.conf</c>. Where a test is to run in it, the .NET
/// runtime (read-only) and the test assembly's directory (written through) are shown as well.
/// </para>
/// </summary>
/// <example>
/// <code>
/// public sealed class Shell() : RootTree(Of("sh", "cat", "ls").WithFile("/etc/motd", "minimal"));
///
/// public sealed class Lab() : Topology(Of("web", "db")
///     .WithHost("alpine", h => h.WithRoot(RootTree.FromImage("images/alpine.tar"))));
/// </code>
/// </example>
public class RootTree
{
    private readonly RootDeclaration declared;

    /// <summary>The same tree, for a class of its own, which an attribute can name.</summary>
    /// <param name="tree">What the class stands for.</param>
    protected RootTree(RootTree tree) => declared = tree.declared;

    private RootTree(RootDeclaration declared) => this.declared = declared;

    /// <summary>The machine's tree; every write goes to a private layer.</summary>
    public static RootTree CopyOnWrite { get; } = new(new RootDeclaration(RootKind.CopyOnWrite));

    /// <summary>The machine's tree, read-only but for private <c>/tmp</c>, <c>/run</c> and <c>/dev/shm</c>.</summary>
    public static RootTree ReadOnly { get; } = new(new RootDeclaration(RootKind.ReadOnly));

    /// <summary>None: the machine's own, without a layer. For measuring what a tree costs; nothing else may have it.</summary>
    internal static RootTree None { get; } = new(new RootDeclaration(RootSpec.None));

    /// <summary>Its kind.</summary>
    public RootKind Kind => declared.Kind;

    internal RootDeclaration Declared => declared;

    /// <summary>
    /// Programs of the machine, each with its loader and all libraries that this will map (what ldd(1) lists), the interpreters of
    /// scripts included; and an <c>/etc</c> with <c>passwd</c>, <c>group</c> and <c>nsswitch.conf</c>. What programs open by themselves, such as plug-ins, is not
    /// seen: add it by <see cref="WithBind"/>.
    /// </summary>
    /// <param name="programs">Paths, or names to be found in the usual directories.</param>
    public static RootTree Of(params string[] programs) => new(new RootDeclaration(RootKind.Minimal) { Programs = [.. programs] });

    /// <summary>A directory of the machine. It is not written to; it should not change while tests use it.</summary>
    /// <param name="path">Absolute, or relative to the test assembly's directory.</param>
    public static RootTree FromDirectory(string path) => new(new RootDeclaration(RootKind.Directory) { Path = path });

    /// <summary>A tar archive, plain or compressed with gzip or zstd. It is unpacked once, into a cache that all runs share.</summary>
    /// <param name="path">Absolute, or relative to the test assembly's directory.</param>
    public static RootTree FromTarball(string path) => new(new RootDeclaration(RootKind.Tarball) { Path = path });

    /// <summary>
    /// An image in a file: of <c>docker save</c>, or of <c>podman save</c> in either format. It is unpacked once, into a cache that all runs
    /// share; no container engine is needed. <see cref="VirtualHost.ImageCommand"/> is what it says is to be run.
    /// </summary>
    /// <param name="path">Absolute, or relative to the test assembly's directory.</param>
    /// <param name="reference">Which image, where the file has several: <c>name:tag</c>.</param>
    public static RootTree FromImage(string path, string? reference = null) => new(new RootDeclaration(RootKind.Image) { Path = path, Reference = reference });

    /// <summary>Shows a file or a directory of the machine in the tree. Written to, if that is allowed, is the machine's own.</summary>
    /// <param name="path">On the machine; absolute, or relative to the test assembly's directory.</param>
    /// <param name="inside">Where it is seen, absolute. Default: at the same path.</param>
    /// <param name="readOnly">Whether it may not be written to.</param>
    public RootTree WithBind(string path, string? inside = null, bool readOnly = true) => With(new RootMountDeclaration(RootMountKind.Bind, inside ?? path) { Source = path, ReadOnly = readOnly });

    /// <summary>Puts an empty directory in memory into the tree.</summary>
    /// <param name="path">Where; absolute.</param>
    /// <param name="size">The most bytes it takes: more, and writing fails with ENOSPC. 0: half of the machine's memory.</param>
    public RootTree WithTmpfs(string path, long size = 0) => With(new RootMountDeclaration(RootMountKind.Tmpfs, path) { Size = size });

    /// <summary>Puts a file into the tree.</summary>
    /// <param name="path">Where; absolute. What is there already is replaced.</param>
    /// <param name="content">Its content, in UTF-8.</param>
    /// <param name="mode">Its permissions.</param>
    public RootTree WithFile(string path, string content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead) =>
        With(new RootMountDeclaration(RootMountKind.File, path) { Source = content, Mode = (uint)mode });

    /// <summary>Shows data of the machine in the tree: certificates, time zones, locales.</summary>
    /// <param name="data">Which.</param>
    public RootTree WithData(RootData data) => new(declared with { Data = declared.Data | data });

    /// <summary>
    /// Puts a prepared directory into the tree. It is prepared once a run, on the first use; each sandbox then has a private layer
    /// above it. It is kept in memory and ends with the run.
    /// </summary>
    /// <param name="path">Where; absolute.</param>
    /// <param name="name">Its name: templates of one name are one template, and are prepared once.</param>
    /// <param name="prepare">
    /// Fills the directory, by programs on the host it is given, which has this tree, with an empty directory at <paramref name="path"/>. It
    /// runs in the test host.
    /// </param>
    /// <param name="user">Whose directory it is when it is prepared, as <see cref="HostCommand.AsUser"/> takes it; null: uid 0's.</param>
    /// <example>
    /// <code>
    /// var root = RootTree.CopyOnWrite.WithTemplate("/var/lib/notes", "notes", async host =>
    ///     await host.Command("sh").WithArguments("-c", "seq 1000000 > /var/lib/notes/numbers").RunAsync());
    /// </code>
    /// </example>
    public RootTree WithTemplate(string path, string name, Func<VirtualHost, Task> prepare, string? user = null) =>
        With(new RootMountDeclaration(RootMountKind.Template, path) { Source = name, Prepare = prepare, User = user });

    /// <summary>Limits what can be written: more, and writing fails with ENOSPC, in this sandbox alone.</summary>
    /// <param name="size">The most bytes of memory that all that is written takes; 0: half of the machine's.</param>
    /// <param name="files">The most files and directories; 0: as many as the size allows.</param>
    public RootTree WithLimits(long size, int files = 0) => new(declared with { Size = size, Files = files });

    /// <summary>The tree can be read only, but for <c>/tmp</c>, <c>/run</c>, <c>/dev/shm</c>, and what is mounted by other methods.</summary>
    public RootTree AsReadOnly() => new(declared with { IsReadOnly = true });

    private RootTree With(RootMountDeclaration mount) => new(declared with { Mounts = [.. declared.Mounts, mount] });
}
