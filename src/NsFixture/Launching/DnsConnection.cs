using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>A TCP connection to the name server: messages either way, each after its length (RFC 1035, 4.2.2).</summary>
internal sealed class DnsConnection(int fd, int host)
{
    private readonly List<byte> received = [], unsent = [];

    /// <summary>The index of the host it is on.</summary>
    public int Host => host;

    public bool IsClosed { get; private set; }

    /// <summary>What it waits for.</summary>
    public PollFd Poll => new() { fd = fd, events = (short)(PollFlags.POLLIN | (unsent.Count > 0 ? PollFlags.POLLOUT : 0)) };

    /// <summary>Reads what is there, and writes what is left.</summary>
    public void Advance()
    {
        if (IsClosed)
            return;
        Flush();
        Span<byte> buffer = stackalloc byte[4096];
        int n;
        while (!IsClosed && (n = Read(buffer)) >= 0)
        {
            if (n == 0)
                Close();
            else
                received.AddRange(buffer[..n]);
        }
    }

    /// <summary>The next whole message.</summary>
    public bool TryTake(out byte[] message)
    {
        message = [];
        if (received.Count < 2)
            return false;
        int length = (received[0] << 8) | received[1];
        if (received.Count < 2 + length)
            return false;
        message = [.. received.Skip(2).Take(length)];
        received.RemoveRange(0, 2 + length);
        return true;
    }

    public void Send(byte[] message)
    {
        if (IsClosed)
            return;
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)message.Length);
        unsent.AddRange(length);
        unsent.AddRange(message);
        Flush();
    }

    private static bool IsLater => Marshal.GetLastPInvokeError() is Err.EAGAIN or Err.EINTR;

    private unsafe int Read(Span<byte> into)
    {
        fixed (byte* start = into)
        {
            nint n = Libc.Recv(fd, start, into.Length, SocketConstants.MSG_DONTWAIT);
            return n >= 0 ? (int)n : IsLater ? -1 : 0;
        }
    }

    private unsafe void Flush()
    {
        if (unsent.Count == 0)
            return;
        fixed (byte* start = CollectionsMarshal.AsSpan(unsent))
        {
            nint n = Libc.Send(fd, start, unsent.Count, SocketConstants.MSG_DONTWAIT | SocketConstants.MSG_NOSIGNAL);
            if (n > 0)
                unsent.RemoveRange(0, (int)n);
            else if (!IsLater)
                Close();
        }
    }

    /// <summary>Ends it, once.</summary>
    public void Close()
    {
        if (IsClosed)
            return;
        IsClosed = true;
        Descriptors.Close(fd);
    }
}
