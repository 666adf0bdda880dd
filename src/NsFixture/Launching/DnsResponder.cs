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
    private readonly IReadOnlyList<int> sockets; // of each host served, UDP and TCP
    private readonly List<DnsConnection> connections = [];
    private readonly PriorityQueue<Action, long> late = new();
    private readonly DnsAnswerer answerer;
    private readonly byte[] datagram = new byte[MaxDatagram];

    public DnsResponder(int control, IReadOnlyList<int> sockets, IReadOnlyList<PlannedHost> served, NetworkPlan plan, bool ipv6)
    {
        (controls, this.sockets) = ([control], sockets);
        answerer = new DnsAnswerer(new DnsZone(plan, ipv6), served);
        if (plan.Dns != null)
            answerer.Set(plan.Dns);
    }

    /// <summary>Serves until init has gone.</summary>
    public void Run()
    {
        while (controls.Count > 0 && controls[0] >= 0)
        {
            PollFd[] poll = [.. controls.Select(Poller.Reading), .. sockets.Select(Poller.Reading), .. connections.Select(c => c.Poll)];
            DnsConnection[] polled = [.. connections];
            int afterControls = controls.Count;
            Poller.Wait(poll, UntilNextReply());
            while (late.TryPeek(out _, out long due) && due <= Environment.TickCount64)
                late.Dequeue()();
            for (int i = 0; i < poll.Length; i++)
            {
                if (poll[i].revents == 0)
                    continue;
                if (i < afterControls)
                    Obey(poll[i].fd);
                else if (i - afterControls is var socket && socket < sockets.Count)
                    Serve(poll[i].fd, socket);
                else
                    Serve(polled[socket - sockets.Count]);
            }
            connections.RemoveAll(c => c.IsClosed);
        }
    }

    private int UntilNextReply() => late.TryPeek(out _, out long due) ? (int)Math.Clamp(due - Environment.TickCount64, 0, int.MaxValue) : -1;

    private void Serve(int fd, int socket)
    {
        int host = socket / 2;
        if (socket % 2 != 0)
        {
            int accepted = InetSocket.Accept(fd);
            if (accepted >= 0)
                connections.Add(new DnsConnection(accepted, host));
            return;
        }
        int n;
        while ((n = InetSocket.Receive(fd, datagram, out SockAddrIn from)) >= 0)
            Reply(answerer.Answer(datagram.AsSpan(0, n), host, overTcp: false), message => InetSocket.Send(fd, message, from));
    }

    private void Serve(DnsConnection connection)
    {
        connection.Advance();
        while (connection.TryTake(out byte[] message))
            Reply(answerer.Answer(message, connection.Host, overTcp: true), connection.Send);
    }

    private void Reply(DnsReply reply, Action<byte[]> send)
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

    private void TellQueries(int first, ByteWriter answer)
    {
        first = Math.Max(first, answerer.Forgotten);
        DnsQuery[] told = [.. answerer.Queries.Skip(first - answerer.Forgotten).Take(QueriesAtOnce)];
        answer.Int32(first).Int32(told.Length);
        foreach (DnsQuery query in told)
            answer.String(query.Host).String(query.Name).Int32((int)query.Type).Boolean(query.OverTcp).String(query.Answer);
    }
}
