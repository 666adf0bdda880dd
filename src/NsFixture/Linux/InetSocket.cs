using System.Buffers.Binary;
using System.Net;
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

    private static SockAddrIn Address(IPAddress address, int port) => new()
    {
        sin_family = SocketConstants.AF_INET,
        sin_port = BinaryPrimitives.ReverseEndianness((ushort)port), // all that .NET runs on with namespaces is little-endian
        sin_addr = MemoryMarshal.Read<uint>(address.GetAddressBytes()),
    };
}
