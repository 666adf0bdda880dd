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
internal sealed unsafe class Init(int control, int[] runtimeDescriptors)
{
    private const int SignalSetSize = 128; // sizeof(sigset_t)
    private const int ResultSocket = 500; // above whatever the runtime has opened
    private readonly List<int> controls = [];
    private SandboxNetwork network = null!;
    private SandboxRoots roots = null!;
    private bool hardened;
    private NetworkPlan plan = null!;
    private HostProcesses? processes; // made for the first one: most sandboxes have none, and its types would be compiled in each
    private HostViews? views; // the same
    private HostLives? lives; // the same; none: no host is paused or off, and none has come or gone
    private LinkControl? links;
    private Partitions? partitions;
    private DnsService? dns; // made when it is used: its type would be loaded in every sandbox
    private int test = -1;

    // Made when it is needed: most sandboxes have perfect links.
    private LinkControl Links => links ??= new LinkControl(plan, network, runtimeDescriptors);

    private DnsService Dns => dns ??= new DnsService(plan, network, runtimeDescriptors);

    /// <summary>Returns in the process of a test only, with what that process is to do.</summary>
    /// <param name="spec">What to build.</param>
    /// <param name="rootPlan">How to lay out the root tree.</param>
    /// <param name="notes">What had to be done in a second-best way for all sandboxes.</param>
    public Action Run(SandboxSpec spec, IReadOnlyList<RootEntry> rootPlan, List<string> notes)
    {
        try
        {
            try
            {
                (plan, hardened) = (spec.Plan, spec.Hardened);
                network = SandboxBuilder.Build(spec, rootPlan, notes, out roots);
                if (plan.HasConditions)
                    Links.Apply(notes);
                if (plan.Dns != null)
                    Dns.Start();
            }
            catch (Exception e)
            {
                UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.InitFailed).String(UserNamespaceAdvice.Explain(e)).Written);
                Libc.Exit(1);
                throw;
            }
            UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.InitReady).Strings(notes).Written);
            return Serve();
        }
        catch (Exception e)
        {
            byte[] text = Encoding.UTF8.GetBytes($"NsFixture: init failed: {e}\n");
            FileSystem.WriteAll(2, text, "standard error");
            Libc.Exit(1);
            throw;
        }
    }

    private Action Serve()
    {
        int signals = WatchChildren();
        controls.Add(control);
        while (true)
        {
            // An array by hand: collections of this struct would be compiled anew in every init.
            var poll = new PollFd[controls.Count + 1];
            poll[0] = Poller.Reading(signals);
            for (int i = 0; i < controls.Count; i++)
                poll[i + 1] = Poller.Reading(controls[i]);
            Poller.Wait(poll, -1);
            if (poll[0].revents != 0)
                Reap(signals);
            for (int i = 1; i < poll.Length; i++)
                if (poll[i].revents != 0 && Receive(poll[i].fd, signals) is { } start)
                    return start;
        }
    }

    private Action? Receive(int from, int signals)
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
            return null;
        }
        switch ((ControlKind)message[0])
        {
            case ControlKind.RunTest:
                return StartTest(message, descriptors, signals);
            case ControlKind.Connect:
                controls.Add(descriptors[0]);
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
                    processes ??= new HostProcesses(Views, hardened);
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

    private HostLives Lives => lives ??= new HostLives(network, Views, LinksChanged);

    private void LinksChanged(NetworkPlan current)
    {
        plan = current;
        if (links != null || current.HasConditions)
            Links.Changed(current);
    }

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

    private Action? StartTest(byte[] message, int[] descriptors, int signals)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        string[] argv = reader.Strings()!, envp = reader.Strings()!;
        int result = descriptors[0], output = descriptors[1], error = descriptors[2];
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        test = Clone.Fork(0, out int pidFd);
        if (test > 0)
        {
            controls.Add(ours);
            Descriptors.Close(pidFd);
            Descriptors.Close(theirs);
            foreach (int fd in descriptors)
                Descriptors.Close(fd);
            return null;
        }
        ChangeSigChld(SigMask.SIG_UNBLOCK, out _);
        _ = Libc.SetSid();
        int input = FileSystem.OpenDescriptor("/dev/null", Fcntl.O_RDONLY);
        Descriptors.Duplicate(input, 0);
        Descriptors.Duplicate(output, 1);
        Descriptors.Duplicate(error, 2);
        if (hardened)
            Hardening.Apply();
        if (argv.Length == 0)
        {
            int socket = Descriptors.DuplicateAbove(result, ResultSocket), controlSocket = Descriptors.DuplicateAbove(theirs, socket);
            Descriptors.CloseAllBut([.. runtimeDescriptors, socket, controlSocket]);
            return () => TestProcess.Run(socket, controlSocket);
        }
        // By way of high numbers: either may have the other's.
        int high = Descriptors.DuplicateAbove(theirs, ResultSocket);
        Descriptors.Duplicate(Descriptors.DuplicateAbove(result, ResultSocket), Wire.SocketDescriptor);
        Descriptors.Duplicate(high, Wire.ControlDescriptor);
        Descriptors.CloseAllBut([Wire.SocketDescriptor, Wire.ControlDescriptor]);
        Exec(argv, envp);
        return null;
    }

    private static void Exec(string[] argv, string[] envp)
    {
        fixed (byte* path = Utf8.Zero(argv[0]))
            _ = Libc.ExecVe(path, Utf8.NewArray(argv), Utf8.NewArray(envp));
        var failure = LinuxException.Last("execve", argv[0]);
        FileSystem.WriteAll(2, Encoding.UTF8.GetBytes(failure.Message + "\n"), "standard error");
        Libc.Exit(127);
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
            processes?.Ended(pid, status);
            if (pid == test)
                UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.TestEnded).Int32(status).Written);
        }
    }
}
