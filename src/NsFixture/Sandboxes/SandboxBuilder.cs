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
    /// <param name="switchNamespace">Keeps the network alive while it is open.</param>
    /// <returns>What had to be done in a second-best way, a line each.</returns>
    public static List<string> Build(SandboxSpec spec, IReadOnlyList<RootEntry> rootPlan, out int switchNamespace)
    {
        var notes = new List<string>();
        SetHostName(spec.HostName);
        bool ipv6 = SandboxNetwork.Build(spec.Address4, spec.Address6, out switchNamespace);
        if (!ipv6)
            notes.Add("This kernel has no IPv6: the host has an IPv4 address only.");
        RootTree.Build(rootPlan, spec.WriteThrough, EtcFiles(spec, ipv6), notes);
        RootTree.Enter();
        return notes;
    }

    private static void SetHostName(string name)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(name);
        fixed (byte* p = bytes)
            if (Libc.SetHostName(p, (nuint)bytes.Length) != 0)
                throw LinuxException.Last("sethostname", name);
    }

    private static (string, string)[] EtcFiles(SandboxSpec spec, bool ipv6) =>
    [
        ("hostname", spec.HostName + "\n"),
        ("hosts", "127.0.0.1 localhost\n" +
                  (ipv6 ? "::1 localhost ip6-localhost ip6-loopback\n" : "") +
                  $"{spec.Address4.Address} {spec.HostName}\n" +
                  (ipv6 ? $"{spec.Address6.Address} {spec.HostName}\n" : "")),
        // A name server on this very host that nothing listens on: a lookup of an unknown name fails at once, not after a timeout.
        ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"),
    ];
}
