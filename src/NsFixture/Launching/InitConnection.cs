using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// Asks init to do something with a host of its sandbox, and waits for the answer. From the test's process and from the test
/// host alike. Any thread may ask; one after another.
/// </summary>
internal sealed class InitConnection(int socket)
{
    private readonly Lock gate = new();
    private bool closed;

    /// <summary>A socket of a host's network.</summary>
    public int OpenSocket(int host, int domain, int type, int protocol) =>
        Ask(Request(HostRequest.Socket, host).Int32(domain).Int32(type).Int32(protocol))
        ?? throw new SandboxException("The sandbox gave no socket.");

    /// <summary>A host's network namespace.</summary>
    public int OpenNamespace(int host) =>
        Ask(Request(HostRequest.Namespace, host)) ?? throw new SandboxException("The sandbox gave no namespace.");

    /// <summary>Plugs a host's link in or out.</summary>
    public void SetLink(int host, int link, bool up) => Ask(Request(HostRequest.SetLink, host).Int32(link).Boolean(up));

    /// <summary>Ends the connection; whoever asks after that is told.</summary>
    public void Close()
    {
        lock (gate)
        {
            if (!closed)
                Descriptors.Close(socket);
            closed = true;
        }
    }

    private static ByteWriter Request(HostRequest request, int host) => new ByteWriter().Byte((byte)ControlKind.Ask).Byte((byte)request).Int32(host);

    private int? Ask(ByteWriter request)
    {
        byte[] answer;
        int[] descriptors;
        lock (gate)
        {
            if (closed || !UnixSocket.Send(socket, request.Written))
                throw Gone();
            answer = UnixSocket.Receive(socket, out descriptors) ?? [];
        }
        if (answer.Length == 0)
            throw Gone();
        var reader = new ByteReader(answer);
        reader.Byte();
        if (reader.String() is { } problem)
            throw new SandboxException($"The sandbox could not do that: {problem}.");
        return descriptors.Length > 0 ? descriptors[0] : null;
    }

    private static SandboxException Gone() => new("The sandbox is gone: it was disposed of, or its init process has ended.");
}
