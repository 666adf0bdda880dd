using System.Buffers.Binary;
using System.Net;
using NsFixture.Linux;

namespace NsFixture.Networking;

/// <summary>
/// UDP from inside, as packets, and its answers. Each inside endpoint has one outside socket, which anyone whom it has written to, or not,
/// may answer, until nothing has come or gone for a minute.
/// </summary>
internal sealed class EgressDatagrams(PlannedEgress egress, MachineSockets machine, Action<ReadOnlyMemory<byte>> deliver)
{
    public const int Header4 = 20, Header6 = 40;

    private const int MaxFlows = 1024, UdpHeader = 8, MaxDatagram = 65_535;
    private const byte Udp = 17;
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    private readonly Dictionary<IPEndPoint, Flow> flows = [];
    private readonly byte[] packet = new byte[Header6 + UdpHeader + MaxDatagram];

    private sealed class Flow(IPEndPoint inside, int socket)
    {
        public IPEndPoint Inside => inside;

        public int Socket => socket;

        public long LastUsed { get; set; }
    }

    public IEnumerable<int> Sockets => flows.Values.Select(f => f.Socket);

    /// <summary>Sends a packet on, if it is UDP, whole, and for someone whom it may reach.</summary>
    public void Send(ReadOnlySpan<byte> whole)
    {
        if (!TryRead(whole, out IPEndPoint? from, out IPEndPoint? to, out ReadOnlySpan<byte> data) || egress.Outside(to!) is not { } outside)
            return;
        if (!flows.TryGetValue(from!, out Flow? flow))
        {
            Forget(Idle);
            if (flows.Count >= MaxFlows)
                Forget(TimeSpan.Zero);
            int socket = machine.Open(outside.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? SocketConstants.AF_INET : SocketConstants.AF_INET6, SocketConstants.SOCK_DGRAM);
            if (socket < 0)
                return;
            flows.Add(from!, flow = new Flow(from!, socket));
        }
        flow.LastUsed = Environment.TickCount64;
        InetSocket.Send(flow.Socket, data, outside); // what cannot be sent is lost, as on any network
    }

    /// <summary>Delivers what has come to a socket.</summary>
    public void Receive(int socket)
    {
        if (flows.Values.FirstOrDefault(f => f.Socket == socket) is not { } flow)
            return;
        int headers = (flow.Inside.Address.GetAddressBytes().Length == 4 ? Header4 : Header6) + UdpHeader;
        int n;
        while ((n = InetSocket.Receive(socket, packet.AsSpan(headers), out IPEndPoint? from)) >= 0)
        {
            flow.LastUsed = Environment.TickCount64;
            if (from != null && headers + n <= ushort.MaxValue)
                deliver(packet.AsMemory(0, Write(egress.Inside(from), flow.Inside, headers, n)));
        }
    }

    private void Forget(TimeSpan idle)
    {
        long limit = Environment.TickCount64 - (long)idle.TotalMilliseconds;
        foreach (Flow flow in flows.Values.Where(f => f.LastUsed <= limit).ToArray())
        {
            flows.Remove(flow.Inside);
            Descriptors.Close(flow.Socket);
        }
    }

    private static bool TryRead(ReadOnlySpan<byte> packet, out IPEndPoint? from, out IPEndPoint? to, out ReadOnlySpan<byte> data)
    {
        (from, to) = (null, null);
        data = default;
        if (packet.Length < Header4 + UdpHeader)
            return false;
        bool ipv6 = packet[0] >> 4 == 6;
        int header = ipv6 ? Header6 : (packet[0] & 15) * 4, source = ipv6 ? 8 : 12, size = ipv6 ? 16 : 4;
        if (packet.Length < header + UdpHeader || packet[ipv6 ? 6 : 9] != Udp || (!ipv6 && (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3fff) != 0)) // a fragment
            return false;
        ReadOnlySpan<byte> udp = packet[header..];
        int length = BinaryPrimitives.ReadUInt16BigEndian(udp[4..]);
        if (length < UdpHeader || length > udp.Length)
            return false;
        from = new IPEndPoint(new IPAddress(packet.Slice(source, size)), BinaryPrimitives.ReadUInt16BigEndian(udp));
        to = new IPEndPoint(new IPAddress(packet.Slice(source + size, size)), BinaryPrimitives.ReadUInt16BigEndian(udp[2..]));
        data = udp[UdpHeader..length];
        return true;
    }

    /// <summary>Writes the headers before data that is there already.</summary>
    private int Write(IPEndPoint from, IPEndPoint to, int headers, int length)
    {
        Span<byte> whole = packet.AsSpan(0, headers + length), udp = whole[(headers - UdpHeader)..];
        byte[] addresses = [.. from.Address.GetAddressBytes(), .. to.Address.GetAddressBytes()];
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)to.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        udp[6..8].Clear();
        ushort sum = InternetChecksum.Folded(InternetChecksum.Sum(addresses) + Udp + (uint)udp.Length + InternetChecksum.Sum(udp));
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], sum == 0 ? ushort.MaxValue : sum);
        whole[..(headers - UdpHeader)].Clear();
        if (addresses.Length == 8)
        {
            whole[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(whole[2..], (ushort)whole.Length);
            (whole[8], whole[9]) = (64, Udp);
            addresses.CopyTo(whole[12..]);
            BinaryPrimitives.WriteUInt16BigEndian(whole[10..], InternetChecksum.Folded(InternetChecksum.Sum(whole[..Header4])));
        }
        else
        {
            whole[0] = 0x60;
            BinaryPrimitives.WriteUInt16BigEndian(whole[4..], (ushort)udp.Length);
            (whole[6], whole[7]) = (Udp, 64);
            addresses.CopyTo(whole[8..]);
        }
        return whole.Length;
    }
}
