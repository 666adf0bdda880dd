namespace NsFixture.Xunit.Sdk;

/// <summary>
/// Goes on with asynchronous tests of the warm-up on the thread that waits for them. Else xUnit.net would take the thread pool,
/// which a fork server must not have.
/// </summary>
internal sealed class WarmUpPump : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> posted = new();

    /// <summary>Has tests started, by an action that is to call what it is given when they wait.</summary>
    public static void Around(Action<Action> start)
    {
        var pump = new WarmUpPump();
        SetSynchronizationContext(pump);
        start(pump.Run);
        SetSynchronizationContext(null);
    }

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
