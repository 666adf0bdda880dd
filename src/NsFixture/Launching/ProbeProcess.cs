using System.Runtime.InteropServices;
using System.Text;
using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Launching;

/// <summary>
/// Tries what a sandbox is made of, each thing by itself, and writes a line about each to a pipe: its name, the errno, the call and its object. Like
/// the fork server it comes to rest and forks on the finalizer thread, since only a process with one thread may do all this (<see cref="ForkServerProcess"/>).
/// Everything happens in namespaces that end with it.
/// </summary>
internal static unsafe class ProbeProcess
{
    /// <summary>The name of a line that says why there are no more.</summary>
    public const string Problem = "problem";

    private const int Pipe = Wire.SocketDescriptor;

    // In the order in which a process can have them: the first gives it the right to the others.
    private static readonly (string Name, ulong Flag)[] Types =
    [
        ("mnt", Sched.CLONE_NEWNS), ("net", Sched.CLONE_NEWNET), ("uts", Sched.CLONE_NEWUTS), ("ipc", Sched.CLONE_NEWIPC), ("cgroup", Sched.CLONE_NEWCGROUP), ("pid", Sched.CLONE_NEWPID),
    ];

    public static int Run()
    {
        _ = Libc.Prctl(PrctlOptions.PR_SET_PDEATHSIG, SignalNumbers.SIGKILL, 0, 0, 0);
        try
        {
            Quiescence.Wait(TimeSpan.FromSeconds(5));
            int mainThread = Libc.GetTid(), wake = LinuxException.Check(Libc.EventFd(0, Fcntl.O_CLOEXEC), "eventfd", "");
            ForkPoint.Reach(() =>
            {
                Quiescence.WaitForMainThreadIn(mainThread, wake);
                Guard(TryAll);
                ulong one = 1;
                _ = Libc.Write(wake, &one, sizeof(ulong));
            });
            ulong woken;
            _ = Libc.Read(wake, &woken, sizeof(ulong));
            return 0;
        }
        catch (SandboxException e)
        {
            Say($"{Problem}\t{e.Message}");
            return 1;
        }
    }

    private static void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            Say($"{Problem}\t{e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static void TryAll()
    {
        // Without arguments it fails anyway: with EINVAL, unless something stands before it.
        _ = Libc.Syscall(SyscallNumbers.Clone3, 0, 0, 0, 0, 0);
        Say("clone3", Marshal.GetLastPInvokeError() is Err.ENOSYS or Err.EPERM ? Marshal.GetLastPInvokeError() : 0, "clone3");

        // An ordinary user may always map itself; whether it has further ids, its files say.
        UserMapping mapping = Zygote.ChooseMapping() == UserMapping.Identity ? UserMapping.Identity : UserMapping.Single;
        var (read, write) = Descriptors.Pipe();
        int pid = 0;
        Try("user", "clone3 with a new user namespace", () =>
        {
            pid = Clone.Fork(Sched.CLONE_NEWUSER, out int pidFd);
            if (pid == 0)
                Child(() =>
                {
                    Descriptors.Close(write);
                    if (ForkedChild.WaitForParent(read))
                        TryInside();
                });
            Descriptors.Close(pidFd);
        });
        if (pid == 0)
            return;
        Descriptors.Close(read);
        Try("map", "to write the maps of a user namespace", () =>
        {
            UserMap.Write(pid, mapping);
            FileSystem.WriteAll(write, [1], "to the probe");
        });
        Descriptors.Close(write);
        Await(pid);
    }

    private static void TryInside()
    {
        var refused = new HashSet<string>();
        foreach (var (name, flag) in Types)
            if (!Try(name, $"unshare of the {name} namespace", () => LinuxException.Check(Libc.Unshare((int)flag), "unshare", name)))
                refused.Add(name);
        if (!refused.Contains("uts"))
            Try("hostname", "sethostname", () =>
            {
                fixed (byte* name = "probe"u8)
                    LinuxException.Check(Libc.SetHostName(name, 5), "sethostname", "probe");
            });
        if (refused.Contains("mnt"))
            return;
        // The new pid namespace is that of children.
        int pid = Clone.Fork(0, out int pidFd);
        if (pid == 0)
            Child(() => TryMounts(refused));
        Descriptors.Close(pidFd);
        Await(pid);
    }

    private static void TryMounts(HashSet<string> refused)
    {
        Mounts.Mount("none", "/", null, MountFlags.MS_REC | MountFlags.MS_PRIVATE);
        string place = Directory.GetDirectories("/").First(d => d is not ("/proc" or "/dev" or "/sys")); // to be covered, for this process alone
        if (!Try("tmpfs", "mount tmpfs", () => Mounts.Tmpfs(place, "0755")))
            return;
        foreach (string directory in (string[])["proc", "sys", "lower", "upper", "work", "merged"])
            FileSystem.MakeDirectory($"{place}/{directory}");
        if (!refused.Contains("pid"))
            Try("proc", "mount proc", () => Mounts.Kernel("proc", place + "/proc"));
        if (refused.Contains("net"))
            return;
        Try("sysfs", "mount sysfs", () => Mounts.Kernel("sysfs", place + "/sys"));
        Try("overlay", "mount overlay", () =>
            Mounts.Mount("overlay", place + "/merged", "overlay", 0, $"userxattr,lowerdir={place}/lower,upperdir={place}/upper,workdir={place}/work"));
        Try("veth", "make a pair of network devices", () =>
        {
            using var route = new RouteSocket();
            int network = FileSystem.OpenDescriptor("/proc/thread-self/ns/net", Fcntl.O_RDONLY);
            route.CreateVeth(10, "probe0", [2, 0, 0, 0, 0, 1], 1500, "probe1", [2, 0, 0, 0, 0, 2], network);
            Descriptors.Close(network);
        });
        Try("netem", "give a network device the netem queue", () =>
        {
            using var route = new RouteSocket();
            route.SetQueue("lo", "netem", new byte[12 + 12]); // struct tc_netem_qopt, all zero: no delay, no loss
        });
        Try("nf_tables", "make a table", () =>
        {
            using var netfilter = new NetfilterSocket();
            netfilter.Commit(new NftBatch().Table(Nfproto, "probe"));
        });
    }

    private const byte Nfproto = Nf.NFPROTO_INET;

    private static bool Try(string name, string what, Action action)
    {
        try
        {
            action();
            Say(name, 0, what);
            return true;
        }
        catch (LinuxException e)
        {
            Say(name, e.Errno, what);
            return false;
        }
    }

    private static void Child(Action action)
    {
        Guard(action);
        Libc.Exit(0);
    }

    private static void Await(int pid)
    {
        if (ProcessEnd.Await(pid) is { Success: false } end)
            Say($"{Problem}\tThe process that tried it {end}.");
    }

    private static void Say(string name, int errno, string what) => Say($"{name}\t{errno}\t{what}");

    private static void Say(string line) => FileSystem.WriteAll(Pipe, Encoding.UTF8.GetBytes(line + "\n"), "to the doctor");
}
