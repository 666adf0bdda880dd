using System.Net;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>
/// Init's side of the name server: makes its sockets, one pair on every host, and forks the one process that serves them all, when a
/// topology has a name server or someone asks for it. Without that it costs nothing, and port 53 is free on every host.
/// </summary>
internal sealed class DnsService(NetworkPlan plan, SandboxNetwork network, int[] runtimeDescriptors)
{
    private static bool isCompiled;
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
        var sockets = new List<int>();
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        try
        {
            PlannedHost[] served = [.. plan.Present.Where(h => !h.IsContainer)];
            foreach (PlannedHost host in served)
                Open(host, sockets);
            if (Clone.Fork(0, out int pidFd) == 0)
                Serve(theirs, sockets, served);
            Descriptors.Close(pidFd); // reaped like any other child
            responder = ours;
        }
        finally
        {
            sockets.ForEach(Descriptors.Close);
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

    private void Open(PlannedHost host, List<int> sockets)
    {
        try
        {
            foreach (int type in (int[])[SocketConstants.SOCK_DGRAM, SocketConstants.SOCK_STREAM])
            {
                int fd = network.OpenSocket(host.Index, SocketConstants.AF_INET, type | SocketConstants.SOCK_NONBLOCK, 0);
                sockets.Add(fd);
                InetSocket.Bind(fd, IPAddress.Parse(PlannedDns.ServerAddress), PlannedDns.ServerPort);
                if (type == SocketConstants.SOCK_STREAM)
                    InetSocket.Listen(fd);
            }
        }
        catch (LinuxException e) when (e.Errno == Err.EADDRINUSE)
        {
            throw new SandboxException($"the name server cannot listen on {PlannedDns.ServerAddress}:{PlannedDns.ServerPort} of host {host.Name}, as a program or a test does so on all addresses already: " +
                                       "let that one listen on the host's own address, or declare the name server in the topology (WithDns), so that it is there first", e);
        }
    }

    private void Serve(int control, List<int> sockets, PlannedHost[] served)
    {
        try
        {
            _ = Libc.SetSid();
            Descriptors.CloseAllBut([.. runtimeDescriptors.Concat(sockets).Append(control).Order()]);
            new DnsResponder(control, sockets, served, plan, network.HasIPv6).Run();
            Libc.Exit(0);
        }
        catch (Exception e)
        {
            FileSystem.TryWriteAll(2, System.Text.Encoding.UTF8.GetBytes($"NsFixture: the name server failed: {e}\n"));
            Libc.Exit(1);
        }
    }
}
