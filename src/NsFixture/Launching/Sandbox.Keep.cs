using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>A sandbox that stays when its test has ended, from the test host's side.</summary>
internal sealed partial class Sandbox
{
    private Action? whenKept;

    /// <summary>Whether it stays: it is no longer this process's to end. On the loop's thread.</summary>
    public bool IsKept { get; private set; }

    /// <summary>Ends the test's process alone. On the loop's thread.</summary>
    public void EndTest() => _ = !closed && UnixSocket.Send(control, [(byte)ControlKind.EndTest]);

    /// <summary>
    /// Lets it be. Only once init has said that it stays may this process end: until then init ends with it. On the loop's thread.
    /// </summary>
    /// <param name="time">For how long.</param>
    /// <param name="done">Called when it stays, or has ended; at once where it does.</param>
    public void Keep(TimeSpan time, Action done)
    {
        if (closed || ending || !UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.Keep).Int32((int)Math.Ceiling(time.TotalSeconds)).Written))
        {
            done();
            return;
        }
        whenKept = done;
        Lost += HearKept;
    }

    private void HearKept()
    {
        Lost -= HearKept;
        whenKept?.Invoke();
        whenKept = null;
    }
}
