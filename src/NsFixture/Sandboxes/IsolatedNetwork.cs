using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using NsFixture.Launching;
using NsFixture.Networking;

namespace NsFixture;

/// <summary>The sandbox that the running test is in, as the test sees it.</summary>
/// <example>
/// <code>
/// var here = IsolatedNetwork.Current;
/// var listener = new TcpListener(here.Address, 5432);
/// </code>
/// </example>
[SuppressMessage("Design", "CA1001", Justification = "Its network ends with the test's process.")]
public sealed class IsolatedNetwork
{
    private static IsolatedNetwork? current;
    private readonly ITestReportSink? sink;
    private readonly VirtualNetwork? network;
    private readonly InitConnection? init;
    private readonly bool isUsualTree;

    /// <param name="request">What the test's process is told.</param>
    /// <param name="sink">Takes attachments.</param>
    /// <param name="control">A control socket of init's.</param>
    internal IsolatedNetwork(TestRequest request, ITestReportSink sink, int control)
    {
        this.sink = sink;
        (HostName, Launcher, LauncherReason, RootKind) = (request.Spec.HostName, request.Launcher, request.LauncherReason, Roots.RootSpec.NameOf(request.Spec.Roots?.Sandbox?.Kind ?? NsFixture.RootKind.CopyOnWrite));
        init = new InitConnection(control) { Own = SelfBuiltTest.Network };
        isUsualTree = request.Spec.Roots?.Sandbox == null;
        network = new VirtualNetwork(request.Spec, init);
        Diagnostics = [$"launcher: {Launcher} ({LauncherReason})", $"root tree: {RootKind}", .. request.Notes];
    }

    private IsolatedNetwork(string reason)
    {
        (HostName, Launcher, LauncherReason, RootKind) = (Environment.MachineName, LauncherKind.InProcess, reason, "host");
        Diagnostics = [$"launcher: {Launcher} ({reason})", "There is no sandbox: the test runs in the test host."];
    }

    /// <summary>The sandbox of the running test.</summary>
    /// <exception cref="InvalidOperationException">The calling code does not run in an isolated test.</exception>
    public static IsolatedNetwork Current => current ?? throw new InvalidOperationException(
        "IsolatedNetwork.Current is there in isolated tests only: put [IsolatedNetwork] on the test, its class or its assembly. " +
        "Static initializers and fixtures of plain tests run in the test host, where there is no sandbox.");

    /// <summary>Whether the calling code runs in an isolated test.</summary>
    public static bool IsIsolated => current is { Launcher: not LauncherKind.InProcess };

    /// <summary>The name of the host the test runs on.</summary>
    public string HostName { get; }

    /// <summary>The hosts of the test's network, the test's own among them, and what can be done with them.</summary>
    /// <exception cref="InvalidOperationException">The launcher is <see cref="LauncherKind.InProcess"/>: there is no network.</exception>
    public VirtualNetwork Network => network ?? throw new InvalidOperationException(
        $"There is no network of hosts here: the test runs in the test host ({LauncherReason}).");

    /// <summary>The host's first IPv4 address; the loopback address where the launcher is <see cref="LauncherKind.InProcess"/>.</summary>
    /// <exception cref="InvalidOperationException">It has none.</exception>
    public IPAddress Address => network?.TestHost.Address ?? IPAddress.Loopback;

    /// <summary>The host's first IPv6 address.</summary>
    /// <exception cref="InvalidOperationException">It has none.</exception>
    public IPAddress Address6 => network?.TestHost.Address6 ?? IPAddress.IPv6Loopback;

    /// <summary>The IPv4 address with its prefix length: <c>10.0.0.2/24</c>.</summary>
    public string Subnet => network?.TestHost.First(AddressFamily.InterNetwork).ToString() ?? "127.0.0.1/8";

    /// <summary>The IPv6 address with its prefix length: <c>fd00::2/64</c>.</summary>
    public string Subnet6 => network?.TestHost.First(AddressFamily.InterNetworkV6).ToString() ?? "::1/128";

    /// <summary>What the test sees as <c>/</c>: <c>copy-on-write</c>, <c>read-only</c>, <c>minimal</c>, <c>directory</c>, <c>tarball</c>, <c>image</c>, or <c>host</c> without a sandbox.</summary>
    public string RootKind { get; }

    /// <summary>The launcher that was used, never <see cref="LauncherKind.Auto"/>.</summary>
    public LauncherKind Launcher { get; }

    /// <summary>Why that one: asked for, or what stood against a better one.</summary>
    public string LauncherReason { get; }

    /// <summary>How the sandbox was made, a line each, everything second-best included.</summary>
    public IReadOnlyList<string> Diagnostics { get; }

    /// <summary>
    /// Keeps a file of the sandbox: it is copied to <c>nsfixture-attachments</c> beside the test assembly, in a directory named
    /// after the test's sandbox, and its place is printed.
    /// </summary>
    /// <param name="path">The file, as the test sees it.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public void Attach(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"Attach: there is no file \"{path}\" in the sandbox.", path);
        sink?.Send(new TestReport(TestReportKind.Attachment) { Text = Path.GetFileName(path), Data = File.ReadAllBytes(path) });
    }

    /// <summary>
    /// What was written to the sandbox's root tree until now, by path: what goes to its private layers and would be gone with it. What was
    /// written to <c>WriteThrough</c> paths, to binds and to file systems mounted by programs is not among it.
    /// </summary>
    /// <exception cref="InvalidOperationException">The launcher is <see cref="LauncherKind.InProcess"/>: there is no private layer.</exception>
    public IReadOnlyList<SandboxChange> Changes() => network == null
        ? throw new InvalidOperationException($"There are no private layers here: the test runs in the test host ({LauncherReason}).")
        : SandboxChange.List(init!.OpenLayers(network.TestHost.Index), isUsualTree);

    /// <summary>The current sandbox, if there is one.</summary>
    internal static bool TryGet([NotNullWhen(true)] out IsolatedNetwork? sandbox) => (sandbox = current) != null;

    internal static void Enter(IsolatedNetwork sandbox) => current = sandbox;

    internal static void Leave() => current = null;

    /// <summary>Whether the test has asked its sandbox's init for anything.</summary>
    internal static bool HasAskedInit => current?.init?.HasAsked == true;

    internal static void EnterInProcess(string reason) => current ??= new IsolatedNetwork(reason);
}
