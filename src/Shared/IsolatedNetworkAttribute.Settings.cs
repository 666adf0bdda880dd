// Compiled into every adapter: an attribute has to derive from its framework's base class, so the settings that all of them
// share cannot come from one of ours.
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

#if NSFIXTURE_XUNIT
namespace NsFixture.Xunit;
#elif NSFIXTURE_NUNIT
namespace NsFixture.NUnit;
#elif NSFIXTURE_MSTEST
namespace NsFixture.MSTest;
#endif

public partial class IsolatedNetworkAttribute
{
    private int? deadline, processes, openFiles;
    private double? cpu;

    /// <summary>
    /// Further hosts on the test's network, by name; their addresses follow its own: <c>10.0.0.3</c>, <c>10.0.0.4</c>, … For more
    /// than one network there is <c>[IsolatedNetwork&lt;MyTopology&gt;]</c>.
    /// </summary>
    [SuppressMessage("Performance", "CA1819", Justification = "Attributes take arrays only.")]
    public string[] Hosts { get; set; } = [];

    /// <summary>The name of the host the test runs on. Default: <c>test</c>.</summary>
    public string HostName { get; set; } = "test";

    /// <summary>The IPv4 network in CIDR notation. Default: <c>10.0.0.0/24</c>.</summary>
    public string Subnet { get; set; } = "10.0.0.0/24";

    /// <summary>The IPv6 network in CIDR notation. Default: <c>fd00::/64</c>.</summary>
    public string Subnet6 { get; set; } = "fd00::/64";

    /// <summary>The host's IPv4 address. Default: the second of <see cref="Subnet"/>.</summary>
    public string? Address { get; set; }

    /// <summary>The host's IPv6 address. Default: the second of <see cref="Subnet6"/>.</summary>
    public string? Address6 { get; set; }

    /// <summary>
    /// Existing files and directories that writes inside reach, absolute or relative to the test assembly's directory, which is
    /// always written through. Everything else that is written is gone afterwards.
    /// </summary>
    [SuppressMessage("Performance", "CA1819", Justification = "Attributes take arrays only.")]
    public string[] WriteThrough { get; set; } = [];

    /// <summary>
    /// What the test sees as <c>/</c>. <see cref="RootKind.Directory"/>, <see cref="RootKind.Tarball"/> and <see cref="RootKind.Image"/> take a
    /// <see cref="RootPath"/>, <see cref="RootKind.Minimal"/> takes <see cref="RootPrograms"/>. Default: the machine's tree, copy-on-write.
    /// </summary>
    public RootKind Root { get; set; } = RootKind.CopyOnWrite;

    /// <summary>The directory or archive that the root tree is made from, absolute or relative to the test assembly's directory.</summary>
    public string? RootPath { get; set; }

    /// <summary>The programs in a minimal root tree, by path or name.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "Attributes take arrays only.")]
    public string[] RootPrograms { get; set; } = [];

    /// <summary>A class derived from <see cref="NsFixture.RootTree"/>, with a constructor without parameters, where a kind and a path do not say all.</summary>
    public Type? RootTree { get; set; }

    /// <summary>
    /// Whether the test and all programs on hosts run without privileges: no capabilities, mounts that cannot be changed, no further
    /// user namespaces, and a filter of system calls. For code that one does not trust.
    /// </summary>
    public bool Hardened { get; set; }

    /// <summary>
    /// Whether the sandbox reaches the machine's network, by a router of the name <c>egress</c>: TCP and UDP, as if the test host had sent it, and the names
    /// that the machine knows. The machine's own loopback addresses are not reached.
    /// </summary>
    public bool Egress { get; set; }

    /// <summary>
    /// How long the machine has been up when the test starts, as the clocks that count since then say: <see cref="Environment.TickCount64"/>, <c>Stopwatch</c>, /proc/uptime. Days, hours, minutes and seconds:
    /// <c>"400.00:00:00"</c>. Default: as long as it has. The time of day is the machine's.
    /// </summary>
    public string? Uptime { get; set; }

    /// <summary>The domain name of uname(2) and domainname(1), which NIS has, and DNS has not. Default: the machine's.</summary>
    public string? DomainName { get; set; }

    /// <summary>How much System V IPC and POSIX message queues may take, <c>name=number</c> each: <c>kernel.shmmax=1048576</c>, <c>fs.mqueue.msg_max=100</c>. Default: what the kernel begins with.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "Attributes take arrays only.")]
    public string[] IpcLimits { get; set; } = [];

    /// <summary>The memory that the test's process and all programs on hosts may take, together: <c>"256M"</c>. From 32M. Default: no limit.</summary>
    public string? Memory { get; set; }

    /// <summary>The processor time a time that they may take, together: 0.3 is 30 % of one processor, 2 is two. From 0.01. Default: no limit.</summary>
    public double Cpu
    {
        get => cpu ?? 0;
        set => cpu = value;
    }

    /// <summary>How many processes and threads of theirs there may be at a time; further forks fail. The test's runtime has some threads. From 16. Default: no limit.</summary>
    public int Processes
    {
        get => processes ?? 0;
        set => processes = value;
    }

    /// <summary>How many bytes a second they may read from, and write to, each disk: <c>"10M"</c>. Default: no limit.</summary>
    public string? IoRate { get; set; }

    /// <summary>How many files each process may have open, besides those that the test's runtime has when it starts. Default: the limit of the test host.</summary>
    public int OpenFiles
    {
        get => openFiles ?? 0;
        set => openFiles = value;
    }

    /// <summary>
    /// Milliseconds after which the test is ended, whatever it is doing, and fails. Default: NSFIXTURE_DEADLINE, or five minutes.
    /// </summary>
    public int Deadline
    {
        get => deadline ?? (int)SandboxOptions.DefaultDeadline.TotalMilliseconds;
        set => deadline = value;
    }

    /// <summary>
    /// Whether the sandbox stays when the test has ended, to be entered by the line that the test's output has, <c>nsfixture enter ID</c>: for NSFIXTURE_KEEP_FOR minutes, 30 unless it is set, or until
    /// <c>nsfixture clean ID</c>. Default: it goes with the test.
    /// </summary>
    public Keep Keep { get; set; }

    /// <summary>How the test's process is started. Default: a fork of a warm runtime, where that works.</summary>
    public LauncherKind Launcher { get; set; } = LauncherKind.Auto;

#if NSFIXTURE_XUNIT // NUnit runs tests at once as [Parallelizable] says, and each in a sandbox of its own
    /// <summary>How many tests share a sandbox. Default: each has its own. On a method, <see cref="IsolationScope.PerTest"/> always.</summary>
    public IsolationScope Scope { get; set; } = IsolationScope.PerTest;

    /// <summary>
    /// How many isolated tests of a class may run at once. Default: 1, one after another, as plain ones do. They share nothing,
    /// so more is safe unless they meet in a written-through path.
    /// </summary>
    public int MaxParallel { get; set; } = 1;
#else
    private const IsolationScope Scope = IsolationScope.PerTest;
    private const int MaxParallel = 1;
#endif

    private protected virtual Func<Topology>? MakeTopology => null;

    private bool RootDeclared => RootTree != null || Root != RootKind.CopyOnWrite || RootPath != null || RootPrograms.Length > 0;

    private RootTree? MakeRoot() => RootSettings.Make(Root, RootPath, RootPrograms, RootTree);

    /// <summary>The settings of the attribute nearest to a test: its method's, its class's, its assembly's; null for a plain test.</summary>
    internal static IsolationSettings? SettingsOf(MethodInfo method, Type type)
    {
        if (First(method.GetCustomAttributes(typeof(IsolatedNetworkAttribute), inherit: true)) is { } own)
            return own.ToSettings() is { Scope: IsolationScope.PerClass } shared ? shared with { Scope = IsolationScope.PerTest } : own.ToSettings();
        return (First(type.GetCustomAttributes(typeof(IsolatedNetworkAttribute), inherit: true)) ??
            First(type.Assembly.GetCustomAttributes(typeof(IsolatedNetworkAttribute), inherit: true)))?.ToSettings();

        static IsolatedNetworkAttribute? First(object[] attributes) => attributes is [IsolatedNetworkAttribute first, ..] ? first : null;
    }

    internal IsolationSettings ToSettings()
    {
        string? problem = null;
        TimeSpan limit = deadline is { } own ? TimeSpan.FromMilliseconds(own) : EnvironmentSettings.Deadline(out problem);
        return new IsolationSettings(
            new SandboxOptions
            {
                HostName = HostName,
                Subnet = Subnet,
                Subnet6 = Subnet6,
                Address = Address,
                Address6 = Address6,
                Hosts = Hosts,
                MakeTopology = MakeTopology,
                WriteThrough = WriteThrough,
                MakeRoot = RootDeclared ? MakeRoot : null,
                Hardened = Hardened,
                Egress = Egress,
                UptimeText = Uptime,
                DomainName = DomainName,
                IpcLimits = IpcLimits,
                Limits = cpu == null && processes == null && openFiles == null ? null : new Limits { Cpu = cpu, Processes = processes, OpenFiles = openFiles },
                MemoryText = Memory,
                IoRateText = IoRate,
                Keep = Keep,
                Deadline = limit,
                Launcher = Launcher,
            },
            Scope, MaxParallel, problem);
    }
}

/// <summary>As <see cref="IsolatedNetworkAttribute"/>, on a network that <typeparamref name="TTopology"/> declares.</summary>
/// <typeparam name="TTopology">Derives from <see cref="Topology"/>.</typeparam>
/// <example>
/// <code>
/// public sealed class TwoOffices() : Topology(new Topology()
///     .WithNetwork("berlin").WithNetwork("madrid")
///     .WithRouter("backbone").WithHost("db", h => h.On("madrid")));
/// </code>
/// </example>
public sealed class IsolatedNetworkAttribute<TTopology> : IsolatedNetworkAttribute
    where TTopology : Topology, new()
{
    private protected override Func<Topology> MakeTopology => static () => new TTopology();
}
