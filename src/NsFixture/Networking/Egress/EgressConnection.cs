using System.Net;
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Networking;

/// <summary>A TCP connection from inside, and the one that goes on outside: what comes by the one goes by the other, each end and each reset too.</summary>
internal sealed class EgressConnection
{
    private const int BufferSize = 64 * 1024;
    private readonly Way up, down;
    private bool isConnected;

    /// <param name="inside">The accepted connection.</param>
    /// <param name="outside">A socket of the machine's; connected from here.</param>
    /// <param name="to">Where to.</param>
    public EgressConnection(int inside, int outside, IPEndPoint to)
    {
        (Inside, Outside) = (inside, outside);
        (up, down) = (new Way(inside, outside), new Way(outside, inside));
        int error = InetSocket.Connect(outside, to);
        if (error is not (0 or Err.EINPROGRESS))
            Reset();
        isConnected = error == 0;
    }

    public int Inside { get; }

    public int Outside { get; }

    public bool IsClosed { get; private set; }

    /// <summary>What the inside socket waits for; the outside one does by <see cref="PollOutside"/>.</summary>
    public PollFd PollInside => isConnected ? Poll(Inside, up, down) : new PollFd { fd = Inside };

    public PollFd PollOutside => isConnected ? Poll(Outside, down, up) : new PollFd { fd = Outside, events = PollFlags.POLLOUT };

    /// <summary>Passes on what there is.</summary>
    /// <param name="inside">What has become of the inside socket.</param>
    /// <param name="outside">What has become of the outside socket.</param>
    public void Advance(short inside, short outside)
    {
        if (IsClosed)
            return;
        if (!isConnected)
        {
            if ((outside | inside) == 0)
                return;
            if (outside == 0 || InetSocket.TakeError(Outside) != 0) // the inside one can only have failed
            {
                Reset();
                return;
            }
            isConnected = true;
        }
        if (!up.Advance() || !down.Advance())
            Reset();
        else if (up.IsOver && down.IsOver)
            Close();
    }

    private static PollFd Poll(int fd, Way from, Way to) => new()
    {
        fd = from.WantsToRead || to.WantsToWrite ? fd : -1, // one that waits for nothing would report its hang-up again and again
        events = (short)((from.WantsToRead ? PollFlags.POLLIN : 0) | (to.WantsToWrite ? PollFlags.POLLOUT : 0)),
    };

    private void Reset()
    {
        InetSocket.ResetOnClose(Inside);
        InetSocket.ResetOnClose(Outside);
        Close();
    }

    private void Close()
    {
        IsClosed = true;
        Descriptors.Close(Inside);
        Descriptors.Close(Outside);
    }

    /// <summary>One direction.</summary>
    private sealed unsafe class Way(int from, int to)
    {
        private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferSize);
        private int start, end;
        private bool hasEnded;

        public bool IsOver => hasEnded && start == end;

        public bool WantsToRead => !hasEnded && end < BufferSize;

        public bool WantsToWrite => start < end;

        /// <summary>False: one of the two has failed.</summary>
        public bool Advance()
        {
            bool wasOver = IsOver;
            fixed (byte* bytes = buffer)
            {
                if (WantsToRead)
                {
                    nint n = Libc.Recv(from, bytes + end, BufferSize - end, SocketConstants.MSG_DONTWAIT);
                    if (n < 0 && !IsLater)
                        return false;
                    hasEnded = n == 0;
                    end += (int)Math.Max(n, 0);
                }
                if (WantsToWrite)
                {
                    nint n = Libc.Send(to, bytes + start, end - start, SocketConstants.MSG_DONTWAIT | SocketConstants.MSG_NOSIGNAL);
                    if (n < 0 && !IsLater)
                        return false;
                    start += (int)Math.Max(n, 0);
                }
            }
            if (start == end)
                start = end = 0;
            if (IsOver && !wasOver)
                InetSocket.EndSending(to);
            return true;
        }

        private static bool IsLater => Marshal.GetLastPInvokeError() is Err.EAGAIN or Err.EINTR;
    }
}
