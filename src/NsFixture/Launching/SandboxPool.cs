namespace NsFixture.Launching;

/// <summary>
/// Keeps sandboxes ready before they are asked for, the test's own process forked and waiting in them where that is how it
/// is started, so that a test pays for little more than itself. A standby is made while the test before it runs. At most
/// <see cref="MaxStandby"/> wait for the spec asked for last; others are let go. It also bounds how many ended sandboxes the
/// kernel may be behind with: it destroys namespaces more slowly than it makes them.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The semaphore's wait handle is never asked for; there is nothing to dispose of.")]
internal sealed class SandboxPool(ForkServer server, bool forkTests)
{
    private const int MaxPendingEnds = 64;
    private static readonly int MaxStandby = Math.Clamp(Environment.ProcessorCount + 1, 2, 4);
    private readonly Lock gate = new();
    private readonly Queue<Sandbox> standby = new();
    private readonly SemaphoreSlim pendingEnds = new(MaxPendingEnds);
    private readonly HashSet<Task> ending = [];
    private string? key;

    /// <summary>A sandbox of this spec, ready or in the making; to be given back to <see cref="Release"/>.</summary>
    public async Task<Sandbox> AcquireAsync(SandboxSpec spec)
    {
        string wanted = spec.Key();
        await pendingEnds.WaitAsync().ConfigureAwait(false);
        lock (gate)
        {
            if (key != wanted)
            {
                foreach (Sandbox other in standby)
                    EventLoop.Shared.Post(other.Close);
                standby.Clear();
                key = wanted;
            }
            while (standby.TryDequeue(out Sandbox? ready))
                if (ready.Failure == null)
                    return ready;
            return Create(spec);
        }
    }

    /// <summary>
    /// Makes the next standby. Called once a test's process has been asked for, so as not to be in its way. A sandbox with a clock of its own, which is set when it is made, does not stand by: it
    /// would be later the longer it waits.
    /// </summary>
    public void Refill(SandboxSpec spec)
    {
        if (spec.Kernel?.Uptime != null)
            return;
        string wanted = spec.Key();
        lock (gate)
            while (key == wanted && standby.Count < MaxStandby)
                standby.Enqueue(Create(spec));
    }

    private Sandbox Create(SandboxSpec spec) => server.CreateSandbox(spec, forkTests);

    /// <summary>Ends a sandbox that has been used.</summary>
    public void Release(Sandbox sandbox)
    {
        lock (gate)
            ending.Add(sandbox.Gone);
        EventLoop.Shared.Post(() =>
        {
            if (sandbox.IsKept) // nobody waits for its end
            {
                Forget();
                return;
            }
            sandbox.Finish();
            sandbox.WhenGone(Forget);
        });

        void Forget()
        {
            pendingEnds.Release();
            lock (gate)
                ending.Remove(sandbox.Gone);
        }
    }

    /// <summary>Completes when every sandbox that was released is gone.</summary>
    public Task SettleAsync()
    {
        lock (gate)
            return Task.WhenAll(ending.ToArray());
    }
}
