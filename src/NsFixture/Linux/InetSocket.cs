using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>IPv4 sockets by system call, for init's processes, which have no use for the socket classes' threads.</summary>
internal static unsafe class InetSocket
{
    private const int Backlog = 128;

    /// <summary>Gives a socket its address, in the network namespace that it was made in.</summary>
    public static void Bind(int fd, IPAddress address, int port)
    {
        SockAddrIn to = Address(address, port);
        LinuxException.Check(Libc.Bind(fd, &to, (uint)sizeof(SockAddrIn)), "bind", $"to {address}:{port}");
    }

    public static void Listen(int fd) => LinuxException.Check(Libc.Listen(fd, Backlog), "listen", fd.ToString());

    /// <summary>The next connection, which does not block; -1: there is none.</summary>
    public static int Accept(int fd) => Libc.Accept4(fd, null, null, SocketConstants.SOCK_CLOEXEC | SocketConstants.SOCK_NONBLOCK);

    /// <summary>The next datagram's length and sender; -1: there is none.</summary>
    public static int Receive(int fd, Span<byte> into, out SockAddrIn from)
    {
        SockAddrIn sender;
        uint length = (uint)sizeof(SockAddrIn);
        fixed (byte* start = into)
        {
            nint n = Libc.RecvFrom(fd, start, into.Length, SocketConstants.MSG_DONTWAIT, &sender, &length);
            from = sender;
            return (int)n;
        }
    }

    /// <summary>Sends a datagram; whoever has gone does not get it.</summary>
    public static void Send(int fd, ReadOnlySpan<byte> bytes, SockAddrIn to)
    {
        fixed (byte* start = bytes)
            _ = Libc.SendTo(fd, start, bytes.Length, SocketConstants.MSG_DONTWAIT | SocketConstants.MSG_NOSIGNAL, &to, (uint)sizeof(SockAddrIn));
    }

    /// <summary>Gives a socket its address, in the network namespace that it was made in; an IPv6 one has no IPv4 addresses.</summary>
    public static void Bind(int fd, IPEndPoint to)
    {
        if (to.AddressFamily == AddressFamily.InterNetworkV6)
        {
            int on = 1;
            LinuxException.Check(Libc.SetSockOpt(fd, SocketLevels.SOL_IPV6, SocketLevels.IPV6_V6ONLY, &on, sizeof(int)), "setsockopt", "IPV6_V6ONLY");
        }
        fixed (byte* address = Native(to))
            LinuxException.Check(Libc.Bind(fd, address, LengthOf(to)), "bind", $"to {to}");
    }

    /// <summary>The port that a socket is bound to.</summary>
    public static int LocalPort(int fd)
    {
        byte* address = stackalloc byte[AddressSize];
        uint length = AddressSize;
        LinuxException.Check(Libc.GetSockName(fd, address, &length), "getsockname", fd.ToString());
        return Managed(address)!.Port;
    }

    /// <summary>Begins to connect a socket that does not block. 0: it is connected; else the error, EINPROGRESS where it may become so.</summary>
    public static int Connect(int fd, IPEndPoint to)
    {
        fixed (byte* address = Native(to))
            return Libc.Connect(fd, address, LengthOf(to)) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>What has gone wrong with a socket since it was asked; 0: nothing.</summary>
    public static int TakeError(int fd)
    {
        int error = 0;
        uint length = sizeof(int);
        return Libc.GetSockOpt(fd, SocketConstants.SOL_SOCKET, SocketConstants.SO_ERROR, &error, &length) == 0 ? error : Marshal.GetLastPInvokeError();
    }

    /// <summary>Has the peer of a TCP connection get a reset when it is closed (socket(7), SO_LINGER of no time).</summary>
    public static void ResetOnClose(int fd)
    {
        ulong onForNoTime = 1; // struct linger: two ints
        _ = Libc.SetSockOpt(fd, SocketConstants.SOL_SOCKET, SocketConstants.SO_LINGER, &onForNoTime, sizeof(ulong));
    }

    /// <summary>Ends one direction of a TCP connection.</summary>
    public static void EndSending(int fd) => _ = Libc.Shutdown(fd, SocketConstants.SHUT_WR);

    /// <summary>Who an accepted connection was for, before rules of nf_tables had it come here; null: nobody knows.</summary>
    public static IPEndPoint? OriginalDestination(int fd)
    {
        byte* address = stackalloc byte[AddressSize];
        uint length = AddressSize;
        if (Libc.GetSockOpt(fd, SocketLevels.SOL_IP, Linux.OriginalDestination.SO_ORIGINAL_DST, address, &length) == 0)
            return Managed(address);
        length = AddressSize;
        return Libc.GetSockOpt(fd, SocketLevels.SOL_IPV6, OriginalDestination6.IP6T_SO_ORIGINAL_DST, address, &length) == 0 ? Managed(address) : null;
    }

    /// <summary>The next datagram's length and sender; -1: there is none.</summary>
    public static int Receive(int fd, Span<byte> into, out IPEndPoint? from)
    {
        byte* sender = stackalloc byte[AddressSize];
        uint length = AddressSize;
        fixed (byte* start = into)
        {
            nint n = Libc.RecvFrom(fd, start, into.Length, SocketConstants.MSG_DONTWAIT, (SockAddrIn*)sender, &length);
            from = n >= 0 && length > 0 ? Managed(sender) : null;
            return (int)n;
        }
    }

    /// <summary>Sends a datagram; what cannot be sent is lost.</summary>
    public static void Send(int fd, ReadOnlySpan<byte> bytes, IPEndPoint? to = null)
    {
        fixed (byte* start = bytes, address = to == null ? null : Native(to))
            _ = Libc.SendTo(fd, start, bytes.Length, SocketConstants.MSG_DONTWAIT | SocketConstants.MSG_NOSIGNAL, (SockAddrIn*)address, to == null ? 0 : LengthOf(to));
    }

    private const int AddressSize = 28; // sizeof(struct sockaddr_in6)

    private static byte[] Native(IPEndPoint endpoint) => endpoint.Serialize().Buffer.ToArray();

    private static uint LengthOf(IPEndPoint endpoint) => (uint)endpoint.Serialize().Size;

    // struct sockaddr_in and sockaddr_in6: family, port, and the address four or eight bytes from the start.
    private static IPEndPoint? Managed(byte* address) => *(ushort*)address switch
    {
        SocketConstants.AF_INET => new IPEndPoint(new IPAddress(new ReadOnlySpan<byte>(address + 4, 4)), BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(address + 2, 2))),
        SocketConstants.AF_INET6 => new IPEndPoint(new IPAddress(new ReadOnlySpan<byte>(address + 8, 16)), BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(address + 2, 2))),
        _ => null,
    };

    private static SockAddrIn Address(IPAddress address, int port) => new()
    {
        sin_family = SocketConstants.AF_INET,
        sin_port = BinaryPrimitives.ReverseEndianness((ushort)port), // all that .NET runs on with namespaces is little-endian
        sin_addr = MemoryMarshal.Read<uint>(address.GetAddressBytes()),
    };
}
