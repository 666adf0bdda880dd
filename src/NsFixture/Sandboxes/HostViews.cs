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
    private readonly Dictionary<int, (int Mounts, int Names)> views = [];
    private readonly HostsFile hosts = new(plan, network.HasIPv6);

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
