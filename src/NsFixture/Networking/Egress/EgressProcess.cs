using System.Net;
using System.Text;
using NsFixture.Launching;
using NsFixture.Linux;

namespace NsFixture.Networking;

/// <summary>
/// The process that leads out of a sandbox. TCP connections are accepted at the router, where rules of nf_tables have them come whoever they were
/// for, which the kernel remembers (SO_ORIGINAL_DST); UDP comes as packets, by the router's default route to one end of a veth, and is read and
/// written at the other, as in <see cref="Nat64Process"/>. Outside, both go by sockets of the machine's network
/// (<see cref="MachineSockets"/>), as if the process that has the sandbox had sent it: no privilege is needed.
/// </summary>
internal sealed unsafe class EgressProcess
{
    public const string Device = "egress";

    private const int PacketSize = 65_536;
    private readonly PlannedEgress egress;
    private readonly int[] listeners;
    private readonly int packets, port;
    private readonly byte[] deviceAddress;
    private int pid = -1;

    /// <param name="egress">What leads where.</param>
    /// <param name="listeners">In the router's namespace, listening.</param>
    /// <param name="packets">A packet socket of the device's other end.</param>
    /// <param name="port">That end's index.</param>
    /// <param name="deviceAddress">The hardware address of the router's end.</param>
    public EgressProcess(PlannedEgress egress, int[] listeners, int packets, int port, byte[] deviceAddress) =>
        (this.egress, this.listeners, this.packets, this.port, this.deviceAddress) = (egress, listeners, packets, port, deviceAddress);

    /// <summary>Starts it, unless it runs; it ends with init.</summary>
    /// <param name="runtimeDescriptors">What the runtime needs; the process keeps nothing else.</param>
    /// <param name="connect">Gives a channel to who makes the machine's sockets.</param>
    public void Start(int[] runtimeDescriptors, Func<int> connect)
    {
        if (pid > 0)
            return;
        int channel = connect();
        pid = Clone.Fork(0, out int pidFd);
        if (pid > 0)
        {
            Descriptors.Close(pidFd);
            Descriptors.Close(channel);
            return;
        }
        try
        {
            _ = Libc.SetSid();
            Descriptors.CloseAllBut([.. runtimeDescriptors, .. listeners, packets, channel]);
            new Loop(this, new MachineSockets(channel)).Run();
            Libc.Exit(0);
        }
        catch (Exception e)
        {
            FileSystem.TryWriteAll(2, Encoding.UTF8.GetBytes($"NsFixture: egress failed: {e}\n"));
        }
        Libc.Exit(1);
    }

    /// <summary>Ends the process, and closes what it was to have.</summary>
    public void Stop()
    {
        if (pid > 0)
            _ = Libc.Kill(pid, SignalNumbers.SIGKILL);
        foreach (int fd in listeners.Append(packets))
            Descriptors.Close(fd);
    }

    private sealed class Loop
    {
        private readonly EgressProcess own;
        private readonly MachineSockets machine;
        private readonly EgressDatagrams datagrams;
        private readonly List<EgressConnection> connections = [];
        private readonly byte[] packet = new byte[PacketSize];

        public Loop(EgressProcess own, MachineSockets machine)
        {
            (this.own, this.machine) = (own, machine);
            datagrams = new EgressDatagrams(own.egress, machine, Deliver);
        }

        /// <summary>Until the one who makes sockets has gone, and with it the sandbox.</summary>
        public void Run()
        {
            while (true)
            {
                int[] sockets = [.. datagrams.Sockets];
                EgressConnection[] polled = [.. connections];
                PollFd[] poll = [Poller.Reading(machine.Channel), Poller.Reading(own.packets), .. own.listeners.Select(Poller.Reading), .. sockets.Select(Poller.Reading),
                    .. polled.Select(c => c.PollInside), .. polled.Select(c => c.PollOutside)];
                Poller.Wait(poll, -1);
                if (poll[0].revents != 0)
                    return;
                if (poll[1].revents != 0)
                    ReadPackets();
                int at = 2;
                for (int i = 0; i < own.listeners.Length; i++, at++)
                    if (poll[at].revents != 0)
                        Accept(poll[at].fd);
                for (int i = 0; i < sockets.Length; i++, at++)
                    if (poll[at].revents != 0)
                        datagrams.Receive(sockets[i]);
                for (int i = 0; i < polled.Length; i++)
                    if ((poll[at + i].revents | poll[at + polled.Length + i].revents) != 0)
                        polled[i].Advance(poll[at + i].revents, poll[at + polled.Length + i].revents);
                connections.RemoveAll(c => c.IsClosed);
            }
        }

        private void Accept(int listener)
        {
            int inside;
            while ((inside = InetSocket.Accept(listener)) >= 0)
            {
                IPEndPoint? wanted = InetSocket.OriginalDestination(inside), to = wanted == null ? null : own.egress.Outside(wanted);
                int outside = to == null ? -1 : machine.Open(to.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? SocketConstants.AF_INET : SocketConstants.AF_INET6, SocketConstants.SOCK_STREAM);
                if (outside < 0)
                {
                    InetSocket.ResetOnClose(inside);
                    Descriptors.Close(inside);
                    continue;
                }
                connections.Add(new EgressConnection(inside, outside, to!));
            }
        }

        private void ReadPackets()
        {
            fixed (byte* p = packet)
            {
                nint n;
                while ((n = Libc.Recv(own.packets, p, PacketSize, SocketConstants.MSG_DONTWAIT)) > 0)
                    datagrams.Send(packet.AsSpan(0, (int)n));
            }
        }

        private void Deliver(ReadOnlyMemory<byte> whole)
        {
            var to = new SockAddrLl { sll_family = SocketConstants.AF_PACKET, sll_ifindex = own.port, sll_halen = 6 };
            to.sll_protocol = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(whole.Span[0] >> 4 == 6 ? EtherTypes.ETH_P_IPV6 : EtherTypes.ETH_P_IP);
            own.deviceAddress.CopyTo(new Span<byte>(to.sll_addr, 8));
            fixed (byte* p = whole.Span)
                _ = Libc.SendTo(own.packets, p, whole.Length, SocketConstants.MSG_DONTWAIT, &to, (uint)sizeof(SockAddrLl));
        }
    }
}
