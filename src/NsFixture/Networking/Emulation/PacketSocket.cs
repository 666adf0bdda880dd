using System.Runtime.CompilerServices;
using NsFixture.Linux;

namespace NsFixture.Networking;

/// <summary>
/// One packet(7) socket for all ports of the emulator. One, because closing one costs the kernel tens of milliseconds, whatever it
/// was used for; a TAP device costs 38 ms, and each link would need its own. Frames come in by a ring in shared memory (TPACKET_V2),
/// which holds thousands of them whatever net.core.rmem_max says, and go out by sendmmsg(2). Both carry the kernel's note on checksums
/// (PACKET_VNET_HDR), so none is ever computed that was not on an undisturbed link.
/// </summary>
internal sealed unsafe class PacketSocket
{
    private const int Batch = 64, BlockSize = 128 * 1024, RingBytes = 16 * 1024 * 1024, MaxFrames = 8192;
    private const int AddressOffset = 32; // TPACKET_ALIGN(sizeof(struct tpacket2_hdr)): where struct sockaddr_ll is
    private const int RingHeader = 128; // at least what the kernel puts before a packet's IP header

    private readonly byte* ring;
    private readonly int frameSize, frameCount;
    private readonly MMsgHdr* messages;
    private readonly IoVec* vectors;
    private readonly SockAddrLl* addresses;
    private readonly int* packets = UnmanagedMemory.Reserve<int>(Batch);
    private int at, queued;

    /// <summary>Opens it in the calling thread's network namespace. It receives nothing before <see cref="Listen"/>.</summary>
    /// <param name="maxPacket">The largest IP packet, in bytes.</param>
    public PacketSocket(int maxPacket)
    {
        Descriptor = LinuxException.Check(Libc.Socket(SocketConstants.AF_PACKET, SocketConstants.SOCK_RAW | SocketConstants.SOCK_CLOEXEC | SocketConstants.SOCK_NONBLOCK, 0), "socket", "AF_PACKET");
        Set(PacketNumbers.PACKET_VERSION, PacketNumbers.TPACKET_V2);
        Set(PacketNumbers.PACKET_VNET_HDR, 1);
        int one = 1; // since Linux 4.20; without it the frames that it sends come back, and are told by their type
        _ = Libc.SetSockOpt(Descriptor, SocketConstants.SOL_PACKET, PacketNumbers.PACKET_IGNORE_OUTGOING, &one, sizeof(int));
        frameSize = 2048;
        while (frameSize < maxPacket + RingHeader)
            frameSize *= 2;
        frameCount = Math.Min(MaxFrames, RingBytes / frameSize);
        var request = new TPacketReq
        {
            tp_block_size = BlockSize, tp_frame_size = (uint)frameSize, tp_frame_nr = (uint)frameCount, tp_block_nr = (uint)((long)frameCount * frameSize / BlockSize),
        };
        LinuxException.Check(Libc.SetSockOpt(Descriptor, SocketConstants.SOL_PACKET, PacketNumbers.PACKET_RX_RING, &request, (uint)sizeof(TPacketReq)), "setsockopt", "PACKET_RX_RING");
        nint memory = Libc.MMap(0, (nuint)((long)frameCount * frameSize), Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_SHARED, Descriptor, 0);
        if (memory == -1)
            throw LinuxException.Last("mmap", "a ring for packets");
        ring = (byte*)memory;
        messages = UnmanagedMemory.Reserve<MMsgHdr>(Batch);
        vectors = UnmanagedMemory.Reserve<IoVec>(Batch);
        addresses = UnmanagedMemory.Reserve<SockAddrLl>(Batch);
        for (int i = 0; i < Batch; i++)
        {
            addresses[i] = new SockAddrLl { sll_family = SocketConstants.AF_PACKET };
            messages[i].msg_hdr = new MsgHdr { msg_name = addresses + i, msg_namelen = (uint)sizeof(SockAddrLl), msg_iov = vectors + i, msg_iovlen = 1 };
        }
    }

    /// <summary>Readable when frames have come.</summary>
    public int Descriptor { get; }

    /// <summary>Receives what comes in on all devices of the namespace that <see cref="Select"/> has selected.</summary>
    public void Listen()
    {
        var everything = new SockAddrLl { sll_family = SocketConstants.AF_PACKET, sll_protocol = EtherTypes.ETH_P_ALL << 8 }; // network byte order
        LinuxException.Check(Libc.Bind(Descriptor, &everything, (uint)sizeof(SockAddrLl)), "bind", "AF_PACKET");
    }

    /// <summary>Has the kernel pass on what comes in on these devices alone: bridges' ports are none of the emulator's business.</summary>
    public void Select(IEnumerable<int> devices)
    {
        const ushort load = Bpf.BPF_LD | Bpf.BPF_W | Bpf.BPF_ABS, atLeast = Bpf.BPF_JMP | Bpf.BPF_JGE | Bpf.BPF_K,
            above = Bpf.BPF_JMP | Bpf.BPF_JGT | Bpf.BPF_K, answer = Bpf.BPF_RET | Bpf.BPF_K;
        List<(int First, int Last)> ranges = [];
        foreach (int device in devices.Order())
            if (ranges.Count > 0 && ranges[^1].Last == device - 1)
                ranges[^1] = (ranges[^1].First, device);
            else
                ranges.Add((device, device));
        List<SockFilter> program = [new() { code = load, k = unchecked((uint)(Bpf.SKF_AD_OFF + Bpf.SKF_AD_IFINDEX)) }];
        foreach (var (first, last) in ranges)
            program.AddRange([new() { code = atLeast, k = (uint)first, jf = 2 }, new() { code = above, k = (uint)last, jt = 1 }, new() { code = answer, k = int.MaxValue }]);
        program.Add(new() { code = answer, k = 0 });
        if (program.Count > Bpf.BPF_MAXINSNS)
            program = [new() { code = answer, k = int.MaxValue }]; // the emulator knows its ports too
        fixed (SockFilter* filter = program.ToArray())
        {
            var whole = new SockFProg { len = (ushort)program.Count, filter = filter };
            LinuxException.Check(Libc.SetSockOpt(Descriptor, SocketConstants.SOL_SOCKET, SocketConstants.SO_ATTACH_FILTER, &whole, (uint)sizeof(SockFProg)), "setsockopt", "SO_ATTACH_FILTER");
        }
    }

    /// <summary>The next frame that has come; it stays valid until <see cref="Done"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryReceive(out Received frame)
    {
        byte* start = ring + ((long)at * frameSize);
        var header = (TPacket2Hdr*)start;
        if ((Volatile.Read(ref header->tp_status) & PacketNumbers.TP_STATUS_USER) == 0)
        {
            frame = default;
            return false;
        }
        var address = (SockAddrLl*)(start + AddressOffset);
        bool whole = header->tp_snaplen == header->tp_len;
        frame = new Received(start + header->tp_mac - Frame.Note, whole ? (int)header->tp_snaplen : 0, address->sll_ifindex, address->sll_pkttype == PacketNumbers.PACKET_OUTGOING,
            (header->tp_sec * 1_000_000_000L) + header->tp_nsec);
        return true;
    }

    /// <summary>Gives the frame's place in the ring back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Done()
    {
        Volatile.Write(ref ((TPacket2Hdr*)(ring + ((long)at * frameSize)))->tp_status, PacketNumbers.TP_STATUS_KERNEL);
        at = at + 1 == frameCount ? 0 : at + 1;
    }

    /// <summary>Sends a packet soon, at the latest with <see cref="Flush"/>, and then gives its buffer back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Send(PacketPool pool, int packet, int device)
    {
        if (queued == Batch)
            Flush(pool);
        vectors[queued] = new IoVec { iov_base = pool.Bytes(packet), iov_len = (nuint)(Frame.Note + pool.Length(packet)) };
        addresses[queued].sll_ifindex = device;
        packets[queued++] = packet;
    }

    /// <summary>Sends all that waits to be sent. What the kernel refuses is lost: a port is down, or its MTU smaller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Flush(PacketPool pool)
    {
        for (int done = 0; done < queued;)
        {
            int sent = Libc.SendMMsg(Descriptor, messages + done, (uint)(queued - done), SocketConstants.MSG_NOSIGNAL);
            done += Math.Max(1, sent);
        }
        for (int i = 0; i < queued; i++)
            pool.Release(packets[i]);
        queued = 0;
    }

    /// <summary>How many frames found the ring full since the last call.</summary>
    public long TakeOverruns()
    {
        TPacketStats statistics;
        uint size = (uint)sizeof(TPacketStats);
        return Libc.GetSockOpt(Descriptor, SocketConstants.SOL_PACKET, PacketNumbers.PACKET_STATISTICS, &statistics, &size) == 0 ? statistics.tp_drops : 0;
    }

    private void Set(int option, int value) =>
        LinuxException.Check(Libc.SetSockOpt(Descriptor, SocketConstants.SOL_PACKET, option, &value, sizeof(int)), "setsockopt", $"SOL_PACKET {option}");

    /// <summary>A frame in the ring.</summary>
    /// <param name="Note">Where the kernel's note starts, and <see cref="Frame.Note"/> bytes later the frame.</param>
    /// <param name="Length">The frame's length; 0: it was longer than there is room for.</param>
    /// <param name="Device">The port it came in on.</param>
    /// <param name="IsOutgoing">It was sent from here.</param>
    /// <param name="RealTime">When the kernel got it, in nanoseconds since 1970.</param>
    internal readonly record struct Received(nint Note, int Length, int Device, bool IsOutgoing, long RealTime)
    {
        public Received(byte* note, int length, int device, bool isOutgoing, long realTime)
            : this((nint)note, length, device, isOutgoing, realTime)
        {
        }
    }
}
