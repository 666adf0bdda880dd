using System.Net;
using System.Net.Sockets;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>
/// Asks the machine's name servers what the sandbox's does not know, where there is a way out. Questions and answers go through as they are; one that nobody answers in time is
/// forgotten, and the next goes to the next name server.
/// </summary>
internal sealed class DnsForwarder(MachineSockets machine)
{
    private const int MaxQuestions = 256, MaxDatagram = 65_535;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly List<Question> questions = [];
    private readonly byte[] datagram = new byte[MaxDatagram];
    private IReadOnlyList<IPEndPoint>? resolvers;
    private int preferred;

    private sealed record Question(int Socket, byte[] Message, Action<byte[]> Answered, DnsConnection? Connection, int Resolver, long Due);

    /// <summary>What its questions wait for.</summary>
    public IEnumerable<PollFd> Polls => questions.Select(q => q.Connection?.Poll ?? Poller.Reading(q.Socket));

    /// <summary>The milliseconds until one of them is given up; -1: there is none.</summary>
    public int UntilNextLimit => questions.Count == 0 ? -1 : (int)Math.Clamp(questions.Min(q => q.Due) - Environment.TickCount64, 0, int.MaxValue);

    /// <summary>Asks.</summary>
    /// <param name="message">The question, with its id.</param>
    /// <param name="overTcp">Whether it was asked by TCP, as after an answer that was truncated.</param>
    /// <param name="answered">Gets the answer, if one comes.</param>
    public void Ask(byte[] message, bool overTcp, Action<byte[]> answered)
    {
        resolvers ??= machine.FindResolvers();
        if (resolvers.Count == 0 || questions.Count >= MaxQuestions)
            return;
        int resolver = preferred % resolvers.Count;
        IPEndPoint to = resolvers[resolver];
        int socket = machine.Open(to.AddressFamily == AddressFamily.InterNetwork ? SocketConstants.AF_INET : SocketConstants.AF_INET6, overTcp ? SocketConstants.SOCK_STREAM : SocketConstants.SOCK_DGRAM);
        if (socket < 0)
            return;
        int error = InetSocket.Connect(socket, to);
        DnsConnection? connection = overTcp ? new DnsConnection(socket, host: -1) : null;
        if (error is not (0 or Err.EINPROGRESS))
        {
            Descriptors.Close(socket);
            preferred = resolver + 1;
            return;
        }
        connection?.Send(message);
        if (!overTcp)
            InetSocket.Send(socket, message);
        questions.Add(new Question(socket, message, answered, connection, resolver, Environment.TickCount64 + (long)Limit.TotalMilliseconds));
    }

    /// <summary>Takes the answers that have come, and gives up what has waited for too long.</summary>
    public void Advance()
    {
        foreach (Question question in questions.ToArray())
        {
            byte[]? answer = Take(question, out bool failed);
            if (answer != null)
                question.Answered(answer);
            else if (failed || question.Due <= Environment.TickCount64)
                preferred = question.Resolver + 1;
            else
                continue;
            questions.Remove(question);
            if (question.Connection is { } connection)
                connection.Close();
            else
                Descriptors.Close(question.Socket);
        }
    }

    private byte[]? Take(Question question, out bool failed)
    {
        failed = false;
        if (question.Connection is { } connection)
        {
            connection.Advance();
            failed = connection.IsClosed;
            return connection.TryTake(out byte[] whole) ? whole : null;
        }
        int n = InetSocket.Receive(question.Socket, datagram, out IPEndPoint? _);
        failed = n < 0 && InetSocket.TakeError(question.Socket) != 0;
        return n >= 2 && datagram.AsSpan(0, 2).SequenceEqual(question.Message.AsSpan(0, 2)) ? datagram[..n] : null;
    }
}
