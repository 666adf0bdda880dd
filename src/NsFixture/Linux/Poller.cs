using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>Waits for several descriptors at once, by poll(2).</summary>
internal static unsafe class Poller
{
    /// <summary>
    /// Waits until one of <paramref name="fds"/> is ready or the time is over (milliseconds; -1: for ever), and returns how many
    /// are. An interrupted wait returns 0.
    /// </summary>
    public static int Wait(Span<PollFd> fds, int timeoutMilliseconds)
    {
        fixed (PollFd* first = fds)
        {
            int n = Libc.Poll(first, (nuint)fds.Length, timeoutMilliseconds);
            if (n < 0 && Marshal.GetLastPInvokeError() != Err.EINTR)
                throw LinuxException.Last("poll", $"{fds.Length} descriptors");
            return Math.Max(n, 0);
        }
    }

    public static PollFd Reading(int fd) => new() { fd = fd, events = PollFlags.POLLIN };
}
