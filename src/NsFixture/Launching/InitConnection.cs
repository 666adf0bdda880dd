using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>
/// Asks init to do something with a host of its sandbox, and waits for the answer. From the test's process and from the test
/// host alike. Any thread may ask; one after another.
/// </summary>
internal sealed partial class InitConnection(int socket)
{
    private readonly Lock gate = new();
    private HostEntrance? entrance;
    private bool closed;

    /// <summary>Whether anyone has asked for anything.</summary>
    public bool HasAsked { get; private set; }

    /// <summary>The network, if this process has built it: as long as nobody has asked for anything it is as it was built, and there is no init that would have to be started to answer.</summary>
    public SandboxNetwork? Own { get; init; }

    /// <summary>A socket of a host's network.</summary>
    public int OpenSocket(int host, int domain, int type, int protocol)
    {
        if (Own != null && !HasAsked && Own.OpenSocketFromAnywhere(host, domain, type, protocol) is >= 0 and var own)
            return own;
        return Ask(Request(HostRequest.Socket, host).Int32(domain).Int32(type).Int32(protocol)).Descriptor;
    }

    /// <summary>A host's network namespace.</summary>
    public int OpenNamespace(int host) => Own != null && !HasAsked && host >= 0 ? Descriptors.DuplicateAbove(Own.NamespaceOf(host), 3) : Ask(Request(HostRequest.Namespace, host)).Descriptor;

    /// <summary>Starts a program on a host.</summary>
    /// <param name="host">The host's index.</param>
    /// <param name="program">What to start, and how.</param>
    /// <param name="descriptors">Standard input, output and error, and a pipe for its wait status; they stay the caller's.</param>
    /// <returns>Its id inside, and a process descriptor (pidfd).</returns>
    public (int Id, int PidFd) Spawn(int host, ProgramStart program, ReadOnlySpan<int> descriptors)
    {
        var (descriptor, number, _) = Ask(program.Write(Request(HostRequest.Spawn, host)), descriptors);
        return (number, descriptor);
    }

    /// <summary>The directory in which all lies that was written to a host's root tree.</summary>
    public int OpenLayers(int host) => Ask(Request(HostRequest.Layers, host)).Descriptor;

    /// <summary>Plugs a host's link in or out.</summary>
    public void SetLink(int host, int link, bool up) => Ask(Request(HostRequest.SetLink, host).Int32(link).Boolean(up));

    /// <summary>What needs no more words than the host: <see cref="HostRequest.Pause"/>, <see cref="HostRequest.Kill"/> and the like.</summary>
    public void Do(HostRequest request, int host) => Ask(Request(request, host));

    /// <summary>Freezes a host's programs; false: they are stopped by signals.</summary>
    public bool Freeze(int host) => Ask(Request(HostRequest.Freeze, host)).Number == 1;

    /// <summary>What a host's programs have taken, or with -1 the sandbox; null: nothing counts it.</summary>
    public ResourceUsage? Usage(int host) => Ask(Request(HostRequest.Usage, host)).Bytes is { Length: > 0 } bytes ? ReadUsage(bytes) : null;

    /// <summary>Changes the running network.</summary>
    public void Change(int host, Networking.PlanChange change) => Ask(Request(HostRequest.Change, host).Change(change));

    /// <summary>A connection to the name server, which is started if there is none.</summary>
    public int OpenDns() => Ask(Request(HostRequest.Dns, 0)).Descriptor;

    /// <summary>The name under which programs of this user find their way in, for <see cref="EnterProgram"/>.</summary>
    public string Entrance()
    {
        lock (gate)
            return (entrance ??= new HostEntrance(this)).Name;
    }

    /// <summary>One more connection to init, for another process: it ends with whoever has it last.</summary>
    public int Connect()
    {
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        bool sent;
        HasAsked = true;
        lock (gate)
            sent = !closed && UnixSocket.Send(socket, new ByteWriter().Byte((byte)ControlKind.Connect).Written, theirs);
        Descriptors.Close(theirs);
        if (sent)
            return ours;
        Descriptors.Close(ours);
        throw Gone();
    }

    /// <summary>Gives a router another NAT, or none.</summary>
    public void SetNat(int host, PlannedNat? nat) => Ask(Request(HostRequest.SetNat, host).Nat(nat));

    /// <summary>Gives a host another firewall, or none.</summary>
    public void SetFirewall(int host, PlannedFirewall? firewall) => Ask(Request(HostRequest.SetFirewall, host).Firewall(firewall));

    /// <summary>Has a router's NAT forget its mappings.</summary>
    public void RebindNat(int host) => Ask(Request(HostRequest.RebindNat, host));

    /// <summary>Ends the connection; whoever asks after that is told.</summary>
    public void Close()
    {
        lock (gate)
        {
            if (!closed)
                Descriptors.Close(socket);
            entrance?.Close();
            closed = true;
        }
    }

    private static ByteWriter Request(HostRequest request, int host) => new ByteWriter().Byte((byte)ControlKind.Ask).Byte((byte)request).Int32(host);

    private (int Descriptor, int Number, byte[] Bytes) Ask(ByteWriter request, params ReadOnlySpan<int> passed)
    {
        HasAsked = true;
        byte[] answer;
        int[] descriptors;
        lock (gate)
        {
            if (closed || !UnixSocket.Send(socket, request.Written, passed))
                throw Gone();
            answer = UnixSocket.Receive(socket, out descriptors) ?? [];
        }
        if (answer.Length == 0)
            throw Gone();
        var reader = new ByteReader(answer);
        reader.Byte();
        if (reader.String() is { } problem)
            throw new SandboxException(problem);
        return (descriptors.Length > 0 ? descriptors[0] : -1, reader.Int32(), reader.Bytes().ToArray());
    }

    private static ResourceUsage ReadUsage(byte[] bytes)
    {
        var reader = new ByteReader(bytes);
        return reader.Usage();
    }

    private static SandboxException Gone() => new("The sandbox is gone: it was disposed of, or its init process has ended.");
}
