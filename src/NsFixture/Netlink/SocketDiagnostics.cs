using NsFixture.Linux;

namespace NsFixture.Netlink;

/// <summary>
/// Ends sockets that others hold (sock_diag(7)): whoever uses one next gets ECONNABORTED. It takes a kernel with
/// CONFIG_INET_DIAG_DESTROY, as distributions have it.
/// </summary>
internal static unsafe class SocketDiagnostics
{
    private const uint AllStates = uint.MaxValue;
    private const byte Tcp = 6, Udp = 17; // IPPROTO_TCP, IPPROTO_UDP

    /// <summary>
    /// Ends all TCP and UDP sockets of the calling thread's network namespace, those that nobody holds any more and that the kernel
    /// still retransmits for included: they would keep the namespace alive for minutes.
    /// </summary>
    /// <returns>Whether the kernel can.</returns>
    public static bool DestroyAll()
    {
        int fd = Libc.Socket(SocketConstants.AF_NETLINK, SocketConstants.SOCK_RAW | SocketConstants.SOCK_CLOEXEC, Nl.NETLINK_SOCK_DIAG);
        if (fd < 0)
            return false;
        try
        {
            bool able = true;
            foreach (int family in (int[])[SocketConstants.AF_INET, SocketConstants.AF_INET6])
                foreach (byte protocol in (byte[])[Tcp, Udp])
                    foreach (InetDiagSockId id in List(fd, (byte)family, protocol))
                        able &= Destroy(fd, (byte)family, protocol, id);
            return able;
        }
        finally
        {
            Descriptors.Close(fd);
        }
    }

    private static List<InetDiagSockId> List(int fd, byte family, byte protocol)
    {
        var found = new List<InetDiagSockId>();
        if (!Send(fd, new NetlinkMessage(SockDiag.SOCK_DIAG_BY_FAMILY, Nl.NLM_F_DUMP)
                .Fixed(new InetDiagReqV2 { sdiag_family = family, sdiag_protocol = protocol, idiag_states = AllStates })))
            return found;
        byte[] answer = new byte[32 * 1024];
        while (true)
        {
            int length = Receive(fd, answer);
            fixed (byte* start = answer)
            {
                for (int at = 0; at + sizeof(NlMsgHdr) <= length;)
                {
                    var header = (NlMsgHdr*)(start + at);
                    if (header->nlmsg_type != SockDiag.SOCK_DIAG_BY_FAMILY)
                        return found; // the end, or an error
                    found.Add(((InetDiagMsg*)(header + 1))->id);
                    at += ((int)header->nlmsg_len + 3) & ~3;
                }
            }
            if (length <= 0)
                return found;
        }
    }

    private static bool Destroy(int fd, byte family, byte protocol, in InetDiagSockId id)
    {
        if (!Send(fd, new NetlinkMessage(SockDiag.SOCK_DESTROY, 0)
                .Fixed(new InetDiagReqV2 { sdiag_family = family, sdiag_protocol = protocol, idiag_states = AllStates, id = id })))
            return false;
        byte[] answer = new byte[4096];
        if (Receive(fd, answer) < sizeof(NlMsgHdr) + sizeof(int))
            return false;
        int error = -BitConverter.ToInt32(answer, sizeof(NlMsgHdr));
        return error is 0 or Err.ENOENT; // it may have ended by itself
    }

    private static bool Send(int fd, NetlinkMessage message)
    {
        ReadOnlySpan<byte> bytes = message.Finish(1);
        fixed (byte* p = bytes)
            return Libc.Send(fd, p, bytes.Length, 0) == bytes.Length;
    }

    private static int Receive(int fd, byte[] into)
    {
        fixed (byte* p = into)
        {
            nint n;
            while ((n = Libc.Recv(fd, p, into.Length, 0)) < 0)
                if (System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Err.EINTR)
                    return -1;
            return (int)n;
        }
    }
}
