using NsFixture.Linux;
using NsFixture.Networking;
using NsFixture.Roots;
using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>
/// The process of a test that builds its sandbox around itself, as most do. <see cref="FirstProcess"/> is process 1 then, and a whole
/// init is forked when somebody asks for something (<see cref="Init.Attend"/>): of two copies of the runtime for each test, the
/// most of what a test costs, it saves one.
/// </summary>
/// <param name="control">Init's end of the sandbox's control socket.</param>
/// <param name="requests">The test's end of the one by which it asks about hosts.</param>
/// <param name="runtimeDescriptors">What the runtime needs open.</param>
internal sealed class SelfBuiltTest(int control, int requests, int[] runtimeDescriptors)
{
    private const int MostHosts = 64; // whose namespaces are handed over in one message (SCM_MAX_FD)

    /// <summary>The network that this process has built around itself; null: it has built none, or may not go to other hosts.</summary>
    public static SandboxNetwork? Network { get; private set; }

    /// <summary>Whether a network namespace, as /proc shows it, is that of another host of this one.</summary>
    public static bool IsOfAnotherHost(string target) => Network?.IsOfHost(target, except: Network.TestHost) == true;

    /// <summary>Whether nothing in the sandbox needs somebody to look after it from the first.</summary>
    public static bool Suffices(SandboxSpec spec) =>
        Suffices(spec.Plan, spec.Hardened) && spec.Roots is null or { Hosts.Count: 0 } && spec.Kernel == null && spec.Limits == null && spec.Keep == Keep.Never;

    // Who is hardened may not go to other hosts, and asks for every socket there.
    private static bool Suffices(NetworkPlan plan, bool hardened) =>
        plan.Dns == null && !plan.HasConditions && !plan.HasEgress
        && (plan.Hosts.Count == 1 || (!hardened && plan.Hosts.Count <= MostHosts && !plan.HasNat64));

    /// <summary>Returns what the test's process is to do, or ends this one.</summary>
    /// <param name="spec">What to build.</param>
    /// <param name="rootPlan">How to lay out the root tree.</param>
    /// <param name="start">What the test gets.</param>
    /// <param name="notes">What had to be done in a second-best way for all sandboxes.</param>
    public Action Run(SandboxSpec spec, IReadOnlyList<RootEntry> rootPlan, TestStart start, List<string> notes)
    {
        try
        {
            SandboxNetwork network = SandboxBuilder.Build(spec, rootPlan, notes, out SandboxRoots roots);
            UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.InitReady).Strings(notes).Written);
            UnixSocket.Send(requests, new ByteWriter().Byte((byte)ControlKind.Built).Written, [.. network.HostNamespaces.AsSpan(), .. roots.HandOver().AsSpan()]);
            TestEnd.Begin();
            bool goesAbout = spec.Plan.Hosts.Count > 1;
            Action test = start.Enter(requests, spec.Hardened, goesAbout ? [.. runtimeDescriptors.AsSpan(), .. network.HostNamespaces.AsSpan()] : runtimeDescriptors);
            if (goesAbout)
                Network = network;
            if (spec.Hardened)
                TestEnd.BeginHardened();
            return test;
        }
        catch (Exception e)
        {
            UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.InitFailed).String(UserNamespaceAdvice.Explain(e)).Written);
            Libc.Exit(1);
            throw;
        }
    }
}
