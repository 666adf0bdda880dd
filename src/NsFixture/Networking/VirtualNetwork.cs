using System.Diagnostics.CodeAnalysis;
using NsFixture.Launching;
using NsFixture.Networking;
using NsFixture.Roots;

namespace NsFixture;

/// <summary>
/// The networks of a sandbox while they run: their hosts, by name. A test has its own as <see cref="IsolatedNetwork.Network"/>.
/// </summary>
/// <example>
/// <code>
/// VirtualNetwork network = IsolatedNetwork.Current.Network;
/// using Socket listener = network["server"].Listen(80);
/// using TcpClient client = await network["client"].ConnectAsync("server", 80);
/// </code>
/// </example>
public sealed partial class VirtualNetwork : IAsyncDisposable
{
    private readonly InitConnection init;
    private readonly Sandbox? sandbox;
    private readonly RootSpecs? roots;
    private volatile NetworkPlan plan;
    private int disposed;

    internal VirtualNetwork(SandboxSpec spec, InitConnection init, Sandbox? sandbox = null)
    {
        (plan, this.init, this.sandbox, roots) = (spec.Plan, init, sandbox, spec.Roots);
        Dns = new VirtualDns(plan, init);
        Hosts = [.. plan.Hosts.Select(host => new VirtualHost(this, plan, host, init, roots))];
    }

    /// <summary>
    /// Builds a network for a fixture, a plain test or any program: no attribute, no root. The calling process stays where it
    /// is and acts on the hosts through their sockets.
    /// </summary>
    /// <param name="topology">What to build; its test host is a host like any other here.</param>
    /// <param name="cancellation">Gives up waiting for it.</param>
    /// <exception cref="InvalidTopologyException">The topology cannot be.</exception>
    /// <exception cref="SandboxUnavailableException">This machine allows no sandboxes; cause and remedy.</exception>
    /// <exception cref="RootTreeException">A host's root tree cannot be had.</exception>
    /// <exception cref="SandboxException">It could not be built.</exception>
    /// <example>
    /// <code>
    /// await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("client", "server"));
    /// </code>
    /// </example>
    public static async Task<VirtualNetwork> CreateAsync(Topology topology, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(topology);
        _ = topology.Plan(); // its mistakes are its own, not a sandbox setting's
        SandboxSpec spec = new SandboxOptions { Topology = topology }.Resolve(AppContext.BaseDirectory);
        ForkServer server = await BareServer.GetAsync().WaitAsync(cancellation).ConfigureAwait(false);
        spec = await RootPreparation.PrepareAsync(server, spec, test: null).WaitAsync(cancellation).ConfigureAwait(false);
        Sandbox sandbox = server.CreateSandbox(spec);
        try
        {
            await sandbox.Ready.WaitAsync(cancellation).ConfigureAwait(false);
            return new VirtualNetwork(spec, sandbox.Connect(), sandbox);
        }
        catch
        {
            EventLoop.Shared.Post(sandbox.Close);
            throw;
        }
    }

    /// <summary>All hosts and routers, in the order of declaration; the test's own is the first.</summary>
    public IReadOnlyList<VirtualHost> Hosts { get; private set; }

    /// <summary>The host the test runs on.</summary>
    public VirtualHost TestHost => Hosts[0];

    /// <summary>The id of its sandbox's process 1, as the calling process's /proc has it; 0: it has ended, or is the test's own.</summary>
    internal Task<int> ProcessIdAsync() => sandbox == null ? Task.FromResult(0) : EventLoop.Shared.Invoke(() => sandbox.ProcessId);

    /// <summary>The name under which programs of this user find their way in, for <see cref="EnterProgram"/>.</summary>
    internal string Entrance() => init.Entrance();

    /// <summary>Whether it was disposed of.</summary>
    internal bool HasEnded => Volatile.Read(ref disposed) != 0;

    /// <summary>The name server that all hosts ask.</summary>
    public VirtualDns Dns { get; }

    /// <summary>
    /// What the test's process and all programs on hosts have taken of the machine until now. Processes that were killed for want of memory, and forks that were refused, do not fail the test any more when this has told of
    /// them.
    /// </summary>
    /// <exception cref="SandboxException">Nothing counts it: there are no limits (<see cref="SandboxOptions.Limits"/>), or none by a control group.</exception>
    public ResourceUsage Usage() => init.Usage(-1)
        ?? throw new SandboxException("Nothing counts what the sandbox takes: give it limits, of the attribute or of a host (WithLimits), and run the tests as a user who may make control groups.");

    /// <summary>A host by its name, or by one of its further names.</summary>
    /// <param name="name">In any case.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public VirtualHost this[string name] => TryGetHost(name, out VirtualHost? host) ? host
        : throw new ArgumentException($"There is no host \"{name}\" in this network; there is {string.Join(", ", Hosts.Select(h => h.Name))}.", nameof(name));

    /// <summary>The networks, hosts, addresses and routes as they are now, as a text to read.</summary>
    public string Describe() => PlanText.Describe(PlanRevision.Compact(Current()));

    /// <summary>The network as it is now, as a Mermaid flowchart (<see href="https://mermaid.js.org"/>).</summary>
    public string ToMermaid() => PlanMermaid.Draw(PlanRevision.Compact(Current()));

    /// <summary>The network as it is now, as an SVG image, complete in itself.</summary>
    public string ToSvg() => PlanSvg.Draw(PlanRevision.Compact(Current()));

    /// <summary>Ends the network; everything on its hosts has ended when this completes. A test's own ends with the test.</summary>
    public async ValueTask DisposeAsync()
    {
        if (sandbox == null || Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        init.Close();
        Dns.Close();
        EventLoop.Shared.Post(sandbox.Close);
        await sandbox.Gone.ConfigureAwait(false);
    }

    /// <summary>A host by its name, if there is one.</summary>
    /// <param name="name">In any case.</param>
    /// <param name="host">The host.</param>
    public bool TryGetHost(string name, [NotNullWhen(true)] out VirtualHost? host)
    {
        host = Hosts.FirstOrDefault(h => h.Names.Contains(name, StringComparer.OrdinalIgnoreCase));
        return host != null;
    }
}
