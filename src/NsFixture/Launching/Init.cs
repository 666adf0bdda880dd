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
    private NetworkPlan plan = null!;
    private HostProcesses? processes; // made for the first one: most sandboxes have none, and its types would be compiled in each
    private int test = -1;

    /// <summary>Returns in the process of a test only, with what that process is to do.</summary>
    public Action Run(SandboxSpec spec, IReadOnlyList<RootEntry> rootPlan)
    {
        try
        {
            List<string> notes = [];
            try
            {
                plan = spec.Plan;
                network = SandboxBuilder.Build(spec, rootPlan, notes);
                for (int host = 0; host < plan.Hosts.Count; host++)
                    if (plan.Hosts[host].Nat != null)
                        network.StartTranslator(host, runtimeDescriptors);
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

    private void Answer(int to, byte[] message, int[] descriptors)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        int given = -1, number = 0;
        bool keep = false;
        string? problem = null;
        try
        {
            var request = (HostRequest)reader.Byte();
            int host = reader.Int32();
            switch (request)
            {
                case HostRequest.Socket:
                    given = network.OpenSocket(host, reader.Int32(), reader.Int32(), reader.Int32());
                    break;
                case HostRequest.Namespace:
                    given = network.NamespaceOf(host);
                    keep = true;
                    break;
                case HostRequest.Spawn:
                    processes ??= new HostProcesses(new HostViews(plan, network));
                    (number, given) = processes.Start(host, reader.Strings()!, reader.Strings()!, reader.Text(), descriptors);
                    break;
                case HostRequest.SetLink:
                    network.SetLink(host, reader.Int32(), reader.Boolean());
                    break;
                case HostRequest.SetNat:
                    network.SetNat(host, reader.Nat());
                    network.StartTranslator(host, runtimeDescriptors);
                    break;
                case HostRequest.SetFirewall:
                    network.SetFirewall(host, reader.Firewall());
                    break;
                case HostRequest.RebindNat:
                    network.RebindNat(host);
                    break;
            }
        }
        catch (LinuxException e)
        {
            problem = UserNamespaceAdvice.Explain(e);
        }
        UnixSocket.Send(to, new ByteWriter().Byte((byte)ControlKind.Answer).String(problem).Int32(number).Written, given < 0 ? [] : [given]);
        if (!keep)
            Descriptors.Close(given);
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
