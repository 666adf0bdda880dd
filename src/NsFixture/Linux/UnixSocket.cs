using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>
/// A pair of connected Unix sockets that pass descriptors (SCM_RIGHTS, unix(7)). Used with SOCK_SEQPACKET for control
/// messages, each received whole, and with SOCK_STREAM for results.
/// </summary>
internal static unsafe class UnixSocket
{
    /// <summary>The most bytes and descriptors that one control message carries.</summary>
    public const int MaxMessage = 128 * 1024, MaxDescriptors = 16;

    /// <summary>Two ends, closed on exec.</summary>
    public static (int, int) Pair(int type)
    {
        int* fds = stackalloc int[2];
        LinuxException.Check(Libc.SocketPair(SocketConstants.AF_UNIX, type | SocketConstants.SOCK_CLOEXEC, 0, fds), "socketpair", "AF_UNIX");
        return (fds[0], fds[1]);
    }

    /// <summary>
    /// Waits for connections under a name in the abstract namespace, which is on no file system, and goes with the socket (unix(7)). Of
    /// SOCK_SEQPACKET, closed on exec.
    /// </summary>
    public static int Listen(string name) => Named(name, (fd, address, length) => LinuxException.Check(Libc.Bind(fd, address, length), "bind", "@" + name) | LinuxException.Check(Libc.Listen(fd, 64), "listen", "@" + name));

    /// <summary>Connects to whoever listens under a name.</summary>
    public static int Connect(string name) => Named(name, (fd, address, length) => LinuxException.Check(Libc.Connect(fd, address, length), "connect", "@" + name));

    /// <summary>The user at the other end, as the kernel saw it connect.</summary>
    public static uint PeerUser(int socket)
    {
        UCred credentials;
        uint length = (uint)sizeof(UCred);
        LinuxException.Check(Libc.GetSockOpt(socket, SocketConstants.SOL_SOCKET, SocketConstants.SO_PEERCRED, &credentials, &length), "getsockopt", "SO_PEERCRED");
        return credentials.uid;
    }

    private delegate int AddressUse(int fd, void* address, uint length);

    private static int Named(string name, AddressUse use)
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(name);
        var address = new SockAddrUn { sun_family = SocketConstants.AF_UNIX };
        bytes.CopyTo(new Span<byte>(address.sun_path + 1, bytes.Length)); // the first byte, zero, says that it is abstract
        int fd = LinuxException.Check(Libc.Socket(SocketConstants.AF_UNIX, SocketConstants.SOCK_SEQPACKET | SocketConstants.SOCK_CLOEXEC, 0), "socket", "AF_UNIX");
        try
        {
            use(fd, &address, (uint)(sizeof(ushort) + 1 + bytes.Length));
            return fd;
        }
        catch
        {
            Descriptors.Close(fd);
            throw;
        }
    }

    /// <summary>Sends one message with descriptors; blocks while the peer's queue is full. False: the peer has gone.</summary>
    public static bool Send(int socket, ReadOnlySpan<byte> message, params ReadOnlySpan<int> descriptors)
    {
        if (message.Length > MaxMessage)
            throw new ArgumentException($"A control message of {message.Length} bytes is over the limit of {MaxMessage}.", nameof(message));
        byte* control = stackalloc byte[sizeof(CMsgHdr) + (MaxDescriptors * sizeof(int))];
        fixed (byte* bytes = message)
        {
            var vector = new IoVec { iov_base = bytes, iov_len = (nuint)message.Length };
            var header = new MsgHdr { msg_iov = &vector, msg_iovlen = 1 };
            if (descriptors.Length > 0)
            {
                int payload = descriptors.Length * sizeof(int);
                *(CMsgHdr*)control = new CMsgHdr
                {
                    cmsg_len = (nuint)(sizeof(CMsgHdr) + payload),
                    cmsg_level = SocketConstants.SOL_SOCKET,
                    cmsg_type = SocketConstants.SCM_RIGHTS,
                };
                descriptors.CopyTo(new Span<int>(control + sizeof(CMsgHdr), descriptors.Length));
                header.msg_control = control;
                header.msg_controllen = (nuint)(sizeof(CMsgHdr) + ((payload + 7) & ~7));
            }
            while (true)
            {
                if (Libc.SendMsg(socket, &header, SocketConstants.MSG_NOSIGNAL) >= 0)
                    return true;
                switch (Marshal.GetLastPInvokeError())
                {
                    case Err.EINTR: continue;
                    case Err.EPIPE or Err.ECONNRESET: return false;
                    default: throw LinuxException.Last("sendmsg", "on a control socket");
                }
            }
        }
    }

    /// <summary>
    /// Receives one message, waiting for it unless <paramref name="wait"/> is false. Null: none is there yet; an empty one: the
    /// peer has gone. Received descriptors are closed on exec and belong to the caller.
    /// </summary>
    public static byte[]? Receive(int socket, out int[] descriptors, bool wait = true)
    {
        const int controlSize = 16 + (MaxDescriptors * sizeof(int));
        byte[] buffer = receiveBuffer ??= new byte[MaxMessage];
        byte* control = stackalloc byte[controlSize];
        descriptors = [];
        fixed (byte* bytes = buffer)
        {
            var vector = new IoVec { iov_base = bytes, iov_len = (nuint)buffer.Length };
            var header = new MsgHdr { msg_iov = &vector, msg_iovlen = 1, msg_control = control, msg_controllen = controlSize };
            nint n;
            while ((n = Libc.RecvMsg(socket, &header, SocketConstants.MSG_CMSG_CLOEXEC | (wait ? 0 : SocketConstants.MSG_DONTWAIT))) < 0)
            {
                switch (Marshal.GetLastPInvokeError())
                {
                    case Err.EINTR: continue;
                    case Err.EAGAIN: return null;
                    // It was closed before all was read there. The kernel says so once, and before it gives what was last sent from there.
                    case Err.ECONNRESET: continue;
                    default: throw LinuxException.Last("recvmsg", "on a control socket");
                }
            }
            if (header.msg_controllen >= (nuint)sizeof(CMsgHdr))
            {
                var first = (CMsgHdr*)control;
                if (first->cmsg_level == SocketConstants.SOL_SOCKET && first->cmsg_type == SocketConstants.SCM_RIGHTS)
                    descriptors = new Span<int>(control + sizeof(CMsgHdr), (int)(first->cmsg_len - (nuint)sizeof(CMsgHdr)) / sizeof(int)).ToArray();
            }
            return buffer[..(int)n];
        }
    }

    /// <summary>The first byte of the message that is there and stays there; 0: the peer has gone; -1: none is there.</summary>
    public static int Peek(int socket)
    {
        byte first;
        nint n;
        do
            n = Libc.Recv(socket, &first, 1, SocketConstants.MSG_PEEK | SocketConstants.MSG_DONTWAIT);
        while (n < 0 && Marshal.GetLastPInvokeError() == Err.ECONNRESET); // see Receive
        return n > 0 ? first : n < 0 && Marshal.GetLastPInvokeError() is Err.EAGAIN or Err.EINTR ? -1 : 0;
    }

    [ThreadStatic]
    private static byte[]? receiveBuffer;
}
