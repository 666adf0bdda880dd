using NsFixture.Launching;
using NsFixture.Linux;

namespace NsFixture.Networking;

/// <summary>Init's side of the <see cref="Emulator"/>: starts its process and gives it orders, each of which is answered at once.</summary>
internal sealed class EmulatorClient
{
    /// <summary>How many drops fit into an answer.</summary>
    public const int DropsAtOnce = 8192;

    private const int LinksAtOnce = 500;
    private readonly int socket;

    private EmulatorClient(int socket) => this.socket = socket;

    /// <summary>Forks the emulator. It has the switch's network namespace, and no descriptor but its own and the runtime's.</summary>
    /// <exception cref="SandboxException">It did not get what it needs, and has ended.</exception>
    public static unsafe EmulatorClient Start(int switchNamespace, int[] runtimeDescriptors, long seed, int maxPacket)
    {
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        int pid = Clone.Fork(0, out int pidFd);
        if (pid == 0)
            Serve(theirs, switchNamespace, runtimeDescriptors, seed, maxPacket);
        Descriptors.Close(pidFd); // it is init's child, and ends with it
        Descriptors.Close(theirs);
        var client = new EmulatorClient(ours);
        client.Read();
        return client;
    }

    /// <summary>Says which links it has the other end of. Their ports' devices must not belong to a bridge.</summary>
    public void SetPorts(IReadOnlyList<(int Device, PlannedInterface Link)> ports)
    {
        ByteWriter order = Order(EmulatorOrder.SetPorts).Int32(ports.Count);
        foreach (var (device, link) in ports)
            order.Int32(device).Int32(link.Network).Int32(link.Host).Int32(link.Index);
        Ask(order);
    }

    public void SetConditions(IEnumerable<(int Host, int Link, LinkConditions? Up, LinkConditions? Down)> links)
    {
        foreach (var some in links.Chunk(LinksAtOnce))
        {
            ByteWriter order = Order(EmulatorOrder.SetConditions).Int32(some.Length);
            foreach (var (host, link, up, down) in some)
                order.Int32(host).Int32(link).Conditions(up).Conditions(down);
            Ask(order);
        }
    }

    /// <summary>Tells it which hosts are in which regions.</summary>
    public void SetRegions(NetworkPlan plan)
    {
        ByteWriter order = Order(EmulatorOrder.SetRegions).Int32(plan.Regions.Count).Int32(plan.Hosts.Count);
        foreach (PlannedHost host in plan.Hosts)
        {
            NetworkAddress[] addresses = [.. host.Interfaces.SelectMany(i => i.Addresses)];
            order.Int32(plan.Regions.FirstOrDefault(r => r.Hosts.Contains(host.Index))?.Index ?? -1).Int32(addresses.Length);
            foreach (NetworkAddress address in addresses)
                order.Bytes(address.Address.GetAddressBytes());
        }
        Ask(order);
    }

    public void SetRegionConditions(int from, int to, LinkConditions? conditions) =>
        Ask(Order(EmulatorOrder.SetRegionConditions).Int32(from).Int32(to).Conditions(conditions));

    public (PipeCounters Up, PipeCounters Down, long Overruns) Count(int host, int link)
    {
        ByteReader answer = Ask(Order(EmulatorOrder.Count).Int32(host).Int32(link));
        return (answer.Counters(), answer.Counters(), answer.Int64());
    }

    /// <summary>How many drops there are in all, and some of them: their bytes as they go over sockets.</summary>
    public (int Count, byte[] Places) Drops(int host, int link, bool down, int first)
    {
        ByteReader answer = Ask(Order(EmulatorOrder.Drops).Int32(host).Int32(link).Boolean(down).Int32(first));
        int count = answer.Int32();
        var places = new ByteWriter();
        for (int left = Math.Clamp(count - first, 0, DropsAtOnce); left > 0; left--)
            places.Int64(answer.Int64());
        return (count, places.Written.ToArray());
    }

    private static ByteWriter Order(EmulatorOrder order) => new ByteWriter().Byte((byte)order);

    private ByteReader Ask(ByteWriter order)
    {
        UnixSocket.Send(socket, order.Written);
        return Read();
    }

    private ByteReader Read()
    {
        if (UnixSocket.Receive(socket, out _) is not { Length: > 0 } answer)
            throw new SandboxException("the link emulator has ended unexpectedly: see the test run's standard error");
        var reader = new ByteReader(answer);
        return reader.String() is { } problem ? throw new SandboxException(problem) : reader;
    }

    private static unsafe void Serve(int control, int switchNamespace, int[] runtimeDescriptors, long seed, int maxPacket)
    {
        try
        {
            fixed (byte* name = "nsf-emulator\0"u8)
                _ = Libc.Prctl(PrctlOptions.PR_SET_NAME, (nint)name, 0, 0, 0);
            _ = Libc.Prctl(PrctlOptions.PR_SET_TIMERSLACK, 1, 0, 0, 0);
            _ = Libc.SetSid();
            Emulator emulator;
            try
            {
                if (Libc.SetNs(switchNamespace, (int)Sched.CLONE_NEWNET) != 0)
                    throw LinuxException.Last("setns", "net, of the switch");
                Descriptors.CloseAllBut([.. runtimeDescriptors, control]);
                emulator = new Emulator(control, seed, maxPacket);
            }
            catch (LinuxException e)
            {
                UnixSocket.Send(control, new ByteWriter().String("the link emulator could not be started: " + UserNamespaceAdvice.Explain(e)).Written);
                Libc.Exit(1);
                throw;
            }
            UnixSocket.Send(control, new ByteWriter().String(null).Written);
            emulator.Run();
        }
        catch (Exception e)
        {
            FileSystem.TryWriteAll(2, System.Text.Encoding.UTF8.GetBytes($"NsFixture: the link emulator failed: {e}\n"));
        }
        Libc.Exit(1);
    }
}
