using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>Reading and writing a SOCK_STREAM socket or a pipe.</summary>
internal static unsafe class SocketStream
{
    /// <summary>Writes everything, blocking as long as it takes. False: the peer has gone.</summary>
    public static bool WriteAll(int socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (nint done = 0; done < bytes.Length;)
            {
                nint n = Libc.Send(socket, start + done, bytes.Length - done, SocketConstants.MSG_NOSIGNAL);
                if (n >= 0)
                    done += n;
                else if (Marshal.GetLastPInvokeError() is Err.EPIPE or Err.ECONNRESET)
                    return false;
                else if (Marshal.GetLastPInvokeError() != Err.EINTR)
                    throw LinuxException.Last("send", $"{bytes.Length} bytes");
            }
        }
        return true;
    }

    /// <summary>Reads some bytes. 0: the end; -1: nothing is there now, and the descriptor does not block.</summary>
    public static int Read(int fd, Span<byte> into)
    {
        fixed (byte* start = into)
        {
            while (true)
            {
                nint n = Libc.Read(fd, start, into.Length);
                if (n >= 0)
                    return (int)n;
                switch (Marshal.GetLastPInvokeError())
                {
                    case Err.EINTR: continue;
                    case Err.EAGAIN: return -1;
                    case Err.ECONNRESET: return 0;
                    default: throw LinuxException.Last("read", $"descriptor {fd}");
                }
            }
        }
    }

    public static void SetNonBlocking(int fd)
    {
        int flags = LinuxException.Check(Libc.Fcntl(fd, Fcntl.F_GETFL, 0), "fcntl F_GETFL", fd.ToString());
        LinuxException.Check(Libc.Fcntl(fd, Fcntl.F_SETFL, flags | Fcntl.O_NONBLOCK), "fcntl F_SETFL", fd.ToString());
    }
}
