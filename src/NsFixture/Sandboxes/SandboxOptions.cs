using System.Net.Sockets;
using NsFixture.Limiting;
using NsFixture.Networking;
using NsFixture.Roots;
using NsFixture.Sandboxes;

namespace NsFixture;

/// <summary>What a sandbox is like. The defaults are what <c>[IsolatedNetwork]</c> without settings gives.</summary>
public sealed record SandboxOptions
{
    /// <summary>The most time a test may take unless its attribute or NSFIXTURE_DEADLINE says otherwise: 5 minutes.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromMinutes(5);

    private const string EgressRouter = "egress";

    /// <summary>
    /// Further hosts on the same network, by name; their addresses follow the test's: <c>10.0.0.3</c>, <c>10.0.0.4</c>, …
    /// </summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Networks, hosts and routers, where one network is not enough. Then it says all there is to say about them.</summary>
    public Topology? Topology { get; init; }

    /// <summary>The name of the host the test runs on, by hostname(7)'s rules. Default: <c>test</c>.</summary>
    public string HostName { get; init; } = "test";

    /// <summary>The IPv4 network in CIDR notation. Default: <c>10.0.0.0/24</c>.</summary>
    public string Subnet { get; init; } = "10.0.0.0/24";

    /// <summary>The IPv6 network in CIDR notation. Default: <c>fd00::/64</c>.</summary>
    public string Subnet6 { get; init; } = "fd00::/64";

    /// <summary>The host's IPv4 address. Default: the second of <see cref="Subnet"/>, <c>10.0.0.2</c>.</summary>
    public string? Address { get; init; }

    /// <summary>The host's IPv6 address. Default: the second of <see cref="Subnet6"/>, <c>fd00::2</c>.</summary>
    public string? Address6 { get; init; }

    /// <summary>
    /// Absolute paths, or ones relative to the test assembly's directory, of existing files and directories that writes inside
    /// the sandbox reach; everything else that is written is gone afterwards. The test assembly's directory is always among them.
    /// </summary>
    public IReadOnlyList<string> WriteThrough { get; init; } = [];

    /// <summary>What the test, and hosts without one of their own, see as <c>/</c>. Default: the machine's tree, copy-on-write.</summary>
    public RootTree? Root { get; init; }

    /// <summary>
    /// Whether the test and all programs on hosts run without privileges: no capabilities, mounts that cannot be changed, no further
    /// user namespaces, and a filter of system calls. For code that one does not trust.
    /// </summary>
    public bool Hardened { get; init; }

    /// <summary>
    /// Whether the sandbox reaches the machine's network, by a router of the name <c>egress</c>: TCP and UDP, as if the test host had sent it, and the names
    /// that the machine knows. The machine's own loopback addresses are not reached. Default: no.
    /// </summary>
    public bool Egress { get; init; }

    /// <summary>
    /// How long the machine has been up when the sandbox is made, as the clocks that count since then say: <see cref="Environment.TickCount64"/>, <c>Stopwatch</c>, /proc/uptime. From 1 second to 100 years.
    /// Default: as long as it has. The time of day is the machine's.
    /// </summary>
    public TimeSpan? Uptime { get; init; }

    /// <summary>The domain name of uname(2) and domainname(1), which NIS has, and DNS has not. Default: the machine's.</summary>
    public string? DomainName { get; init; }

    /// <summary>
    /// How much System V IPC and POSIX message queues may take, <c>name=number</c> each: <c>kernel.shmmax=1048576</c>, <c>fs.mqueue.msg_max=100</c> (sysctl(8)). Default: what the kernel
    /// begins with.
    /// </summary>
    public IReadOnlyList<string> IpcLimits { get; init; } = [];

    /// <summary>
    /// How much of the machine the test's process and all programs on hosts may take, together. By a control group of version 2 or 1; where the user may not make one, by rlimits as far as they go: the test's diagnostics say
    /// which. A limit that nothing here can enforce fails the test. From 32 MiB of memory, 16 processes and threads. Default: none.
    /// </summary>
    public Limits? Limits { get; init; }

    /// <summary>
    /// Whether the sandbox stays when the test has ended, with the programs that still run on its hosts: for NSFIXTURE_KEEP_FOR minutes, 30 unless it is set, or until <c>nsfixture clean ID</c>. The test's output has the line
    /// that enters it, <c>nsfixture enter ID</c>. What the test's own process served has ended with it.
    /// </summary>
    public Keep Keep { get; init; }

    /// <summary>After this time the test is ended, whatever it is doing, and fails.</summary>
    public TimeSpan Deadline { get; init; } = DefaultDeadline;

    /// <summary>How the test's process is started.</summary>
    public LauncherKind Launcher { get; init; } = LauncherKind.Auto;

    /// <summary><see cref="Limits.Memory"/>, as an attribute can say it.</summary>
    internal string? MemoryText { get; init; }

    /// <summary><see cref="Limits.IoRate"/>, as an attribute can say it.</summary>
    internal string? IoRateText { get; init; }

    /// <summary><see cref="Uptime"/>, as an attribute can say it.</summary>
    internal string? UptimeText { get; init; }

    /// <summary>Makes <see cref="Root"/>: a user's code, which may throw, and is called when settings are checked.</summary>
    internal Func<RootTree?>? MakeRoot { get; init; }

    /// <summary>Makes <see cref="Topology"/>: a user's code, which may throw, and is called when settings are checked.</summary>
    internal Func<Topology>? MakeTopology { get; init; }

    /// <summary>Checks every setting, and works out what follows from them.</summary>
    /// <param name="baseDirectory">What relative paths are relative to; written through.</param>
    /// <exception cref="InvalidSandboxOptionsException">A setting is impossible; all that are wrong are named.</exception>
    internal SandboxSpec Resolve(string baseDirectory)
    {
        var problems = new List<string>();
        if (!DnsName.IsLabel(HostName))
            problems.Add($"HostName = \"{HostName}\" is not a host name: {DnsName.LabelRule}.");
        _ = NetworkAddress.On(Subnet, Address, AddressFamily.InterNetwork, nameof(Subnet), out string? problem4);
        if (problem4 != null)
            problems.Add(problem4);
        _ = NetworkAddress.On(Subnet6, Address6, AddressFamily.InterNetworkV6, nameof(Subnet6), out string? problem6);
        if (problem6 != null)
            problems.Add(problem6);
        if (Deadline <= TimeSpan.Zero || Deadline.TotalMilliseconds > int.MaxValue)
            problems.Add($"Deadline = {Deadline.TotalMilliseconds:0} is not a number of milliseconds from 1 to {int.MaxValue}.");
        if (!Enum.IsDefined(Launcher))
            problems.Add($"Launcher = {(int)Launcher} is unknown: use {string.Join(", ", Enum.GetNames<LauncherKind>())}.");
        if (!Enum.IsDefined(Keep))
            problems.Add($"Keep = {(int)Keep} is unknown: use {string.Join(", ", Enum.GetNames<Keep>())}.");
        if (Keep != Keep.Never && EnvironmentSettings.KeepFor(out string? keepProblem) is var _ && keepProblem != null)
            problems.Add(keepProblem);
        var writeThrough = new List<string> { Path.TrimEndingDirectorySeparator(Path.GetFullPath(baseDirectory)) };
        foreach (string path in WriteThrough)
        {
            string full = path.Length == 0 ? path : Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, baseDirectory));
            if (!Path.Exists(full))
                problems.Add($"WriteThrough: the path \"{path}\"{(full == path ? "" : $" ({full})")} does not exist: create it before the test run, or leave it out.");
            else if (full == "/")
                problems.Add("WriteThrough: the path \"/\" would write through everything: name the directories the test shares with the machine.");
            else
                writeThrough.Add(full);
        }
        KernelSpec? kernel = KernelSpec.From(this, problems);
        Limits? limits = Limits == null && MemoryText == null && IoRateText == null ? null : LimitSpec.OfSandbox(this, problems);
        bool hasTopology = Topology != null || MakeTopology != null;
        if (hasTopology && (this with { Topology = null, MakeTopology = null, Root = null, MakeRoot = null, Uptime = null, UptimeText = null, DomainName = null, IpcLimits = [], Limits = null, MemoryText = null, IoRateText = null, Keep = Keep.Never, Hardened = false, WriteThrough = [], Deadline = DefaultDeadline, Launcher = LauncherKind.Auto }) != new SandboxOptions())
            problems.Add("Topology says all about networks and hosts: leave HostName, Subnet, Subnet6, Address, Address6 and Hosts out beside it, and Egress, which is a router's: WithRouter(…, r => r.WithEgress()).");
        NetworkPlan? plan = null;
        DeclaredRoots? roots = null;
        LimitSpec? allLimits = null;
        RootTree? root = Root ?? MakeTree(problems);
        if (problems.Count == 0)
        {
            try
            {
                Topology topology = Topology ?? MakeTopology?.Invoke() ?? OneNetwork();
                plan = topology.Plan();
                roots = topology.Roots(baseDirectory, root);
                problems.AddRange(roots?.Problems ?? []);
                allLimits = LimitSpec.From(limits, topology.Limits, plan, problems);
            }
            catch (InvalidTopologyException e)
            {
                problems.AddRange(e.Problems);
            }
            catch (Exception e) when (hasTopology)
            {
                problems.Add($"The topology could not be made: {Cause(e)}");
            }
        }
        return problems.Count == 0 ? new SandboxSpec(plan!, writeThrough) { Hardened = Hardened, Kernel = kernel, Limits = allLimits, Keep = Keep, DeclaredRoots = roots } : throw new InvalidSandboxOptionsException(problems);
    }

    private RootTree? MakeTree(List<string> problems)
    {
        try
        {
            return MakeRoot?.Invoke();
        }
        catch (InvalidSandboxOptionsException e)
        {
            problems.AddRange(e.Problems);
        }
        catch (Exception e)
        {
            problems.Add($"The root tree could not be made: {Cause(e)}");
        }
        return null;
    }

    // What a constructor throws comes wrapped: by what made the object, and by the type's initialiser.
    private static string Cause(Exception e)
    {
        while (e is System.Reflection.TargetInvocationException or TypeInitializationException && e.InnerException != null)
            e = e.InnerException;
        return $"{e.GetType().Name}: {e.Message}";
    }

    private Topology OneNetwork() => Egress ? WithoutEgress().WithRouter(EgressRouter, r => r.On("lan").WithEgress()) : WithoutEgress();

    private Topology WithoutEgress() => new Topology().WithTestHost(HostName)
        .WithNetwork("lan", n => n.WithSubnet(Subnet).WithSubnet6(Subnet6))
        .WithHost(HostName, h => h.On("lan", i => Address == null ? Chosen6(i) : Chosen6(i.WithAddress(Address))))
        .WithHosts([.. Hosts]);

    private InterfaceDeclaration Chosen6(InterfaceDeclaration link) => Address6 == null ? link : link.WithAddress(Address6);
}
