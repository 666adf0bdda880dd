using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>
/// The process of the name server: one thread and one poll(2) for the sockets of all hosts and for those who change what it
/// says. It ends with init.
/// </summary>
internal sealed class DnsResponder
{
    private const int MaxDatagram = 65_535, QueriesAtOnce = 100;
    private readonly List<int> controls;
    private readonly List<DnsSockets> sockets;
    private readonly List<DnsConnection> connections = [];
    private readonly PriorityQueue<Action, long> late = new();
    private readonly DnsAnswerer answerer;
    private NetworkPlan plan;
    private DnsForwarder? forwarder;
    private readonly byte[] datagram = new byte[MaxDatagram];

    public DnsResponder(int control, List<DnsSockets> sockets, NetworkPlan plan, bool ipv6)
    {
        (controls, this.sockets, this.plan) = ([control], sockets, plan);
        answerer = new DnsAnswerer(new DnsZone(plan, ipv6), plan.Hosts);
        if (plan.Dns != null)
            answerer.Set(plan.Dns);
    }

    /// <summary>Serves until init has gone.</summary>
    public void Run()
    {
        while (controls.Count > 0 && controls[0] >= 0)
        {
            PollFd[] poll = [.. controls.Select(Poller.Reading), .. sockets.SelectMany(s => (PollFd[])[Poller.Reading(s.Udp), Poller.Reading(s.Tcp)]), .. connections.Select(c => c.Poll), .. forwarder?.Polls ?? []];
            DnsConnection[] polled = [.. connections];
            DnsSockets[] served = [.. sockets];
            int afterControls = controls.Count;
            Poller.Wait(poll, UntilNextReply());
            forwarder?.Advance();
            while (late.TryPeek(out _, out long due) && due <= Environment.TickCount64)
                late.Dequeue()();
            for (int i = 0; i < poll.Length; i++)
            {
                if (poll[i].revents == 0)
                    continue;
                if (i < afterControls)
                    Obey(poll[i].fd);
                else if (i - afterControls is var socket && socket >= (2 * served.Length) + polled.Length)
                    break; // the forwarder's
                else if (socket >= 2 * served.Length)
                    Serve(polled[socket - (2 * served.Length)]);
                else if (sockets.Contains(served[socket / 2])) // it has not been closed in this round
                    Serve(poll[i].fd, served[socket / 2]);
            }
            connections.RemoveAll(c => c.IsClosed);
        }
    }

    private int UntilNextReply()
    {
        int reply = late.TryPeek(out _, out long due) ? (int)Math.Clamp(due - Environment.TickCount64, 0, int.MaxValue) : -1, limit = forwarder?.UntilNextLimit ?? -1;
        return reply < 0 ? limit : limit < 0 ? reply : Math.Min(reply, limit);
    }

    private void Serve(int fd, DnsSockets own)
    {
        if (fd == own.Tcp)
        {
            int accepted = InetSocket.Accept(fd);
            if (accepted >= 0)
                connections.Add(new DnsConnection(accepted, own.Host));
            return;
        }
        int n;
        while ((n = InetSocket.Receive(fd, datagram, out SockAddrIn from)) >= 0)
            Reply(datagram.AsSpan(0, n), own.Host, overTcp: false, message =>
            {
                if (sockets.Contains(own)) // the answer may be late, and the host gone
                    InetSocket.Send(fd, message, from);
            });
    }

    private void Serve(DnsConnection connection)
    {
        connection.Advance();
        while (connection.TryTake(out byte[] message))
            Reply(message, connection.Host, overTcp: true, connection.Send);
    }

    private void Reply(ReadOnlySpan<byte> question, int host, bool overTcp, Action<byte[]> send)
    {
        DnsReply reply = answerer.Answer(question, host, overTcp);
        if (reply.IsOthers)
            forwarder!.Ask(question.ToArray(), overTcp, answer => Send(new DnsReply(answer, reply.Delay), send));
        else
            Send(reply, send);
    }

    private void Send(DnsReply reply, Action<byte[]> send)
    {
        if (reply.Message == null)
            return;
        if (reply.Delay <= TimeSpan.Zero)
            send(reply.Message);
        else
            late.Enqueue(() => send(reply.Message), Environment.TickCount64 + (long)reply.Delay.TotalMilliseconds);
    }

    private void Obey(int from)
    {
        byte[]? message = UnixSocket.Receive(from, out int[] descriptors, wait: false);
        if (message == null)
            return;
        if (message.Length == 0)
        {
            Descriptors.Close(from);
            if (from == controls[0])
                controls[0] = -1; // init has gone, and with it the sandbox
            else
                controls.Remove(from);
            return;
        }
        var reader = new ByteReader(message);
        var answer = new ByteWriter();
        switch ((DnsRequest)reader.Byte())
        {
            case DnsRequest.Connect:
                controls.Add(descriptors[0]);
                return;
            case DnsRequest.Change:
                plan = reader.Change().ApplyTo(plan);
                answerer.SetHosts(plan);
                break;
            case DnsRequest.Serve:
                Serve(reader.Int32(), descriptors);
                break;
            case DnsRequest.Forward:
                forwarder = new DnsForwarder(new MachineSockets(descriptors[0]));
                answerer.HasOthers = true;
                break;
            case DnsRequest.Set:
                answerer.Set(reader.Dns());
                break;
            case DnsRequest.Remove:
                answerer.Remove(reader.Text());
                break;
            case DnsRequest.Heal:
                answerer.Heal(reader.String());
                break;
            case DnsRequest.ForgetQueries:
                answerer.ForgetQueries();
                break;
            case DnsRequest.Queries:
                TellQueries(reader.Int32(), answer);
                break;
        }
        UnixSocket.Send(from, answer.Boolean(true).Written);
    }

    private void Serve(int host, int[] descriptors)
    {
        foreach (DnsSockets old in sockets.Where(s => s.Host == host).ToArray())
        {
            sockets.Remove(old);
            old.Close();
        }
        foreach (DnsConnection connection in connections.Where(c => c.Host == host))
            connection.Close();
        if (descriptors.Length == 2)
            sockets.Add(new DnsSockets(host, descriptors[0], descriptors[1]));
    }

    private void TellQueries(int first, ByteWriter answer)
    {
        first = Math.Max(first, answerer.Forgotten);
        DnsQuery[] told = [.. answerer.Queries.Skip(first - answerer.Forgotten).Take(QueriesAtOnce)];
        answer.Int32(first).Int32(told.Length);
        foreach (DnsQuery query in told)
            answer.String(query.Host).String(query.Name).Int32((int)query.Type).Boolean(query.OverTcp).String(query.Answer);
    }
}
