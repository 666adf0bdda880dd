using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>The first things a process forked into a new user namespace does.</summary>
internal static class ForkedChild
{
    /// <summary>
    /// Waits for the parent to write the user maps, and arranges to be killed when the parent ends: after the maps, since a
    /// change of credentials would undo it (prctl(2), PR_SET_PDEATHSIG). False: the parent has given up or has gone.
    /// </summary>
    public static bool WaitForParent(int pipe)
    {
        Span<PollFd> poll = [Poller.Reading(pipe)];
        while (Poller.Wait(poll, -1) == 0)
        {
        }
        Span<byte> one = stackalloc byte[1];
        bool go = SocketStream.Read(pipe, one) == 1;
        _ = Libc.Prctl(PrctlOptions.PR_SET_PDEATHSIG, SignalNumbers.SIGKILL, 0, 0, 0);
        Descriptors.Close(pipe);
        return go;
    }
}
