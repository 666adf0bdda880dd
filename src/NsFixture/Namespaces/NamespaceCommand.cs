using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using NsFixture.Linux;
using NsFixture.Namespaces;

namespace NsFixture;

/// <summary>
/// A program to be run in namespaces: new ones, as unshare(1) makes them, and ones that are there, as nsenter(1) enters them. Immutable: every <c>With…</c> returns another one.
/// Nothing is started but the program itself. For x86-64.
/// </summary>
/// <example>
/// <code>
/// CommandResult result = await new NamespaceCommand("hostname").WithArguments("elsewhere")
///     .WithNew(NamespaceTypes.Uts).WithMappedRoot()
///     .RunAsync();
/// </code>
/// </example>
public sealed record NamespaceCommand
{
    // The files of programs, which have to be there until they are started.
    private static readonly ConditionalWeakTable<ProcessStartInfo, CommandProgram> Given = [];

    /// <param name="program">A path, or a name to be found in <c>PATH</c>, where the program will be: in the new root, if there is one.</param>
    public NamespaceCommand(string program)
    {
        ArgumentException.ThrowIfNullOrEmpty(program);
        Program = program;
    }

    /// <summary>The program.</summary>
    public string Program { get; }

    /// <summary>Its arguments, as they are: no shell takes them apart.</summary>
    public IReadOnlyList<string> Arguments { get; private init; } = [];

    /// <summary>The types of which it gets new ones, those included that another setting takes.</summary>
    public NamespaceTypes New { get; private init; }

    /// <summary>Those it enters.</summary>
    public IReadOnlyList<LinuxNamespace> Existing { get; private init; } = [];

    /// <summary>Whether it is a child of the process that is started, which waits for it and ends as it does.</summary>
    public bool Forks { get; private init; }

    /// <summary>Whether process 1 of its new pid namespace is another one.</summary>
    public bool HasInit { get; private init; }

    /// <summary>The signal it gets when that process ends; 0: none.</summary>
    public int KillSignal { get; private init; }

    /// <summary>Where a /proc is mounted for it; null: nowhere.</summary>
    public string? ProcDirectory { get; private init; }

    /// <summary>The uid that the calling user is in the new user namespace; null: none.</summary>
    public uint? MappedUser { get; private init; }

    /// <summary>The gid that the calling user's group is in the new user namespace; null: none.</summary>
    public uint? MappedGroup { get; private init; }

    /// <summary>Whether it keeps the capabilities that the new user namespace gives.</summary>
    public bool KeepsCapabilities { get; private init; }

    /// <summary>What a new mount namespace shares with the old one.</summary>
    public MountPropagation Propagation { get; private init; }

    /// <summary>The directory that is its root; null: the root as it is.</summary>
    public string? Root { get; private init; }

    /// <summary>Whether it has that root by pivot_root(2), and nothing of the old one.</summary>
    public bool PivotsRoot { get; private init; }

    /// <summary>Its working directory, as it sees it; null: the caller's, or the root where that is changed.</summary>
    public string? WorkingDirectory { get; private init; }

    /// <summary>The uid it takes on in the end; null: none.</summary>
    public uint? UserId { get; private init; }

    /// <summary>The gid it takes on in the end; null: none.</summary>
    public uint? GroupId { get; private init; }

    /// <summary>Added to CLOCK_MONOTONIC in a new time namespace; null: nothing.</summary>
    public TimeSpan? MonotonicOffset { get; private init; }

    /// <summary>Added to CLOCK_BOOTTIME in a new time namespace; null: nothing.</summary>
    public TimeSpan? BootTimeOffset { get; private init; }

    /// <summary>Whether the loopback interface of its new network namespace is up.</summary>
    public bool HasLoopback { get; private init; }

    /// <summary>How much of the machine it may take; null: no limit.</summary>
    public Limits? Limits { get; private init; }

    /// <summary>The files that new namespaces are mounted on.</summary>
    public IReadOnlyDictionary<NamespaceTypes, string> Persisted { get; private init; } = new Dictionary<NamespaceTypes, string>();

    /// <summary>With these arguments, instead of those it had.</summary>
    /// <param name="arguments">One each, unquoted.</param>
    public NamespaceCommand WithArguments(params string[] arguments) => this with { Arguments = [.. arguments] };

    /// <summary>In new namespaces, besides those it had (<c>unshare --mount --uts --ipc --net --pid --user --cgroup --time</c>). Who is to be process 1 of a new pid namespace takes <see cref="WithFork"/> too.</summary>
    /// <param name="types">Their types.</param>
    public NamespaceCommand WithNew(NamespaceTypes types) => this with { New = New | (types & NamespaceTypes.All) };

    /// <summary>
    /// In namespaces that are there (<c>nsenter</c>), instead of those it had. In a user namespace it is uid 0 and gid 0, unless <see cref="WithUserId"/> says otherwise; in a pid namespace it is a child of the process that
    /// is started.
    /// </summary>
    /// <param name="namespaces">One of each type at most. They have to be open until it is started.</param>
    public NamespaceCommand WithExisting(params LinuxNamespace[] namespaces) => this with { Existing = [.. namespaces], Forks = Forks || namespaces.Any(n => n.Type == NamespaceTypes.Pid) };

    /// <summary>As a child of the process that is started (<c>--fork</c>): process 1 of a new pid namespace.</summary>
    public NamespaceCommand WithFork() => this with { Forks = true };

    /// <summary>
    /// In a new pid namespace, whose process 1 is another one that waits for it: signals, such as Ctrl-C's, do to it what they do everywhere, while process 1 gets only those that it has asked for
    /// (pid_namespaces(7)).
    /// </summary>
    public NamespaceCommand WithInit() => this with { New = New | NamespaceTypes.Pid, Forks = true, HasInit = true };

    /// <summary>As a child that gets a signal when the process that is started ends, however that ends (<c>--kill-child</c>).</summary>
    /// <param name="signal">The signal's number. Default: SIGKILL.</param>
    public NamespaceCommand WithKillChild(int signal = SignalNumbers.SIGKILL) => this with { Forks = true, KillSignal = signal };

    /// <summary>With a /proc of its own, that of its pid namespace, in a new mount namespace (<c>--mount-proc</c>).</summary>
    /// <param name="directory">Where.</param>
    public NamespaceCommand WithMountedProc(string directory = "/proc") => this with { New = New | NamespaceTypes.Mount, ProcDirectory = directory };

    /// <summary>In a new user namespace, in which the calling user is another one (<c>--map-user</c>).</summary>
    /// <param name="uid">The id there.</param>
    public NamespaceCommand WithMappedUser(uint uid) => this with { New = New | NamespaceTypes.User, MappedUser = uid };

    /// <summary>In a new user namespace, in which the calling user's group is another one, and setgroups(2) is denied (<c>--map-group</c>).</summary>
    /// <param name="gid">The id there.</param>
    public NamespaceCommand WithMappedGroup(uint gid) => this with { New = New | NamespaceTypes.User, MappedGroup = gid };

    /// <summary>In a new user namespace, in which the calling user is uid 0 and gid 0 (<c>--map-root-user</c>).</summary>
    public NamespaceCommand WithMappedRoot() => WithMappedUser(0).WithMappedGroup(0);

    /// <summary>In a new user namespace, in which the calling user is called as outside (<c>--map-current-user</c>).</summary>
    public NamespaceCommand WithMappedCurrentUser() => WithMappedUser(Libc.GetEUid()).WithMappedGroup(Libc.GetEGid());

    /// <summary>With the capabilities that a new user namespace gives, though its uid is not 0 (<c>--keep-caps</c>).</summary>
    public NamespaceCommand WithKeptCapabilities() => this with { KeepsCapabilities = true };

    /// <summary>With mounts that are shared with the old mount namespace or not (<c>--propagation</c>). Default: private.</summary>
    /// <param name="propagation">How.</param>
    public NamespaceCommand WithPropagation(MountPropagation propagation) => this with { Propagation = propagation };

    /// <summary>With a directory as its root, by chroot(2) (<c>--root</c>).</summary>
    /// <param name="directory">The directory, as the mount namespace it will be in has it.</param>
    public NamespaceCommand WithRoot(string directory) => this with { Root = directory, PivotsRoot = false };

    /// <summary>
    /// With a directory as the root of a new mount namespace, by pivot_root(2), from which the old root is unmounted: unlike with <see cref="WithRoot"/>, there is no way back to it by mounts. What is mounted below the
    /// directory is there too.
    /// </summary>
    /// <param name="directory">The directory, by its path from the old root.</param>
    public NamespaceCommand WithPivotedRoot(string directory) => this with { New = New | NamespaceTypes.Mount, Root = directory, PivotsRoot = true };

    /// <summary>In a working directory (<c>--wd</c>).</summary>
    /// <param name="directory">The directory, as it sees it.</param>
    public NamespaceCommand WithWorkingDirectory(string directory) => this with { WorkingDirectory = directory };

    /// <summary>As a user (<c>--setuid</c>).</summary>
    /// <param name="uid">The id, which the user namespace it is in has to have.</param>
    public NamespaceCommand WithUserId(uint uid) => this with { UserId = uid };

    /// <summary>As a group, without any further ones (<c>--setgid</c>).</summary>
    /// <param name="gid">The id, which the user namespace it is in has to have.</param>
    public NamespaceCommand WithGroupId(uint gid) => this with { GroupId = gid };

    /// <summary>With clocks that say another time since boot (<c>--monotonic</c>, <c>--boottime</c>), in a new time namespace.</summary>
    /// <param name="monotonic">Added to CLOCK_MONOTONIC, in whole seconds; null: nothing.</param>
    /// <param name="bootTime">Added to CLOCK_BOOTTIME, by which /proc/uptime is counted, in whole seconds; null: nothing.</param>
    public NamespaceCommand WithClocks(TimeSpan? monotonic = null, TimeSpan? bootTime = null) => this with { New = New | NamespaceTypes.Time, MonotonicOffset = monotonic, BootTimeOffset = bootTime };

    /// <summary>In a new network namespace whose loopback interface is up: 127.0.0.1 and ::1 are there.</summary>
    public NamespaceCommand WithLoopback() => this with { New = New | NamespaceTypes.Network, HasLoopback = true };

    /// <summary>
    /// With limits for it and all that it starts: by a control group of its own, version 2 or 1. Where the caller may not make one, which an ordinary user may only in a group that was delegated to it, memory is limited for
    /// each process by itself (RLIMIT_AS), open files are as ever, and the others are refused. <see cref="NamespaceProcess.Usage"/> says what it takes.
    /// </summary>
    /// <param name="limits">The limits.</param>
    public NamespaceCommand WithLimits(Limits limits) => this with { Limits = limits };

    /// <summary>With a new namespace that is mounted on a file and outlives it (<c>--net=FILE</c> and the like), until <see cref="LinuxNamespace.Release"/>. Of a pid namespace, it takes <see cref="WithFork"/>.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="path">The file.</param>
    public NamespaceCommand WithPersisted(NamespaceTypes type, string path)
    {
        _ = NamespaceTypeNames.Name(type);
        return this with { New = New | type, Persisted = new Dictionary<NamespaceTypes, string>(Persisted) { [type] = path } };
    }

    /// <summary>Starts it, with its input and outputs redirected to the caller.</summary>
    /// <exception cref="NamespaceException">It could not be started in these namespaces; nothing is left.</exception>
    /// <exception cref="InvalidOperationException">The settings contradict each other.</exception>
    public NamespaceProcess Start()
    {
        Check();
        return NamespaceProcess.Start(this, Persisted.Count == 0 ? null : Persist);
    }

    /// <summary>Starts it with the caller's own input and outputs.</summary>
    internal NamespaceProcess StartAttached()
    {
        Check();
        return NamespaceProcess.Start(this, Persisted.Count == 0 ? null : Persist, redirects: false);
    }

    /// <summary>Runs it to its end.</summary>
    /// <param name="cancellation">Gives up, and ends it.</param>
    /// <returns>How it ended and what it printed. An exit code other than 0 is no exception.</returns>
    /// <exception cref="NamespaceException">It could not be started in these namespaces; nothing is left.</exception>
    /// <exception cref="InvalidOperationException">The settings contradict each other.</exception>
    public async Task<CommandResult> RunAsync(CancellationToken cancellation = default)
    {
        using NamespaceProcess started = Start();
        started.Process.StandardInput.Close();
        Task<string> output = started.Process.StandardOutput.ReadToEndAsync(CancellationToken.None), error = started.Process.StandardError.ReadToEndAsync(CancellationToken.None);
        await started.Process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        return new CommandResult(started.Process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
    }

    /// <summary>
    /// The same program for <see cref="Process"/>, or for any library that starts processes, to be started while the object that is returned is referenced. Where it cannot be started in these namespaces, it ends
    /// with code 127, and says why on standard error.
    /// </summary>
    /// <exception cref="InvalidOperationException">The settings contradict each other; or it persists namespaces, which takes <see cref="Start"/> or <see cref="RunAsync"/>.</exception>
    public ProcessStartInfo StartInfo()
    {
        CheckAlone();
        var program = new CommandProgram(this, pipes: null, asks: false);
        ProcessStartInfo info = program.StartInfo(redirects: false);
        Given.Add(info, program);
        return info;
    }

    /// <summary>
    /// Has the calling process become it, as a shell's <c>exec</c> does (execve(2)): same id, input, outputs, terminal and environment, and nothing of .NET is left. Where it cannot be started in these namespaces, it
    /// ends with code 127, and says why on standard error.
    /// </summary>
    /// <exception cref="NamespaceException">The calling process could not become anything: a security policy forbids to execute files in memory.</exception>
    /// <exception cref="InvalidOperationException">The settings contradict each other; or it persists namespaces, enters ones that are there, or has limits.</exception>
    [DoesNotReturn]
    public void Exec()
    {
        CheckAlone();
        if (Existing.Count > 0)
            throw new InvalidOperationException($"\"{this}\" cannot enter namespaces by itself: their descriptors are closed when the process becomes it. Use {nameof(Start)}, {nameof(RunAsync)} or {nameof(StartInfo)}.");
        throw new CommandProgram(this, pipes: null, asks: false).Exec();
    }

    /// <inheritdoc cref="Program"/>
    public override string ToString() => string.Join(' ', Arguments.Prepend(Program));

    /// <summary>Makes the namespaces alone, with a process that maps ids and ends once <paramref name="use"/> has seen them.</summary>
    internal void StartEmpty(Action<NamespaceProcess> use)
    {
        Check();
        NamespaceProcess.Start(this, use, becomes: false).Dispose();
    }

    // From outside: who is inside may lack the capability to mount where the file is.
    private void Persist(NamespaceProcess process)
    {
        var done = new List<string>();
        try
        {
            foreach (var (type, path) in Persisted)
            {
                // Without a child, it is only on its way into a new time namespace.
                string name = NamespaceTypeNames.Name(type) + (type == NamespaceTypes.Time && !Forks ? "_for_children" : "");
                using LinuxNamespace made = LinuxNamespace.Open($"/proc/{process.Id}/ns/{name}");
                made.Persist(path);
                done.Add(path);
            }
        }
        catch
        {
            foreach (string path in done)
                LinuxNamespace.Release(path);
            throw;
        }
    }

    private void CheckAlone()
    {
        Check();
        if (Persisted.Count > 0)
            throw new InvalidOperationException($"\"{this}\" cannot persist namespaces by itself, since somebody outside has to mount them: use {nameof(Start)} or {nameof(RunAsync)}.");
        if (Limits != null)
            throw new InvalidOperationException($"\"{this}\" cannot have limits by itself, since somebody has to take the control group away: use {nameof(Start)} or {nameof(RunAsync)}.");
    }

    private void Check()
    {
        if (!SystemCallProgram.IsSupported)
            throw new PlatformNotSupportedException($"\"{this}\" cannot be run in namespaces on this processor: the few instructions that enter them are there for x86-64 only. Use unshare(1) or nsenter(1), or a sandbox ({nameof(VirtualNetwork)}), here.");
        string? problem =
            Existing.FirstOrDefault(n => (n.Type & New) != 0) is { } both ? $"it is to be in {both}, and in a new {both.Type} namespace: choose one of them"
            : Existing.GroupBy(n => n.Type).FirstOrDefault(g => g.Count() > 1) is { } twice ? $"it is to be in {string.Join(" and in ", twice)}: choose one of them"
            : Limits?.Problem is { } limit ? limit
            : KillSignal is < 0 or > 64 ? $"signal {KillSignal} is none: give one from 1 to 64"
            : Persisted.ContainsKey(NamespaceTypes.Pid) && !Forks ? $"a pid namespace without a process cannot be persisted: add {nameof(WithFork)}"
            : PivotsRoot && !Path.IsPathFullyQualified(Root!) ? $"\"{Root}\" cannot be its root: give the directory's path from /"
            : PivotsRoot && Propagation != MountPropagation.Private ? $"its root cannot be pivoted where mounts are {Propagation}: leave {nameof(WithPropagation)} out, since the old root would be unmounted for others too"
            : MonotonicOffset is { } m && m.Ticks % TimeSpan.TicksPerSecond != 0 ? $"the monotonic clock cannot be set off by {m}: give whole seconds"
            : BootTimeOffset is { } b && b.Ticks % TimeSpan.TicksPerSecond != 0 ? $"the boot time cannot be set off by {b}: give whole seconds"
            : null;
        if (problem != null)
            throw new InvalidOperationException($"\"{this}\" cannot be run: {problem}.");
    }
}
