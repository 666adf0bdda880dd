using NsFixture.Limiting;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>What init does about limits, and about freezing, which takes a control group as well.</summary>
internal sealed unsafe partial class Init
{
    private void Limit(LimitSpec spec, List<string> notes)
    {
        limiter = new Limiter(spec, Limitation!.Groups, host => plan.Hosts[host].Name);
        notes.Add(limiter.Describe(Limitation.Why, isRoot: UserMap.Current == UserMapping.Identity));
    }

    private void NoteEnd(int pid, ProcessEnd end)
    {
        if (end.Signal == SignalNumbers.SIGKILL)
            limiter!.WasKilled(processes?.HostOf(pid) ?? plan.Test.Index, pid == test ? "the test's own process" : processes?.Describe(pid) ?? $"process {pid}, which the one that had started it had left");
    }

    /// <summary>Before what they are a part of: how the test has ended, or what it leaves.</summary>
    private void SayHits()
    {
        if (limiter == null)
            return;
        foreach (string hit in limiter.TakeHits())
            UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.LimitHit).String(hit).Written);
    }

    // Null: none can be made.
    private Freezer? MakeFreezer(int host)
    {
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        try
        {
            UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.MakeFreezer).Int32(host).Written, theirs);
            Descriptors.Close(theirs);
            theirs = -1;
            if (UnixSocket.Receive(ours, out int[] descriptors) is not { Length: > 0 } answer || descriptors.Length == 0)
                return null;
            return new Freezer(new ByteReader(answer).Boolean(), descriptors.AsSpan(1)); // the first one only has to be there
        }
        finally
        {
            Descriptors.Close(ours);
            Descriptors.Close(theirs);
        }
    }
}
