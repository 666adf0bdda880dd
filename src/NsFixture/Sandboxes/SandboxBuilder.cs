using System.Text;
using NsFixture.Linux;
using NsFixture.Networking;
using NsFixture.Roots;

namespace NsFixture.Sandboxes;

/// <summary>
/// Turns the freshly cloned init into the inside of a sandbox: host name, network, root tree, in this order, because /sys
/// shows the network namespace of whoever mounts it.
/// </summary>
internal static unsafe class SandboxBuilder
{
    /// <param name="spec">What to build.</param>
    /// <param name="rootPlan">How to lay out the root tree.</param>
    /// <param name="notes">Gets a line for everything that had to be done in a second-best way.</param>
    /// <param name="roots">The root trees, and what is written to them.</param>
    public static SandboxNetwork Build(SandboxSpec spec, IReadOnlyList<RootEntry> rootPlan, List<string> notes, out SandboxRoots roots)
    {
        SetHostName(spec.HostName);
        SandboxNetwork network = SandboxNetwork.Build(spec.Plan);
        if (!network.HasIPv6)
            notes.Add("This kernel has no IPv6: hosts have IPv4 addresses only.");
        roots = new SandboxRoots();
        if (spec.Roots != null)
            roots.BuildHosts(spec, network, rootPlan, notes);
        if (spec.Roots?.Sandbox is { Kind: RootSpec.None })
        {
            Mounts.Mount("proc", Staging.Host + "/proc", "proc"); // the runtime cannot do without its own processes'
            network.EnableForwarding("");
            return network;
        }
        if (spec.Roots?.Sandbox is { } root)
        {
            var (layers, old) = RootComposer.Enter(root, rootPlan, EtcFiles(spec, spec.Plan.Test, network.HasIPv6), notes);
            roots.Add(spec.Plan.Test.Index, layers);
            network.EnableForwarding("");
            if (spec.Hardened)
                network.OpenToTheUnprivileged("");
            RootComposer.Leave(root, rootPlan, old);
            return network;
        }
        roots.Add(spec.Plan.Test.Index, RootBuilder.Build(rootPlan, spec.WriteThrough, EtcFiles(spec, spec.Plan.Test, network.HasIPv6), notes));
        network.EnableForwarding(Staging.Root);
        if (spec.Hardened)
            network.OpenToTheUnprivileged(Staging.Root);
        RootBuilder.Enter(notes);
        return network;
    }

    public static void SetHostName(string name)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(name);
        fixed (byte* p = bytes)
            if (Libc.SetHostName(p, (nuint)bytes.Length) != 0)
                throw LinuxException.Last("sethostname", name);
    }

    /// <summary>The files of /etc that tell of a host.</summary>
    public static (string Name, string Content)[] EtcFiles(SandboxSpec spec, PlannedHost host, bool ipv6) =>
    [
        ("hostname", host.Name + "\n"),
        ("hosts", new HostsFile(spec.Plan, ipv6).TextFor(host)),
        // Where nothing listens before a name server is asked for: a lookup of an unknown name fails at once, not after a timeout.
        ("resolv.conf", $"nameserver {PlannedDns.ServerAddress}\n{(spec.Plan.Dns == null ? "" : $"search {spec.Plan.Dns.Domain}\n")}options timeout:{PlannedDns.Timeout} attempts:{PlannedDns.Attempts}\n"),
    ];
}
