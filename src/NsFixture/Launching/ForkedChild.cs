using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>The first things a process forked into a new user namespace does.</summary>
internal static class ForkedChild
{
    /// <summary>
    /// Waits for the parent to write the user maps, and arranges to be killed when the parent ends: after the maps, since a
    /// change of credentials would undo it (prctl(2), PR_SET_PDEATHSIG). False: the parent has given up or has gone.
    /// </summary>
    public static bool WaitForParent(int pipe) => HearFromParent(pipe).Length > 0;

    /// <summary>The same; returns what the parent had to say. Empty: the parent has given up or has gone.</summary>
    public static byte[] HearFromParent(int pipe)
    {
        Span<PollFd> poll = [Poller.Reading(pipe)];
        while (Poller.Wait(poll, -1) == 0)
        {
        }
        Span<byte> said = stackalloc byte[1024];
        int n = SocketStream.Read(pipe, said);
        _ = Libc.Prctl(PrctlOptions.PR_SET_PDEATHSIG, SignalNumbers.SIGKILL, 0, 0, 0);
        Descriptors.Close(pipe);
        return n > 0 ? said[..n].ToArray() : [];
    }
}
