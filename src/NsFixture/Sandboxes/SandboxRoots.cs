using NsFixture.Linux;
using NsFixture.Networking;
using NsFixture.Roots;

namespace NsFixture.Sandboxes;

/// <summary>
/// The root trees of a sandbox, as init holds them: the sandbox's own, in which init itself lives, and those of hosts that have one of
/// their own, each in a mount namespace that is built with the sandbox, while the machine can still be reached.
/// </summary>
internal sealed class SandboxRoots : IDisposable
{
    private readonly Dictionary<int, PrivateLayers> layers = [];
    private Dictionary<int, int>? mounts;

    /// <summary>A sandbox's own tree alone, which another process has built and handed over; null: it has none.</summary>
    public static SandboxRoots Of(PrivateLayers? own)
    {
        var roots = new SandboxRoots();
        if (own != null)
            roots.Add(0, own);
        return roots;
    }

    public void Add(int host, PrivateLayers written) => layers.Add(host, written);

    /// <summary>The mount namespace of a host with a tree of its own.</summary>
    public bool TryGetMounts(int host, out int descriptor)
    {
        descriptor = -1;
        return mounts != null && mounts.TryGetValue(host, out descriptor);
    }

    /// <summary>For <see cref="Of"/>, in another process: a descriptor of where what is written to the sandbox's own tree lies, which stays this object's; none without a tree.</summary>
    public int[] HandOver()
    {
        if (!layers.TryGetValue(0, out PrivateLayers? own)) // the test's host is the first, and has the sandbox's
            return [];
        own.HandOver();
        return [own.Descriptor];
    }

    /// <summary>A descriptor of what was written to a host's tree; stays this object's.</summary>
    public int LayersOf(int host)
    {
        PrivateLayers written = layers.GetValueOrDefault(host) ?? layers[0];
        written.WriteMap();
        return written.Descriptor;
    }

    /// <summary>Builds the trees of hosts that have one of their own, and comes back.</summary>
    public void BuildHosts(SandboxSpec spec, SandboxNetwork network, IReadOnlyList<RootEntry> plan, List<string> notes)
    {
        mounts = [];
        foreach (var (host, root) in spec.Roots!.Hosts)
        {
            int own = FileSystem.OpenDescriptor("/proc/self/ns/mnt", Fcntl.O_RDONLY);
            if (Libc.Unshare((int)Sched.CLONE_NEWNS) != 0)
                throw LinuxException.Last("unshare", $"mnt, for host {spec.Plan.Hosts[host].Name}");
            Enter(network.NamespaceOf(host), Sched.CLONE_NEWNET); // /sys shows the network of whoever mounts it
            var hostNotes = new List<string>();
            try
            {
                var (written, old) = RootComposer.Enter(root, plan, SandboxBuilder.EtcFiles(spec, spec.Plan.Hosts[host], network.HasIPv6), hostNotes);
                RootComposer.Leave(root, plan, old);
                layers.Add(host, written);
            }
            catch (SandboxException e)
            {
                throw new SandboxException($"host \"{spec.Plan.Hosts[host].Name}\": {e.Message}", e);
            }
            notes.AddRange(hostNotes.Select(n => $"host {spec.Plan.Hosts[host].Name}: {n}"));
            mounts.Add(host, FileSystem.OpenDescriptor("/proc/self/ns/mnt", Fcntl.O_RDONLY));
            Enter(network.NamespaceOf(spec.Plan.Test.Index), Sched.CLONE_NEWNET);
            Enter(own, Sched.CLONE_NEWNS);
            Descriptors.Close(own);
        }
    }

    /// <summary>Closes what it holds.</summary>
    public void Dispose()
    {
        foreach (PrivateLayers written in layers.Values)
            Descriptors.Close(written.Descriptor);
        foreach (int fd in mounts?.Values ?? Enumerable.Empty<int>())
            Descriptors.Close(fd);
    }

    private static void Enter(int descriptor, ulong type)
    {
        if (Libc.SetNs(descriptor, (int)type) != 0)
            throw LinuxException.Last("setns", $"0x{type:x}");
    }
}
