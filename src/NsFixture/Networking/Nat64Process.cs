using System.Net;
using System.Text;
using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>
/// The process that runs a router's <see cref="Nat64Translator"/>. The router sends what is to be translated, by its routes, to one end
/// of a veth; the process reads and writes the other end, in the switch, by a packet socket (packet(7)). A TUN device
/// would do too, but few machines let ordinary users open <c>/dev/net/tun</c>.
/// </summary>
internal sealed unsafe class Nat64Process
{
    public const string Device = "nat64";

    private const int PacketSize = 65536, LongerHeader = 28; // by which a packet is longer as IPv6, if it is a fragment
    private readonly int socket;
    private readonly int port;
    private readonly byte[] deviceAddress;
    private int pid = -1;

    private Nat64Process(int socket, int port, byte[] deviceAddress) => (this.socket, this.port, this.deviceAddress) = (socket, port, deviceAddress);

    /// <summary>The hardware address of the router's end.</summary>
    public static byte[] DeviceAddress(PlannedHost router) => [0x02, 0x64, 0, 0, (byte)(router.Index >> 8), (byte)router.Index];

    /// <summary>What the end in the switch is called.</summary>
    public static string PortName(PlannedHost router) => $"h{router.Index}nat64";

    /// <summary>Has the calling thread's namespace, the router's, send what is to be translated to the device.</summary>
    public static void AddRoutes(RouteSocket onRouter, int index, int mtu)
    {
        onRouter.SetUpWithoutNeighbours(Device);
        onRouter.AddDeviceRoute(Nat64Translator.Prefix, index, mtu);
        // The router tells IPv4 senders how large a packet may be, as IPv6 it will be larger.
        onRouter.AddDeviceRoute(Nat64Translator.Pool, index, mtu - LongerHeader);
    }

    /// <summary>Opens its packet socket, in the calling thread's namespace, the switch.</summary>
    public static Nat64Process Open(PlannedHost router)
    {
        var (socket, port) = OpenPort(PortName(router));
        return new Nat64Process(socket, port, DeviceAddress(router));
    }

    /// <summary>A packet socket that has what comes in on a link of the calling thread's namespace, and the link's index.</summary>
    public static (int Socket, int Index) OpenPort(string name)
    {
        int socket = LinuxException.Check(Libc.Socket(SocketConstants.AF_PACKET, SocketConstants.SOCK_DGRAM | SocketConstants.SOCK_CLOEXEC, 0), "socket", "AF_PACKET");
        int index = Libc.IfNameToIndex(name);
        if (index == 0)
            throw LinuxException.Last("if_nametoindex", name);
        int on = 1;
        if (Libc.SetSockOpt(socket, SocketConstants.SOL_PACKET, PacketNumbers.PACKET_IGNORE_OUTGOING, &on, sizeof(int)) != 0)
            throw LinuxException.Last("setsockopt", "PACKET_IGNORE_OUTGOING");
        var address = new SockAddrLl { sll_family = SocketConstants.AF_PACKET, sll_protocol = NetworkOrder(EtherTypes.ETH_P_ALL), sll_ifindex = index };
        if (Libc.Bind(socket, &address, (uint)sizeof(SockAddrLl)) != 0)
            throw LinuxException.Last("bind", name);
        return (socket, index);
    }

    /// <summary>Starts the process, unless it runs; it ends with init.</summary>
    /// <param name="runtimeDescriptors">What the runtime needs; the process keeps nothing else.</param>
    public void Start(int[] runtimeDescriptors)
    {
        if (pid > 0)
            return;
        pid = Clone.Fork(0, out int pidFd);
        if (pid > 0)
        {
            Descriptors.Close(pidFd);
            return;
        }
        try
        {
            Descriptors.CloseAllBut([.. runtimeDescriptors, socket]);
            Translate();
        }
        catch (Exception e)
        {
            FileSystem.TryWriteAll(2, Encoding.UTF8.GetBytes($"NsFixture: NAT64 failed: {e}\n"));
        }
        Libc.Exit(1);
    }

    /// <summary>Ends the process.</summary>
    public void Stop()
    {
        if (pid > 0)
            _ = Libc.Kill(pid, SignalNumbers.SIGKILL);
        pid = -1;
    }

    /// <summary>Closes the socket, for good.</summary>
    public void Close() => Descriptors.Close(socket);

    private void Translate()
    {
        var translator = new Nat64Translator();
        byte[] packet = new byte[PacketSize], translated = new byte[PacketSize + Nat64Translator.Growth];
        var to = new SockAddrLl { sll_family = SocketConstants.AF_PACKET, sll_ifindex = port, sll_halen = 6 };
        deviceAddress.CopyTo(new Span<byte>(to.sll_addr, 8));
        fixed (byte* p = packet, t = translated)
            while (true)
            {
                nint n = Libc.Recv(socket, p, PacketSize, 0);
                int length = n > 0 ? translator.Translate(packet.AsSpan(0, (int)n), translated) : 0;
                if (length == 0)
                    continue;
                to.sll_protocol = NetworkOrder(translated[0] >> 4 == 6 ? EtherTypes.ETH_P_IPV6 : EtherTypes.ETH_P_IP);
                _ = Libc.SendTo(socket, t, length, 0, &to, (uint)sizeof(SockAddrLl)); // what does not fit, or has no way, is lost as on any link
            }
    }

    private static ushort NetworkOrder(int value) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((ushort)value);
}
