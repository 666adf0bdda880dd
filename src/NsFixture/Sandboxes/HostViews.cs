using System.Text;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Sandboxes;

/// <summary>
/// What a host's programs see besides its network: its own name, in a UTS namespace, and its own /etc/hostname and /etc/hosts, in a
/// mount namespace that otherwise is the sandbox's. Made when the first program is started on a host; held open by init, which has
/// one thread and may go in and out.
/// </summary>
internal sealed class HostViews(NetworkPlan plan, SandboxNetwork network, SandboxRoots roots)
{
    private NetworkPlan plan = plan;
    private readonly Dictionary<int, (int Mounts, int Names)> views = [];
    private HostsFile hosts = new(plan, network.HasIPv6);

    /// <summary>Makes a host's view if there is none yet. The test's host has the sandbox's own.</summary>
    public void Prepare(int host)
    {
        if (host == plan.Test.Index || views.ContainsKey(host))
            return;
        bool hasRoot = roots.TryGetMounts(host, out int mounts);
        int ownMounts = Open("mnt"), ownNames = Open("uts");
        try
        {
            if (Libc.Unshare((int)((hasRoot ? 0 : Sched.CLONE_NEWNS) | Sched.CLONE_NEWUTS)) != 0)
                throw LinuxException.Last("unshare", $"mnt, uts, for host {plan.Hosts[host].Name}");
            SandboxBuilder.SetHostName(plan.Hosts[host].Name);
            if (hasRoot)
            {
                views.Add(host, (mounts, Open("uts"))); // its tree was built with the sandbox, these files included
                return;
            }
            Cover("/etc/hostname", plan.Hosts[host].Name + "\n");
            Cover("/etc/hosts", hosts.TextFor(plan.Hosts[host]));
            views.Add(host, (Open("mnt"), Open("uts")));
        }
        finally
        {
            Enter(ownMounts, Sched.CLONE_NEWNS);
            Enter(ownNames, Sched.CLONE_NEWUTS);
            Descriptors.Close(ownMounts);
            Descriptors.Close(ownNames);
        }
    }

    /// <summary>What a host's programs have for mounts, once it is prepared; -1: the sandbox's.</summary>
    public int MountsOf(int host) => views.TryGetValue(host, out var view) ? view.Mounts : -1;

    /// <summary>What they have for names; -1: the sandbox's.</summary>
    public int NamesOf(int host) => views.TryGetValue(host, out var view) ? view.Names : -1;

    /// <summary>Moves the calling process to a host for good.</summary>
    public void Enter(int host)
    {
        if (views.TryGetValue(host, out var view))
        {
            Enter(view.Mounts, Sched.CLONE_NEWNS);
            Enter(view.Names, Sched.CLONE_NEWUTS);
        }
        Enter(network.NamespaceOf(host), Sched.CLONE_NEWNET);
    }

    /// <summary>Drops a host's view: the next program there gets a new one.</summary>
    public void Forget(int host)
    {
        if (!views.Remove(host, out var view))
            return;
        if (!roots.TryGetMounts(host, out _)) // a tree of its own stays
            Descriptors.Close(view.Mounts);
        Descriptors.Close(view.Names);
    }

    /// <summary>
    /// The one place that hears of it when hosts, their names or their addresses have changed: all that knows names inside is
    /// brought up to date here.
    /// </summary>
    public void NamesChanged(NetworkPlan current)
    {
        HostsFile before = hosts, after = new(current, network.HasIPv6);
        (NetworkPlan old, plan, hosts) = (plan, current, after);
        HostsFile.Revise("/etc/hosts", before.TextFor(old.Test), after.TextFor(current.Test));
        int ownMounts = Open("mnt");
        try
        {
            foreach (PlannedHost host in old.Hosts.Where(h => h.Index != old.Test.Index && !current.Hosts[h.Index].IsRemoved))
            {
                if (!roots.TryGetMounts(host.Index, out int mounts))
                    mounts = views.TryGetValue(host.Index, out var view) ? view.Mounts : -1;
                if (mounts < 0)
                    continue;
                Enter(mounts, Sched.CLONE_NEWNS);
                HostsFile.Revise("/etc/hosts", before.TextFor(host), after.TextFor(current.Hosts[host.Index]));
            }
        }
        finally
        {
            Enter(ownMounts, Sched.CLONE_NEWNS);
            Descriptors.Close(ownMounts);
        }
    }

    private static int Open(string type) => FileSystem.OpenDescriptor("/proc/self/ns/" + type, Fcntl.O_RDONLY);

    private static void Enter(int descriptor, ulong type)
    {
        if (Libc.SetNs(descriptor, (int)type) != 0)
            throw LinuxException.Last("setns", $"0x{type:x}");
    }

    // The file that is mounted has no name any more afterwards.
    private static void Cover(string path, string content)
    {
        string file = $"/run/.nsfixture-{Path.GetFileName(path)}";
        FileSystem.WriteFile(file, content);
        if (!FileSystem.Exists(path))
            FileSystem.WriteFile(path, "");
        Mounts.Bind(file, path);
        File.Delete(file);
    }
}
