using System.Text;
using NsFixture.Linux;
using NsFixture.Networking;
using NsFixture.Roots;
using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>
/// PID 1 of a sandbox. It builds the sandbox around itself, then serves its control socket: it starts the test, reaps what
/// the test leaves behind, reports how the test ended, and ends with the connection. When it ends the kernel kills everything
/// in the pid namespace, and the last reference to network, mounts and host name goes with it.
/// <para>
/// It has one thread, the finalizer thread of the CLR it was forked from, and stays inside a finalizer: nothing here may wait
/// for another thread, and nothing is finalized, so descriptors are closed by hand.
/// </para>
/// </summary>
internal sealed unsafe partial class Init(int control, int[] runtimeDescriptors)
{
    private const int SignalSetSize = 128; // sizeof(sigset_t)
    private readonly List<int> controls = [];
    private SandboxNetwork network = null!;
    private SandboxRoots roots = null!;
    private bool hardened, isAttending;
    private int attended = -1; // the connection of a test that has built its sandbox itself
    private NetworkPlan plan = null!;
    private HostProcesses? processes; // made for the first one: most sandboxes have none, and its types would be compiled in each
    private HostViews? views; // the same
    private HostLives? lives; // the same; none: no host is paused or off, and none has come or gone
    private Limiter? limiter; // none: nothing is limited
    private LinkControl? links;
    private Partitions? partitions;
    private DnsService? dns; // made when it is used: its type would be loaded in every sandbox
    private int test = -1;

    // Made when it is needed: most sandboxes have perfect links.
    private LinkControl Links => links ??= new LinkControl(plan, network, runtimeDescriptors);

    private DnsService Dns => dns ??= new DnsService(plan, network, runtimeDescriptors, ConnectToMachine);

    /// <summary>By what means the sandbox is limited, where it is.</summary>
    public Limitation? Limitation { get; init; }

    /// <summary>Returns in the process of a test only, with what that process is to do.</summary>
    /// <param name="spec">What to build.</param>
    /// <param name="rootPlan">How to lay out the root tree.</param>
    /// <param name="first">The test to fork when all is built; null for none yet.</param>
    /// <param name="notes">What has been done in a second-best way already.</param>
    public Action Run(SandboxSpec spec, IReadOnlyList<RootEntry> rootPlan, TestStart? first, List<string> notes)
    {
        try
        {
            try
            {
                (plan, hardened) = (spec.Plan, spec.Hardened);
                if (spec.Limits != null)
                    Limit(spec.Limits, notes);
                network = SandboxBuilder.Build(spec, rootPlan, notes, out roots);
                if (spec.Kernel != null)
                    KernelBuilder.Apply(spec.Kernel);
                if (spec.Keep != Keep.Never)
                    Descriptors.LetGoOfStandard("/dev/null");
                if (plan.HasConditions)
                    Links.Apply(notes);
                if (plan.Dns != null)
                    Dns.Start();
                if (plan.Hosts.Count > 1) // else there is no router, and it would be compiled for nothing
                    StartHelpers();
            }
            catch (Exception e)
            {
                UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.InitFailed).String(UserNamespaceAdvice.Explain(e)).Written);
                Libc.Exit(1);
                throw;
            }
            UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.InitReady).Strings(notes).Written);
            return Serve(control, first);
        }
        catch (Exception e)
        {
            byte[] text = Encoding.UTF8.GetBytes($"NsFixture: init failed: {e}\n");
            FileSystem.WriteAll(2, text, "standard error");
            Libc.Exit(1);
            throw;
        }
    }

    /// <summary>
    /// Serves a sandbox that its test has built itself, once somebody asks for something. Not process 1 then, but a process beside the
    /// test's; the calling thread is in the sandbox's switch.
    /// </summary>
    /// <param name="spec">What was built.</param>
    /// <param name="rootPlan">How the root tree was laid out.</param>
    /// <param name="requests">The socket by which the test asks.</param>
    /// <param name="built">The network namespaces of its hosts, and what <see cref="SandboxRoots.HandOver"/> says.</param>
    public void Attend(SandboxSpec spec, IReadOnlyList<RootEntry> rootPlan, int requests, int[] built)
    {
        (plan, hardened, isAttending, attended) = (spec.Plan, spec.Hardened, true, requests);
        int hosts = plan.Hosts.Count;
        network = SandboxNetwork.Of(plan, built[..hosts]);
        roots = SandboxRoots.Of(built.Length == hosts ? null
            : spec.Roots == null ? new PrivateLayers(rootPlan, SandboxBuilder.EtcFiles(spec, plan.Test, network.HasIPv6), built[hosts]) : new PrivateLayers(built[hosts]));
        Serve(requests, first: null);
    }

    private Action Serve(int requests, TestStart? first)
    {
        int signals = WatchChildren();
        if (first != null && StartTest(first) is { } forked)
            return forked;
        controls.Add(requests);
        while (true)
        {
            // An array by hand: collections of this struct would be compiled anew in every init.
            var poll = new PollFd[controls.Count + 1];
            poll[0] = Poller.Reading(signals);
            for (int i = 0; i < controls.Count; i++)
                poll[i + 1] = Poller.Reading(controls[i]);
            Poller.Wait(poll, Patience);
            if (poll[0].revents != 0)
                Reap(signals);
            for (int i = 1; i < poll.Length; i++)
                if (poll[i].revents != 0 && Receive(poll[i].fd) is { } start)
                    return start;
            ContinueEnd();
        }
    }

    private Action? Receive(int from)
    {
        byte[]? message = UnixSocket.Receive(from, out int[] descriptors, wait: false);
        if (message == null)
            return null;
        if (message.Length == 0)
        {
            if (from == control)
                Libc.Exit(0);
            controls.Remove(from);
            processes?.ConnectionEnded(from);
            Descriptors.Close(from);
            if (from == attended)
                BeginEnd();
            return null;
        }
        switch ((ControlKind)message[0])
        {
            case ControlKind.RunTest:
                return StartTest(TestStart.Read(message, descriptors));
            case ControlKind.Connect:
                controls.Add(descriptors[0]);
                return null;
            case ControlKind.Look:
                Look(message);
                return null;
            case ControlKind.Finish:
                BeginEnd();
                return null;
            case ControlKind.EndTest:
                if (test > 0 && !testEnded)
                    _ = Libc.Kill(test, SignalNumbers.SIGKILL);
                return null;
            case ControlKind.Keep:
                Stay(message);
                return null;
            default:
                Answer(from, message, descriptors);
                return null;
        }
    }

    private void Answer(int from, byte[] message, int[] descriptors)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        int given = -1, number = 0;
        bool keep = false;
        string? problem = null;
        byte[] bytes = [];
        try
        {
            var request = (HostRequest)reader.Byte();
            int host = reader.Int32();
            switch (request)
            {
                case HostRequest.Socket:
                    lives?.RequireOn(host);
                    given = network.OpenSocket(host, reader.Int32(), reader.Int32(), reader.Int32());
                    break;
                case HostRequest.Namespace:
                    if (host >= 0)
                        lives?.RequireOn(host);
                    given = network.NamespaceOf(host);
                    keep = true;
                    break;
                case HostRequest.Spawn:
                    if (lives != null)
                        RequireRunning(host, descriptors);
                    processes ??= new HostProcesses(Views, hardened, limiter);
                    (number, given) = processes.Start(host, ProgramStart.Read(ref reader), from, descriptors);
                    break;
                case HostRequest.Layers:
                    given = roots.LayersOf(host);
                    keep = true;
                    break;
                case HostRequest.SetLink:
                    lives?.RequireOn(host);
                    network.SetLink(host, reader.Int32(), reader.Boolean());
                    break;
                case HostRequest.Pause:
                    Lives.Pause(host);
                    break;
                case HostRequest.Resume:
                    Lives.Resume(host);
                    break;
                case HostRequest.Freeze:
                    number = Lives.Freeze(host) ? 1 : 0;
                    break;
                case HostRequest.Usage:
                    if (limiter?.Usage(host) is { } usage)
                        bytes = new ByteWriter().Usage(usage).Written.ToArray();
                    break;
                case HostRequest.Kill:
                    Lives.Kill(host);
                    break;
                case HostRequest.Reboot:
                    Lives.Reboot(host);
                    break;
                case HostRequest.Change:
                    Lives.Change(host, reader.Change());
                    break;
                case HostRequest.Dns:
                    given = Dns.Connect();
                    break;
                case HostRequest.SetNat:
                    lives?.RequireOn(host);
                    network.SetNat(host, reader.Nat());
                    StartHelpers();
                    break;
                case HostRequest.SetFirewall:
                    lives?.RequireOn(host);
                    network.SetFirewall(host, reader.Firewall());
                    break;
                case HostRequest.RebindNat:
                    lives?.RequireOn(host);
                    network.RebindNat(host);
                    break;
                default:
                    (number, bytes) = LinkRequests.Serve(Links, partitions ??= new Partitions(network), request, host, ref reader);
                    break;
            }
        }
        catch (LinuxException e)
        {
            problem = $"The sandbox could not do that: {UserNamespaceAdvice.Explain(e)}.";
        }
        catch (SandboxException e)
        {
            problem = e.Message;
        }
        UnixSocket.Send(from, new ByteWriter().Byte((byte)ControlKind.Answer).String(problem).Int32(number).Bytes(bytes).Written, given < 0 ? [] : [given]);
        if (!keep)
            Descriptors.Close(given);
    }

    private HostViews Views => views ??= new HostViews(plan, network, roots);

    private HostLives Lives => lives ??= new HostLives(network, Views, this, MakeFreezer);

    private void RequireRunning(int host, int[] descriptors)
    {
        try
        {
            lives!.RequireRunning(host);
        }
        catch
        {
            foreach (int fd in descriptors)
                Descriptors.Close(fd);
            throw;
        }
    }

    private Action? StartTest(TestStart start)
    {
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        mountsBefore = MountSnapshot.Take();
        limiter?.Prepare();
        test = Clone.Fork(0, out int pidFd);
        if (test == 0)
        {
            ChangeSigChld(SigMask.SIG_UNBLOCK, out _);
            Descriptors.Duplicate(start.Error, 2); // whatever goes wrong is told to whoever waits for the test
            if (limiter == null)
                return start.Enter(theirs, hardened, runtimeDescriptors);
            limiter.Apply(plan.Test.Index, isTest: true);
            return start.Enter(theirs, hardened, runtimeDescriptors, limiter.LimitTestsFiles);
        }
        controls.Add(ours);
        Descriptors.Close(pidFd);
        Descriptors.Close(theirs);
        start.Close();
        return null;
    }

    // A descriptor that is readable when a child has ended: signals would have to be handled on this very thread.
    private static int WatchChildren()
    {
        ChangeSigChld(SigMask.SIG_BLOCK, out byte[] set);
        fixed (byte* s = set)
            return LinuxException.Check(Libc.SignalFd(-1, s, SignalFd.SFD_CLOEXEC | SignalFd.SFD_NONBLOCK), "signalfd", "SIGCHLD");
    }

    private static void ChangeSigChld(int how, out byte[] set)
    {
        set = new byte[SignalSetSize];
        fixed (byte* s = set)
        {
            _ = Libc.SigEmptySet(s);
            _ = Libc.SigAddSet(s, SignalNumbers.SIGCHLD);
            _ = Libc.PthreadSigMask(how, s, null);
        }
    }

    private void Reap(int signals)
    {
        byte* info = stackalloc byte[sizeof(SignalFdInfo)];
        while (Libc.Read(signals, info, sizeof(SignalFdInfo)) > 0)
        {
        }
        int pid, status;
        while ((pid = Libc.WaitPid(-1, &status, WaitOptions.WNOHANG)) > 0)
        {
            if (limiter != null)
                NoteEnd(pid, new ProcessEnd(status));
            processes?.Ended(pid, status);
            if (pid != test)
                continue;
            testEnded = true;
            SayHits();
            UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.TestEnded).Int32(status).Written);
        }
    }
}
