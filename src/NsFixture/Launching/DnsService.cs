using System.Net;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>
/// Init's side of the name server: makes its sockets, one pair on every host, and forks the one process that serves them all, when a
/// topology has a name server or someone asks for it. Without that it costs nothing, and port 53 is free on every host.
/// </summary>
internal sealed class DnsService(NetworkPlan plan, SandboxNetwork network, int[] runtimeDescriptors, Func<int> connectToMachine)
{
    private static bool isCompiled;
    private NetworkPlan plan = plan;
    private int responder = -1;

    /// <summary>Compiles the name server, before it is forked for the first time: a twentieth of a second that no later one pays again.</summary>
    public static void CompileAhead()
    {
        if (isCompiled)
            return;
        isCompiled = true;
        ForkServerProcess.CompileAhead(typeof(DnsService), typeof(DnsResponder), typeof(DnsConnection), typeof(DnsZone), typeof(DnsAnswerer), typeof(DnsMessage), typeof(DnsWriter), typeof(InetSocket));
        // Most of the rest are instances of generic code, which only use compiles.
        NetworkPlan plan = Topology.Of("other").WithDns(d => d.A("a", "10.0.0.9").Cname("b", "a").Fail("c", DnsFailure.Refused)).Plan();
        var answerer = new DnsAnswerer(new DnsZone(plan, ipv6: true), plan.Hosts);
        answerer.Set(plan.Dns!);
        foreach (string name in (string[])["other", "a", "b.internal", "c", "nobody", "2.0.0.10.in-addr.arpa"])
            _ = answerer.Answer(DnsMessage.NewQuestion(1, name, DnsRecordType.Any), 0, overTcp: true);
    }

    /// <summary>Starts the name server, if there is none.</summary>
    /// <exception cref="SandboxException">Its port is taken on some host.</exception>
    public void Start()
    {
        if (responder >= 0)
            return;
        var sockets = new List<DnsSockets>();
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        try
        {
            foreach (PlannedHost host in plan.Present.Where(h => !h.IsContainer))
                sockets.Add(Open(host));
            if (Clone.Fork(0, out int pidFd) == 0)
                Run(theirs, sockets);
            Descriptors.Close(pidFd); // reaped like any other child
            responder = ours;
            if (plan.HasEgress)
                Forward();
        }
        finally
        {
            sockets.ForEach(s => s.Close());
            Descriptors.Close(theirs);
            if (responder < 0)
                Descriptors.Close(ours);
        }
    }

    /// <summary>A control socket of the name server's, for a client.</summary>
    public int Connect()
    {
        Start();
        var (client, server) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        bool sent = UnixSocket.Send(responder, [(byte)DnsRequest.Connect], server);
        Descriptors.Close(server);
        if (sent)
            return client;
        Descriptors.Close(client);
        throw new SandboxException("the name server's process has ended");
    }

    /// <summary>Follows a change of the network: knows the names and addresses of now, and serves hosts that have come.</summary>
    public void Changed(PlanChange change, NetworkPlan current)
    {
        NetworkPlan before = plan;
        plan = current;
        if (responder < 0)
            return;
        Tell(new ByteWriter().Byte((byte)DnsRequest.Change).Change(change));
        if (current.HasEgress && !before.HasEgress)
            Forward();
        foreach (PlannedHost host in change.Hosts.Where(h => h is { IsRemoved: false, IsContainer: false } && h.Index >= before.Hosts.Count))
            Serve(host.Index);
    }

    /// <summary>Serves a host by new sockets: its network namespace is a new one.</summary>
    public void Serve(int host)
    {
        if (responder < 0)
            return;
        DnsSockets sockets = Open(plan.Hosts[host]);
        try
        {
            Tell(new ByteWriter().Byte((byte)DnsRequest.Serve).Int32(host), sockets.Udp, sockets.Tcp);
        }
        finally
        {
            sockets.Close();
        }
    }

    /// <summary>Serves a host no more, which has lost its power: its sockets would be broken ones.</summary>
    public void Leave(int host)
    {
        if (responder >= 0)
            Tell(new ByteWriter().Byte((byte)DnsRequest.Serve).Int32(host));
    }

    private void Forward()
    {
        int channel = connectToMachine();
        Tell(new ByteWriter().Byte((byte)DnsRequest.Forward), channel);
        Descriptors.Close(channel);
    }

    // Who goes on has an answer that counts. A name server that has ended is told of where it is used.
    private void Tell(ByteWriter request, params ReadOnlySpan<int> descriptors)
    {
        if (UnixSocket.Send(responder, request.Written, descriptors))
            _ = UnixSocket.Receive(responder, out _);
    }

    private DnsSockets Open(PlannedHost host)
    {
        int udp = -1, tcp = -1;
        try
        {
            udp = Open(host, SocketConstants.SOCK_DGRAM);
            tcp = Open(host, SocketConstants.SOCK_STREAM);
            InetSocket.Listen(tcp);
            return new DnsSockets(host.Index, udp, tcp);
        }
        catch (LinuxException e)
        {
            Descriptors.Close(udp);
            Descriptors.Close(tcp);
            if (e.Errno != Err.EADDRINUSE)
                throw;
            throw new SandboxException($"the name server cannot listen on {PlannedDns.ServerAddress}:{PlannedDns.ServerPort} of host {host.Name}, as a program or a test does so on all addresses already: " +
                                       "let that one listen on the host's own address, or declare the name server in the topology (WithDns), so that it is there first", e);
        }
    }

    private int Open(PlannedHost host, int type)
    {
        int fd = network.OpenSocket(host.Index, SocketConstants.AF_INET, type | SocketConstants.SOCK_NONBLOCK, 0);
        try
        {
            InetSocket.Bind(fd, IPAddress.Parse(PlannedDns.ServerAddress), PlannedDns.ServerPort);
            return fd;
        }
        catch
        {
            Descriptors.Close(fd);
            throw;
        }
    }

    private void Run(int control, List<DnsSockets> sockets)
    {
        try
        {
            _ = Libc.SetSid();
            Descriptors.CloseAllBut([.. runtimeDescriptors, .. sockets.SelectMany(s => (int[])[s.Udp, s.Tcp]), control]);
            new DnsResponder(control, sockets, plan, network.HasIPv6).Run();
            Libc.Exit(0);
        }
        catch (Exception e)
        {
            FileSystem.TryWriteAll(2, System.Text.Encoding.UTF8.GetBytes($"NsFixture: the name server failed: {e}\n"));
            Libc.Exit(1);
        }
    }
}

/// <summary>The name server's sockets on a host.</summary>
/// <param name="Host">The host's index.</param>
/// <param name="Udp">Bound.</param>
/// <param name="Tcp">Listening.</param>
internal sealed record DnsSockets(int Host, int Udp, int Tcp)
{
    public void Close()
    {
        Descriptors.Close(Udp);
        Descriptors.Close(Tcp);
    }
}
