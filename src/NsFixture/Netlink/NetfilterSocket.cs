using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Netlink;

/// <summary>An nfnetlink socket of the network namespace it was opened in: the tables of nf_tables, and connection tracking.</summary>
internal sealed unsafe class NetfilterSocket : IDisposable
{
    /// <summary>What its failures call themselves; <see cref="UserNamespaceAdvice"/> knows their causes.</summary>
    public const string Operation = "nf_tables";

    private const uint BatchSequence = 1;
    private readonly int fd;

    /// <summary>Opens a socket in the calling thread's network namespace.</summary>
    /// <exception cref="LinuxException">The kernel has no netfilter.</exception>
    public NetfilterSocket()
    {
        fd = LinuxException.Check(
            Libc.Socket(SocketConstants.AF_NETLINK, SocketConstants.SOCK_RAW | SocketConstants.SOCK_CLOEXEC, Nl.NETLINK_NETFILTER), Operation, "open a socket");
        int on = 1, size = 1 << 20;
        _ = Libc.SetSockOpt(fd, Nl.SOL_NETLINK, Nl.NETLINK_EXT_ACK, &on, sizeof(int));
        _ = Libc.SetSockOpt(fd, SocketConstants.SOL_SOCKET, SocketConstants.SO_SNDBUF, &size, sizeof(int));
    }

    /// <summary>Makes the changes of a batch, all of them or none.</summary>
    /// <exception cref="LinuxException">The kernel refused one; it is named.</exception>
    public void Commit(NftBatch batch)
    {
        IReadOnlyList<(NetlinkMessage Message, string What)> messages = batch.Messages;
        var bytes = new List<byte>();
        bytes.AddRange(Limit(Nfnl.NFNL_MSG_BATCH_BEGIN).Finish(BatchSequence));
        uint sequence = BatchSequence;
        foreach (var (message, _) in messages)
        {
            sequence++;
            bytes.AddRange(message.Finish(sequence, acknowledged: sequence == BatchSequence + messages.Count));
        }
        bytes.AddRange(Limit(Nfnl.NFNL_MSG_BATCH_END).Finish(sequence + 1));
        Send(CollectionsMarshal.AsSpan(bytes), "change the tables");
        Await(sequence, told => told > BatchSequence && told - BatchSequence <= messages.Count ? messages[(int)(told - BatchSequence) - 1].What : "change the tables");
    }

    /// <summary>Has connection tracking forget all connections.</summary>
    public void ForgetConnections()
    {
        const string what = "forget tracked connections";
        Send(new NetlinkMessage((Nfnl.NFNL_SUBSYS_CTNETLINK << 8) | CtNl.IPCTNL_MSG_CT_DELETE, 0).Fixed(default(NfGenMsg)).Finish(BatchSequence), what);
        Await(BatchSequence, _ => what);
    }

    public void Dispose() => Descriptors.Close(fd);

    private static NetlinkMessage Limit(ushort type) =>
        new NetlinkMessage(type, 0, acknowledged: false).Fixed(new NfGenMsg { res_id = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((ushort)Nfnl.NFNL_SUBSYS_NFTABLES) });

    private void Send(ReadOnlySpan<byte> bytes, string what)
    {
        fixed (byte* p = bytes)
            if (Libc.Send(fd, p, bytes.Length, 0) < 0)
                throw LinuxException.Last(Operation, what);
    }

    // Errors come one by one, each with the number of its message; the acknowledgement of the last one comes after them.
    private void Await(uint last, Func<uint, string> what)
    {
        const int size = 16384;
        byte* answers = stackalloc byte[size];
        while (true)
        {
            nint n = Libc.Recv(fd, answers, size, 0);
            if (n < 0 && Marshal.GetLastPInvokeError() == Err.EINTR)
                continue;
            if (n < 0)
                throw LinuxException.Last(Operation, what(last));
            for (int at = 0; at + sizeof(NlMsgHdr) + sizeof(int) <= n;)
            {
                var header = *(NlMsgHdr*)(answers + at);
                int error = -*(int*)(answers + at + sizeof(NlMsgHdr));
                if (header.nlmsg_type == Nl.NLMSG_ERROR && error != 0)
                    throw new LinuxException(Operation, what(header.nlmsg_seq) + RouteSocket.KernelsWords(answers + at, (int)header.nlmsg_len), error);
                if (header.nlmsg_type == Nl.NLMSG_ERROR && header.nlmsg_seq == last)
                    return;
                at += (int)((header.nlmsg_len + 3) & ~3u);
            }
        }
    }
}
