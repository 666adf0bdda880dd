namespace NsFixture.Launching;

/// <summary>
/// A fork server that is started when it is first asked for, and once more when it is lost: one loss may be an accident (the kernel was short of
/// memory, someone killed the wrong process), a second one is a defect that restarting would hide. What was running when it was lost has failed, and
/// is not run again.
/// </summary>
/// <param name="start">Starts a server; told whether another one was lost before.</param>
/// <param name="serverOf">Finds the server in what <paramref name="start"/> made.</param>
/// <param name="retryFailures">Whether a start that failed is tried again for who asks next.</param>
internal sealed class ServerSlot<T>(Func<bool, Task<T>> start, Func<T, ForkServer> serverOf, bool retryFailures)
    where T : class
{
    private readonly Lock gate = new();
    private Task<T>? current;
    private bool restarted;

    /// <summary>What there is now, if that is ready.</summary>
    public T? Present
    {
        get
        {
            lock (gate)
                return current is { IsCompletedSuccessfully: true } ? current.Result : null;
        }
    }

    /// <summary>The server. After a second loss it is the lost one, which refuses what it is asked and says why.</summary>
    /// <exception cref="SandboxUnavailableException">This machine allows no sandboxes; cause and remedy.</exception>
    /// <exception cref="ForkServerLostException">It was lost and could not be started again.</exception>
    public Task<T> GetAsync()
    {
        lock (gate)
        {
            if (current == null || (retryFailures && current.IsFaulted))
                return current = Task.Run(() => start(restarted));
            if (restarted || LossOf(current) is not { } loss)
                return current;
            restarted = true;
            return current = Task.Run(() => StartAgainAsync(loss));
        }
    }

    // Lost since it was started, or killed while it was.
    private string? LossOf(Task<T> task) => task.IsCompletedSuccessfully ? serverOf(task.Result).Loss : (task.Exception?.InnerException as ForkServerLostException)?.Message;

    private async Task<T> StartAgainAsync(string loss)
    {
        try
        {
            return await start(true).ConfigureAwait(false);
        }
        catch (SandboxUnavailableException e)
        {
            // What a machine has allowed before is not skipped.
            throw new ForkServerLostException($"{loss} That failed: {e.Message}", e);
        }
    }
}
