using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace NsFixture.Networking;

/// <summary>Asks the name server of a host, from there, as a C library does: by UDP, and by TCP where the answer does not fit.</summary>
internal sealed class DnsClient(VirtualHost host)
{
    private static readonly IPEndPoint Server = new(IPAddress.Parse(PlannedDns.ServerAddress), PlannedDns.ServerPort);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(PlannedDns.Timeout);

    /// <summary>The addresses of a name.</summary>
    /// <exception cref="SocketException">There are none, or there is no answer; with the code that <see cref="Dns"/> would give.</exception>
    public async Task<IReadOnlyList<IPAddress>> AddressesAsync(string name, IReadOnlyList<AddressFamily> families, CancellationToken cancellation)
    {
        if (!DnsName.IsRecordName(name))
            throw new SocketException((int)SocketError.HostNotFound, $"\"{name}\" is not a name that a name server could know.");
        var found = new List<IPAddress>();
        SocketError problem = SocketError.NoData;
        foreach (AddressFamily family in families)
        {
            DnsRecordType type = family == AddressFamily.InterNetwork ? DnsRecordType.A : DnsRecordType.Aaaa;
            if (await AskAsync(name, type, cancellation).ConfigureAwait(false) is not { } answer)
                problem = SocketError.TryAgain;
            else if (answer.Code == DnsCode.NoError)
                found.AddRange(answer.Answers.Where(r => r.Type == type && r.Data.Length is 4 or 16).Select(r => new IPAddress(r.Data)));
            else
                problem = answer.Code == DnsCode.NxDomain ? SocketError.HostNotFound : SocketError.TryAgain;
        }
        return found.Count > 0 ? found : throw new SocketException((int)problem, $"Host \"{host.Name}\" found no address of \"{name}\": its name server {Say(problem)}.");
    }

    private static string Say(SocketError problem) => problem switch
    {
        SocketError.HostNotFound => "says that there is no such name",
        SocketError.NoData => "has none",
        _ => $"fails, or does not answer within {PlannedDns.Attempts * PlannedDns.Timeout} s",
    };

    /// <summary>Null: no answer that could be believed.</summary>
    private async Task<DnsMessage?> AskAsync(string name, DnsRecordType type, CancellationToken cancellation)
    {
        ushort id = (ushort)Random.Shared.Next(ushort.MaxValue + 1);
        byte[] question = DnsMessage.NewQuestion(id, name, type);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(PlannedDns.Attempts * Timeout);
        try
        {
            DnsMessage answer = await ByUdpAsync(id, question, limit.Token).ConfigureAwait(false);
            return answer.IsTruncated ? await ByTcpAsync(question, limit.Token).ConfigureAwait(false) : answer;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException)
        {
            return null;
        }
    }

    private async Task<DnsMessage> ByUdpAsync(ushort id, byte[] question, CancellationToken cancellation)
    {
        using Socket socket = host.OpenSocket(AddressFamily.InterNetwork, SocketType.Dgram);
        await socket.ConnectAsync(Server, cancellation).ConfigureAwait(false);
        Task<DnsMessage> answer = AnswerAsync(socket, id, question, cancellation);
        do
            await socket.SendAsync(question, cancellation).ConfigureAwait(false);
        while (await Task.WhenAny(answer, Task.Delay(Timeout, cancellation)).ConfigureAwait(false) != answer && !cancellation.IsCancellationRequested);
        return await answer.ConfigureAwait(false);
    }

    private static async Task<DnsMessage> AnswerAsync(Socket socket, ushort id, byte[] question, CancellationToken cancellation)
    {
        byte[] buffer = new byte[ushort.MaxValue];
        while (true)
        {
            int n = await socket.ReceiveAsync(buffer, cancellation).ConfigureAwait(false);
            // Whatever else comes is someone's who guesses.
            if (DnsMessage.TryRead(buffer.AsSpan(0, n), out DnsMessage? answer) && answer.IsResponse && answer.Id == id && answer.Question.AsSpan().SequenceEqual(question.AsSpan(DnsMessage.HeaderLength)))
                return answer;
        }
    }

    private async Task<DnsMessage?> ByTcpAsync(byte[] question, CancellationToken cancellation)
    {
        using Socket socket = await host.OpenConnectionAsync(Server, cancellation).ConfigureAwait(false);
        using var stream = new NetworkStream(socket);
        await stream.WriteAsync((byte[])[(byte)(question.Length >> 8), (byte)question.Length, .. question], cancellation).ConfigureAwait(false);
        byte[] length = new byte[2];
        await stream.ReadExactlyAsync(length, cancellation).ConfigureAwait(false);
        byte[] message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(message, cancellation).ConfigureAwait(false);
        return DnsMessage.TryRead(message, out DnsMessage? answer) ? answer : null;
    }
}
