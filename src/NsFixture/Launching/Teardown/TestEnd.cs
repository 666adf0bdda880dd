using System.Diagnostics;
using NsFixture.Linux;
using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>
/// What the process of a test has to say when everything is reported: what it still has open, and, if it has built its sandbox itself, what it
/// leaves there. Nobody waits for this, unless leaks fail tests.
/// </summary>
internal static class TestEnd
{
    private static MountSnapshot? mountsBefore;

    /// <summary>This process has built its sandbox itself, and is about to be a test's.</summary>
    public static void Begin() => mountsBefore = MountSnapshot.Take();

    /// <param name="control">The socket by which it asks about hosts.</param>
    /// <param name="asked">Whether it has: then there is an init, which knows what may be left.</param>
    public static void Tell(int control, bool asked)
    {
        if (EnvironmentSettings.Leaks(out _) == LeakMode.Off)
            return;
        long start = Stopwatch.GetTimestamp();
        string[] open = StillOpen.Find();
        if (mountsBefore != null && !asked)
        {
            List<string> left = Leftovers.Find(Libc.GetPid(), [], mountsBefore);
            if (left.Count + open.Length > 0 || TeardownLog.IsWanted)
                UnixSocket.Send(control, new EndReport(left, open, [new EndStep("looked for leaks", (int)Stopwatch.GetElapsedTime(start).TotalMicroseconds)]).Write().Written);
            return;
        }
        if (open.Length > 0)
            UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.StillOpen).Strings(open).Written);
        if (mountsBefore != null)
            UnixSocket.Send(control, mountsBefore.Write(new ByteWriter().Byte((byte)ControlKind.Finish)).Written);
    }

    /// <summary>What <see cref="ControlKind.Finish"/> says the mounts were.</summary>
    public static MountSnapshot ReadMounts(byte[] message)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        return MountSnapshot.Read(ref reader);
    }
}
