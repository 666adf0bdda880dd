using System.Text;
using NsFixture.Launching;
using NsFixture.Linux;

namespace NsFixture.Cli;

/// <summary>What a network that the tool has up tells of itself.</summary>
/// <param name="Id">Its sandbox's process 1.</param>
/// <param name="Hosts">Its hosts, in the order of declaration.</param>
/// <param name="Entrance">Where programs for its hosts are asked for.</param>
internal sealed record DoorAnswer(int Id, IReadOnlyList<DoorHost> Hosts, string Entrance);

/// <summary>One host of it.</summary>
internal sealed record DoorHost(string Name, IReadOnlyList<string> Addresses);

/// <summary>
/// Where other runs of the tool find a network that this one has up: a socket under the name of its sandbox, in the abstract namespace, so that nothing is left of it whatever becomes of
/// the process. It answers the same user and root, and whoever asks makes sure that it is one of these who answers.
/// </summary>
internal sealed class Door : IDisposable
{
    private const int Patience = 10_000;

    private readonly VirtualNetwork network;
    private readonly int id, listener;
    private readonly Thread thread;
    private volatile bool closed;

    public Door(VirtualNetwork network, int id)
    {
        (this.network, this.id) = (network, id);
        listener = UnixSocket.Listen(Name(id));
        thread = new Thread(Serve) { IsBackground = true, Name = "nsfixture door" };
        thread.Start();
    }

    /// <summary>What is asked for.</summary>
    public enum Question : byte
    {
        Description = 1,
        Mermaid,
        Svg,
    }

    private static string Name(int id) => $"nsfixture-sandbox-{id}";

    /// <summary>Asks the sandbox's owner; null: it has no door, or is none.</summary>
    public static string? Ask(int id, Question question)
    {
        int socket;
        try
        {
            socket = UnixSocket.Connect(Name(id));
        }
        catch (LinuxException e) when (e.Errno == Err.ECONNREFUSED)
        {
            return null;
        }
        try
        {
            if (!IsTrusted(socket) || !UnixSocket.Send(socket, [(byte)question]))
                return null;
            var answer = new StringBuilder();
            while (UnixSocket.Receive(socket, out _) is { Length: > 0 } part)
                answer.Append(Encoding.UTF8.GetString(part));
            return answer.Length > 0 ? answer.ToString() : null;
        }
        finally
        {
            Descriptors.Close(socket);
        }
    }

    public static DoorAnswer? Describe(int id) => Ask(id, Question.Description) is { } json ? Output.FromJson<DoorAnswer>(json) : null;

    public void Dispose()
    {
        closed = true;
        _ = Libc.Shutdown(listener, SocketConstants.SHUT_RDWR); // wakes who waits
        thread.Join();
        Descriptors.Close(listener);
    }

    private static bool IsTrusted(int socket) => UnixSocket.PeerUser(socket) is var user && (user == Libc.GetEUid() || user == 0 || Libc.GetEUid() == 0);

    private void Serve()
    {
        Span<PollFd> poll = [Poller.Reading(listener)];
        while (!closed)
        {
            if (Poller.Wait(poll, -1) == 0)
                continue;
            int peer = InetSocket.Accept(listener);
            if (peer < 0)
                continue;
            try
            {
                Span<PollFd> asked = [Poller.Reading(peer)];
                if (IsTrusted(peer) && Poller.Wait(asked, Patience) > 0 && UnixSocket.Receive(peer, out _, wait: false) is [var question])
                    Send(peer, Answer((Question)question));
            }
            catch (Exception e) when (e is SandboxException or LinuxException or ObjectDisposedException)
            {
                // whoever asks sees that there is no answer
            }
            Descriptors.Close(peer);
        }
    }

    // In parts: not every text fits into one message. Cut between characters of one byte, of which there is one in every few.
    private static void Send(int peer, string answer)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(answer);
        for (int at = 0; at < bytes.Length;)
        {
            int end = Math.Min(at + 32_768, bytes.Length);
            while (end < bytes.Length && (bytes[end] & 0xc0) == 0x80)
                end--;
            if (!UnixSocket.Send(peer, bytes.AsSpan(at, end - at)))
                return;
            at = end;
        }
    }

    private string Answer(Question question) => question switch
    {
        Question.Mermaid => network.ToMermaid(),
        Question.Svg => network.ToSvg(),
        _ => Output.ToJson(new DoorAnswer(id, [.. network.Hosts.Select(h => new DoorHost(h.Name, [.. h.Addresses.Select(a => a.ToString())]))], network.Entrance())),
    };
}
