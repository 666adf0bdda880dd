using NsFixture.Linux;
using NsFixture.Networking;
using NsFixture.Roots;
using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>
/// The one process of a run that sandboxes are forked from: a single thread, root in a user namespace of its own, with a
/// private copy of the host's mounts. What is the same for every sandbox is prepared here once: the root plan, the copy of
/// /etc. It serves requests over one socket, reaps its inits, and ends with the connection.
/// </summary>
internal sealed partial class Zygote(int client, UserMapping mapping, List<string> notes, int[] runtimeDescriptors, string assemblyPath)
{
    private const long MostGarbage = 1 << 20; // bytes: some two hundred tests'
    private readonly List<Child> children = [];
    private long allocatedBefore;
    private List<RootEntry> rootPlan = [];
    private ServerHealth? health; // null until it is prepared
    private PairFork? pairs; // none: this machine has no way to it

    // Without a spec it is none of a sandbox.
    private sealed record Child(int Id, int Pid, int PidFd, SandboxSpec? Spec)
    {
        /// <summary>Init's end of its control socket, where init is <see cref="FirstProcess"/>, which has little to say; else -1.</summary>
        public int Control { get; init; } = -1;

        /// <summary>The socket by which its test asks about hosts, while nobody else has that; else -1.</summary>
        public int Requests { get; set; } = -1;

        /// <summary>What the test has built, once it is built.</summary>
        public int[] Built { get; set; } = [];

        /// <summary>The control group that limits it; null: none does.</summary>
        public Limiting.ControlGroup? Limits { get; init; }

        public int OpenDescriptors => 1 + (Control < 0 ? 0 : 1) + (Requests < 0 ? 0 : 1) + Built.Length;

        public void Forget()
        {
            Descriptors.Close(Requests);
            foreach (int fd in Built)
                Descriptors.Close(fd);
            (Requests, Built) = (-1, []);
        }
    }

    /// <summary>NSFIXTURE_USER_MAPPING=single has the caller map itself alone, as an ordinary user without subordinate ids must.</summary>
    public static UserMapping ChooseMapping() =>
        Environment.GetEnvironmentVariable("NSFIXTURE_USER_MAPPING") == "single" ? UserMapping.Single : UserMap.Best();

    /// <summary>Serves. Returns in the process of a test only, with what that process is to do.</summary>
    public Action Run()
    {
        try
        {
            Prepare();
            UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.ServerReady).Int32(Wire.Version).Int32((int)mapping).Strings(notes).Written);
            while (true)
            {
                WaitForWork();
                ThrowOut();
                byte[]? message;
                while ((message = UnixSocket.Receive(client, out int[] descriptors, wait: false)) != null)
                {
                    if (message.Length == 0)
                        Libc.Exit(0);
                    if ((ControlKind)message[0] == ControlKind.TendTree)
                        TendTree(message);
                    else if ((ControlKind)message[0] == ControlKind.MakeFreezer)
                        MakeFreezer(message, descriptors[0]);
                    else if (CreateSandbox(message, descriptors) is { } test)
                        return test;
                }
            }
        }
        catch (Exception e)
        {
            UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.ServerFailed).String(UserNamespaceAdvice.Explain(e)).Written);
            Libc.Exit(1);
            throw;
        }
    }

    private void Prepare()
    {
        string[] visible = [.. new[] { assemblyPath, Environment.CurrentDirectory, typeof(object).Assembly.Location, typeof(Zygote).Assembly.Location }.Where(p => p.Length > 0)];
        UserMap.Current = mapping;
        _ = Guid.NewGuid(); // opens the source of random numbers, while it is where the runtime looks for it
        var mountPoints = Staging.Enter(notes);
        rootPlan = RootPlanner.Plan(Staging.Host, Staging.Work, mountPoints, mapping == UserMapping.Identity, visible);
        Rehearse();
        // The runtime keeps its assemblies open, and its source of random numbers; the rehearsal may have opened some more.
        runtimeDescriptors = [.. Descriptors.Open().Where(fd => fd > 2 && (runtimeDescriptors.Contains(fd) || IsOfRuntime(Descriptors.Target(fd)))).Order()];
        health = new ServerHealth();

        // By its name alone: it is of a mount that is another's now, as a container has one for each device.
        static bool IsOfRuntime(string target) => target.EndsWith("/urandom", StringComparison.Ordinal) || target.EndsWith(".dll", StringComparison.Ordinal);
    }

    /// <summary>
    /// Builds a sandbox around this process itself and leaves it again. It compiles the whole path before the first fork, and
    /// finds what this machine refuses while there is still someone to tell. /proc cannot be had without a pid namespace; the
    /// second-best way is taken then, which needs rehearsing too.
    /// </summary>
    private void Rehearse()
    {
        int mounts = FileSystem.OpenDescriptor("/proc/self/ns/mnt", Fcntl.O_RDONLY);
        if (Libc.Unshare((int)(Sched.CLONE_NEWNS | Sched.CLONE_NEWNET | Sched.CLONE_NEWUTS)) != 0)
            throw LinuxException.Last("unshare", "mnt, net, uts");
        var options = new SandboxOptions { Hosts = ForkServerProcess.HasHosts ? ["one", "two"] : [] };
        SandboxNetwork network = SandboxBuilder.Build(options.Resolve(Path.GetDirectoryName(typeof(Zygote).Assembly.Location)!), rootPlan, [], out SandboxRoots roots);
        if (SandboxNetwork.WhyNoRules is { } why)
            notes.Add($"networks: bridges are the switches of small ones, too, and tests with hosts start later: {why}");
        _ = (network.NamespaceOf(0), roots.HandOver());
        Descriptors.Close(network.OpenSocket(0, SocketConstants.AF_INET, SocketConstants.SOCK_STREAM, 0));
        network.Dispose();
        roots.Dispose();
        // Network and host name belong to the outer user namespace, which a rootless zygote may not enter again: they are left
        // in the rehearsal's. Every sandbox has its own anyway.
        if (Libc.SetNs(mounts, (int)Sched.CLONE_NEWNS) != 0)
            throw LinuxException.Last("setns", "mnt");
        Descriptors.Close(mounts);
        if (!Mounts.HasPivotRoot)
            NoteNoPairs("without pivot_root, process 1 has to change its root itself");
        else if (PairFork.IsSupported)
            RehearsePairs();
    }

    /// <summary>Forks a pair for once, and takes that way from now on if it goes as it should: some machines give no memory, or file, to execute.</summary>
    private void RehearsePairs()
    {
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        try
        {
            var pair = new PairFork();
            int pid = pair.Fork(Sched.CLONE_NEWPID, theirs, out int pidFd);
            if (pid == 0)
                Libc.Exit(0);
            Descriptors.Close(theirs);
            theirs = -1;
            bool works = UnixSocket.Receive(ours, out _) is [(byte)ControlKind.TestEnded, 0, 0, 0, 0];
            Descriptors.Close(ours);
            ours = -1;
            ProcessEnd end = ProcessEnd.Await(pid);
            Descriptors.Close(pidFd);
            if (works)
                pairs = pair;
            else
                NoteNoPairs($"a program of a few bytes {end}, and did not do its work");
        }
        catch (LinuxException e)
        {
            NoteNoPairs(e.Message);
        }
        finally
        {
            Descriptors.Close(ours);
            Descriptors.Close(theirs);
        }
    }

    private void NoteNoPairs(string why) => notes.Add($"Each sandbox has one more copy of the runtime, as its process 1, and starts later: {why}");

    // What is not needed any more is copied by every fork all the same, page by page, and the runtime's own limit is megabytes away.
    private void ThrowOut()
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        if (allocated - allocatedBefore < MostGarbage)
            return;
        allocatedBefore = allocated;
        GC.Collect(0, GCCollectionMode.Forced, blocking: true);
    }

    private void WaitForWork()
    {
        // Backwards: some are removed on the way.
        var poll = new PollFd[(2 * children.Count) + 1];
        for (int i = 0; i < children.Count; i++)
        {
            poll[2 * i] = Poller.Reading(children[i].PidFd);
            poll[(2 * i) + 1] = Poller.Reading(children[i].Requests); // poll(2) passes over -1
        }
        poll[^1] = Poller.Reading(client);
        Poller.Wait(poll, -1);
        for (int i = children.Count - 1; i >= 0; i--)
        {
            if (poll[(2 * i) + 1].revents != 0)
                Hear(children[i]);
            if (poll[2 * i].revents != 0)
                Reap(children[i]);
        }
    }

    private unsafe void Reap(Child child)
    {
        int status;
        if (Libc.WaitPid(child.Pid, &status, WaitOptions.WNOHANG) != child.Pid)
            return;
        children.Remove(child);
        child.Forget();
        Descriptors.Close(child.PidFd);
        Descriptors.Close(child.Control);
        UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.SandboxReaped).Int32(child.Id).Int32(status).Written);
        if (health!.AfterAnEnd(() => children.Sum(c => c.OpenDescriptors)) is { } problem)
            UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.ServerUnwell).String(problem).Written);
    }

    /// <summary>A test has built its sandbox, asks for something for the first time, says what it leaves, or has ended.</summary>
    private void Hear(Child child)
    {
        int kind;
        while ((kind = UnixSocket.Peek(child.Requests)) > 0)
        {
            if ((ControlKind)kind == ControlKind.Built)
            {
                _ = UnixSocket.Receive(child.Requests, out int[] built);
                child.Built = built;
            }
            else if ((ControlKind)kind == ControlKind.Ending)
            {
                UnixSocket.Send(child.Control, UnixSocket.Receive(child.Requests, out _)!);
            }
            else
            {
                StartInit(child);
                kind = 0;
                break;
            }
        }
        if (kind == 0)
            child.Forget();
    }

    /// <summary>
    /// Forks a process into a sandbox which has none but <see cref="FirstProcess"/> to look after it. Who enters a pid namespace is not in
    /// it, only its children are (setns(2)): one more fork.
    /// </summary>
    private void StartInit(Child child)
    {
        int pid = Clone.Fork(0, out int pidFd);
        if (pid == 0)
        {
            try
            {
                if (Libc.SetNs(child.PidFd, (int)NamespaceFlags.Sandbox) != 0)
                    throw LinuxException.Last("setns", "into a sandbox");
                if (Clone.Fork(0, out _) == 0)
                {
                    Descriptors.CloseAllBut([.. runtimeDescriptors.AsSpan(), child.Control, child.Requests, .. child.Built.AsSpan()]);
                    new Init(child.Control, runtimeDescriptors).Attend(child.Spec!, rootPlan, child.Requests, child.Built);
                }
            }
            catch (Exception e)
            {
                FileSystem.WriteAll(2, System.Text.Encoding.UTF8.GetBytes($"NsFixture: nobody can look after the sandbox: {e}\n"), "standard error");
            }
            Libc.Exit(0);
        }
        ProcessEnd.Await(pid);
        Descriptors.Close(pidFd);
    }

    /// <summary>Not null: this process is a test's.</summary>
    private Action? CreateSandbox(byte[] message, int[] descriptors)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        int id = reader.Int32();
        SandboxSpec spec = reader.Spec();
        PlanPrecompilation.For(spec.Plan);
        int control = descriptors[0], requests = -1, testRequests = -1;
        TestStart? test = descriptors.Length > 1 ? TestStart.Fork(descriptors.AsSpan(1)) : null;
        bool alone = pairs != null && test != null && SelfBuiltTest.Suffices(spec);
        if (alone)
            (requests, testRequests) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        Limiting.ControlGroup? group = null;
        Limitation? limitation = spec.Limits == null ? null : Limit(spec.Limits, out group);
        var (read, write) = Descriptors.Pipe();
        int pid = -1;
        try
        {
            pid = alone ? pairs!.Fork(NamespaceFlags.Sandbox, control, out int pidFd) : Clone.Fork(NamespaceFlags.Sandbox, out pidFd);
            if (pid == 0)
            {
                // Two arrays would be joined by way of a list, which is to be compiled.
                Descriptors.CloseAllBut([.. runtimeDescriptors.AsSpan(), read, testRequests, .. descriptors.AsSpan(), .. (limitation?.Descriptors).AsSpan()]);
                if (!ForkedChild.WaitForParent(read))
                    Libc.Exit(1);
                return alone ? new SelfBuiltTest(control, testRequests, runtimeDescriptors).Run(spec, rootPlan, test!, notes) : new Init(control, runtimeDescriptors) { Limitation = limitation }.Run(spec, rootPlan, test, notes);
            }
            children.Add(new Child(id, pid, pidFd, spec) { Control = alone ? control : -1, Requests = requests, Limits = group });
            UserMap.Write(pid, mapping);
            FileSystem.WriteAll(write, [1], "to init");
            UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.SandboxCreated).Int32(id).Written, pidFd);
        }
        catch (LinuxException e)
        {
            UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.SandboxRefused).Int32(id).String(UserNamespaceAdvice.Explain(e)).Written);
        }
        finally
        {
            if (pid != 0)
            {
                if (pid < 0 || !alone)
                    Descriptors.Close(control);
                if (pid < 0)
                    Descriptors.Close(requests);
                foreach (int fd in (int[])[read, write, testRequests, .. descriptors.AsSpan(1), .. (limitation?.Descriptors).AsSpan()])
                    Descriptors.Close(fd);
            }
        }
        return null;
    }
}
