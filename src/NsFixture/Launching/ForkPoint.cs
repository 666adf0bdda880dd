using System.Runtime.CompilerServices;

namespace NsFixture.Launching;

/// <summary>
/// Runs code on the finalizer thread. A fork keeps only the thread that makes it; made there, the survivor <em>is</em> the
/// child's finalizer thread, which goes on finalizing as soon as it returns. Made on any other thread, the child would have no
/// finalizer and hang in its first full collection.
/// </summary>
internal sealed class ForkPoint
{
    private static Action? action;

    ~ForkPoint()
    {
        Action? run = action;
        action = null;
        run?.Invoke();
    }

    /// <summary>Has <paramref name="run"/> called by the finalizer thread, soon; does not wait for it.</summary>
    public static void Reach(Action run)
    {
        action = run;
        Drop();
        GC.Collect(0, GCCollectionMode.Forced, blocking: true);
    }

    // Not inlined, so that no register of the caller keeps the object alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop() => _ = new ForkPoint();
}
