using System.Net;
using NsFixture.Launching;
using NsFixture.Linux;

namespace NsFixture.Networking;

/// <summary>
/// Sockets of the machine's network, for a process inside of a sandbox. It cannot make them itself: who has entered another network
/// namespace and user namespace may not go back. So it asks the process that has the sandbox, which makes nothing but plain
/// TCP and UDP sockets and passes them on; a socket stays in the network it was made in, whoever connects it (network_namespaces(7)).
/// </summary>
internal sealed class MachineSockets(int channel)
{
    private const byte Socket = 1, Resolvers = 2;
    private const int MaxResolvers = 3; // as the C library's (resolv.conf(5))

    /// <summary>The descriptor that it asks over.</summary>
    public int Channel => channel;

    /// <summary>A socket that does not block; -1: the machine has none, for want of descriptors or of that family.</summary>
    /// <param name="domain">AF_INET or AF_INET6.</param>
    /// <param name="type">SOCK_STREAM or SOCK_DGRAM.</param>
    public int Open(int domain, int type)
    {
        if (!UnixSocket.Send(channel, [Socket, (byte)domain, (byte)type]) || UnixSocket.Receive(channel, out int[] descriptors) is not { Length: > 0 })
            return -1;
        return descriptors.Length > 0 ? descriptors[0] : -1;
    }

    /// <summary>The machine's name servers.</summary>
    public IReadOnlyList<IPEndPoint> FindResolvers()
    {
        if (!UnixSocket.Send(channel, [Resolvers]) || UnixSocket.Receive(channel, out _) is not { Length: > 0 } answer)
            return [];
        return [.. new ByteReader(answer).Strings().OfType<string>().Select(a => new IPEndPoint(IPAddress.Parse(a), 53))];
    }

    /// <summary>Outside: answers one request, if there is one. False: nobody asks any more.</summary>
    public static bool Serve(int channel)
    {
        byte[]? request = UnixSocket.Receive(channel, out int[] given, wait: false);
        foreach (int fd in given)
            Descriptors.Close(fd);
        if (request == null)
            return true;
        if (request.Length == 0)
            return false;
        if (request[0] == Resolvers)
            return UnixSocket.Send(channel, new ByteWriter().Strings([.. ReadResolvers()]).Written);
        bool isPlain = request.Length == 3 && request[1] is SocketConstants.AF_INET or SocketConstants.AF_INET6 && request[2] is SocketConstants.SOCK_STREAM or SocketConstants.SOCK_DGRAM;
        int made = isPlain ? Libc.Socket(request[1], request[2] | SocketConstants.SOCK_CLOEXEC | SocketConstants.SOCK_NONBLOCK, 0) : -1;
        bool sent = UnixSocket.Send(channel, [1], made < 0 ? [] : [made]);
        Descriptors.Close(made);
        return sent;
    }

    private static IEnumerable<string> ReadResolvers()
    {
        const string path = "/etc/resolv.conf";
        string[] lines = FileSystem.Exists(path) ? FileSystem.ReadText(path).Split('\n') : [];
        string[] named = [.. lines.Select(l => l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Where(w => w is ["nameserver", var address, ..] && IPAddress.TryParse(address, out _)).Select(w => w[1])];
        return named.Length > 0 ? named.Take(MaxResolvers) : ["127.0.0.1"];
    }
}
