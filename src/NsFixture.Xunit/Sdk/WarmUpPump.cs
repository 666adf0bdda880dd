namespace NsFixture.Xunit.Sdk;

/// <summary>
/// Goes on with asynchronous tests of the warm-up on the thread that waits for them. Else xUnit.net would take the thread pool,
/// which a fork server must not have.
/// </summary>
internal sealed class WarmUpPump : SynchronizationContext
{
    private static WarmUpPump? present;
    private readonly Queue<(SendOrPostCallback Callback, object? State)> posted = new();

    /// <summary>Runs tests, in a way that calls <see cref="Continue"/> when they wait: the same way as without a pump.</summary>
    public static void Around(Action run)
    {
        present = new WarmUpPump();
        SetSynchronizationContext(present);
        run();
        SetSynchronizationContext(null);
        present = null;
    }

    /// <summary>Goes on with what waits, if this is the warm-up.</summary>
    public static void Continue() => present?.Run();

    public override void Post(SendOrPostCallback d, object? state) => posted.Enqueue((d, state));

    // What has been posted, and what that posts in turn.
    private void Run()
    {
        SynchronizationContext? former = Current;
        while (posted.TryDequeue(out var next))
        {
            SetSynchronizationContext(this);
            next.Callback(next.State);
        }
        SetSynchronizationContext(former);
    }
}
