namespace NsFixture.Launching;

/// <summary>
/// What goes over the control sockets, one datagram each, the first byte its kind. Client and zygote talk about sandboxes;
/// client and init about what runs in one. Sockets and processes are passed as descriptors.
/// </summary>
internal enum ControlKind : byte
{
    /// <summary>Zygote → client: <see cref="Wire.Version"/>; it has passed its own set-up and takes requests.</summary>
    ServerReady = 1,

    /// <summary>Fork server or zygote → client: it cannot serve; why.</summary>
    ServerFailed,

    /// <summary>
    /// Client → zygote: id, spec; descriptors: init's end of its control socket; for a sandbox that a test is to be forked in, that one's
    /// result socket, stdout, stderr as well.
    /// </summary>
    CreateSandbox,

    /// <summary>Zygote → client: id; descriptor: init's pidfd.</summary>
    SandboxCreated,

    /// <summary>Zygote → client: id, why there is no sandbox.</summary>
    SandboxRefused,

    /// <summary>Zygote → client: id, wait status; the sandbox is gone, and every process in it.</summary>
    SandboxReaped,

    /// <summary>Client → zygote: id, the path of a tree in the cache, and of a file by <see cref="Roots.Archives.TreeOwners"/>, whose owners it gets; empty: it is removed.</summary>
    TendTree,

    /// <summary>
    /// Init → client: host; descriptor: a channel. Client → zygote: id, host, the same channel. The zygote answers there: whether by version 2, why not at all, or null; descriptors: a lease, and those of a
    /// <see cref="Limiting.Freezer"/>.
    /// </summary>
    MakeFreezer,

    /// <summary>A child of the zygote → client: id, how many files have owners that do not exist, or what went wrong, or null. Its end is told as a sandbox's is.</summary>
    TreeTended,

    /// <summary>Zygote → client: it has more of something than it should; what.</summary>
    ServerUnwell,

    /// <summary>Init → client: everything is built; notes.</summary>
    InitReady,

    /// <summary>Init → client: the sandbox could not be built; why.</summary>
    InitFailed,

    /// <summary>Init → client; descriptor: a channel for <see cref="Networking.MachineSockets"/>, which the client serves from now on.</summary>
    ServeSockets,

    /// <summary>Client → init: argv and envp; descriptors: result socket, stdout, stderr.</summary>
    RunTest,

    /// <summary>Client → init; descriptor: init's end of one more control socket, for <see cref="Ask"/> alone.</summary>
    Connect,

    /// <summary>The test's process → init: its last report but one; say what it leaves. Whether there are mounts to compare with, and those.</summary>
    Look,

    /// <summary>Client → init: the test has reported everything; end in order.</summary>
    Finish,

    /// <summary>Client → init: the test's process is to end, and nothing else.</summary>
    EndTest,

    /// <summary>Client → init: for how many seconds; the sandbox is to stay, whatever becomes of all processes outside.</summary>
    Keep,

    /// <summary>Init → client: it stays.</summary>
    Kept,

    /// <summary>Init → client: what limit the test has come up against, once each; how, the limit's numbers.</summary>
    LimitHit,

    /// <summary>Init → client: an <see cref="EndReport"/>, in parts: what the test has left, and the steps of the end.</summary>
    Ending,

    /// <summary>Anyone → init: a <see cref="HostRequest"/>, host, arguments. Answered in order.</summary>
    Ask,

    /// <summary>A test that has built its sandbox itself → zygote; descriptors: the host's network namespace, and what is written to the root tree.</summary>
    Built,

    /// <summary>Init → who asked: what went wrong, or null; a number; bytes; descriptor: what was asked for, if that is one.</summary>
    Answer,

    /// <summary>Init → client: wait status of the test's process. The number is that which <see cref="Linux.FirstProcess"/> sends.</summary>
    TestEnded = 100,
}

/// <summary>What init can be asked to do with a host of its sandbox.</summary>
internal enum HostRequest : byte
{
    /// <summary>Domain, type, protocol: a socket of the host's network.</summary>
    Socket = 1,

    /// <summary>The host's network namespace; host -1: the switch's.</summary>
    Namespace,

    /// <summary>
    /// A <see cref="ProgramStart"/>; descriptors: standard input, output, error, and a pipe for the wait status. Answers its id, and a
    /// process descriptor.
    /// </summary>
    Spawn,

    /// <summary>Link, up or down: plugs it in or out at the switch.</summary>
    SetLink,

    /// <summary>Stops the host's programs.</summary>
    Pause,

    /// <summary>Stops the host's programs, in a way that they cannot notice. Answers 1: by a control group, or 0: as <see cref="Pause"/> does.</summary>
    Freeze,

    /// <summary>Host, or -1 for the sandbox: answers a <see cref="ResourceUsage"/>, or none where nothing is counted.</summary>
    Usage,

    /// <summary>Continues the host's programs.</summary>
    Resume,

    /// <summary>Switches the host off.</summary>
    Kill,

    /// <summary>Switches the host off and on.</summary>
    Reboot,

    /// <summary>A <see cref="Networking.PlanChange"/> on the host's account; host -1: on nobody's.</summary>
    Change,

    /// <summary>A control socket of the name server's, which is started if there is none; for <see cref="DnsRequest"/>.</summary>
    Dns,

    /// <summary>The directory in which all lies that was written to the host's root tree.</summary>
    Layers,

    /// <summary>A <see cref="Networking.PlannedNat"/>, or none: takes the place of the router's NAT, which forgets its mappings.</summary>
    SetNat,

    /// <summary>A <see cref="Networking.PlannedFirewall"/>, or none: takes the place of the host's firewall.</summary>
    SetFirewall,

    /// <summary>The router's NAT forgets its mappings, and gives other ports.</summary>
    RebindNat,

    /// <summary>Link, conditions up and down.</summary>
    SetConditions,

    /// <summary>The host is a region here; another region, conditions.</summary>
    SetRegionConditions,

    /// <summary>Link: answers a <see cref="Networking.LinkStatus"/>.</summary>
    LinkStatus,

    /// <summary>Link, direction, first: answers how many packets were dropped, and where some of them were in the stream.</summary>
    LinkDrops,

    /// <summary>No host, but two lists of them, and whether both ways: cuts the ways from the one to the other.</summary>
    Partition,

    /// <summary>No host, but two lists of them: undoes all partitions between them; both empty: all there are.</summary>
    Heal,
}

/// <summary>The numbers both ends of every connection agree on.</summary>
internal static class Wire
{
    /// <summary>Raised with every change of a message. Both ends are of one build, so a mismatch means mixed-up files.</summary>
    public const int Version = 4;

    /// <summary>The descriptor that a started process finds its socket at.</summary>
    public const int SocketDescriptor = 3;

    /// <summary>The descriptor that an executed test finds its control socket at.</summary>
    public const int ControlDescriptor = 4;
}

internal static class SpecCodec
{
    public static ByteWriter Spec(this ByteWriter writer, SandboxSpec spec) => writer
        .Plan(spec.Plan).Strings([.. spec.WriteThrough]).Boolean(spec.Hardened).Roots(spec.Roots).Kernel(spec.Kernel).LimitSpec(spec.Limits).Byte((byte)spec.Keep);

    public static SandboxSpec Spec(this ref ByteReader reader) => new(reader.Plan(), reader.Strings()!) { Hardened = reader.Boolean(), Roots = reader.Roots(), Kernel = reader.Kernel(), Limits = reader.LimitSpec(), Keep = (Keep)reader.Byte() };

    /// <summary>Equal for specs whose sandboxes are alike.</summary>
    public static string Key(this SandboxSpec spec) => Convert.ToBase64String(new ByteWriter().Spec(spec).Written);
}
