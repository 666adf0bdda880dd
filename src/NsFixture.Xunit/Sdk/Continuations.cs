using System.Runtime.ExceptionServices;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// Goes on with a test that has awaited something, on the thread that waits for its end. xUnit.net would start a thread each time, half a
/// dozen for a test with one await, and each costs the copy of a process the better part of a millisecond. While that thread has something
/// else to do a new one takes its place, and stays: nothing ever waits for its turn, so a continuation may block until another one has run.
/// </summary>
internal sealed class Continuations : SynchronizationContext
{
    private readonly object gate = new();
    private readonly Queue<Continuation> given = new();
    private int idle;
    private bool isOver;

    private sealed record Continuation(SendOrPostCallback Callback, object? State, ExecutionContext? Context);

    /// <summary>Runs something; what it awaits is continued here, unless somebody else has seen to that.</summary>
    public void Around(Action run)
    {
        bool isOurs = Current == null;
        if (isOurs)
            SetSynchronizationContext(this);
        run();
        if (isOurs)
            SetSynchronizationContext(null);
    }

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (gate)
        {
            given.Enqueue(new Continuation(d, state, ExecutionContext.Capture()));
            if (idle > 0)
            {
                idle--;
                Monitor.Pulse(gate);
                return;
            }
        }
        new Thread(Run) { IsBackground = true, Name = "NsFixture test" }.UnsafeStart();
    }

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    /// <summary>There is nothing to go on with any more.</summary>
    public void End()
    {
        lock (gate)
        {
            isOver = true;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Goes on with what comes until the end.</summary>
    public void RunToEnd()
    {
        lock (gate)
            idle++;
        Run();
    }

    // Whoever comes here has been counted among the idle, or comes for what has been given.
    private void Run()
    {
        while (Await() is { } next)
        {
            Run(next);
            lock (gate)
                idle++;
        }
    }

    private Continuation? Await()
    {
        lock (gate)
        {
            while (given.Count == 0 && !isOver)
                Monitor.Wait(gate);
            return given.Count > 0 ? given.Dequeue() : null;
        }
    }

    private static void Run(Continuation next)
    {
        SetSynchronizationContext(null); // as on a thread of xUnit.net's
        try
        {
            if (next.Context == null)
                next.Callback(next.State);
            else
                ExecutionContext.Run(next.Context, static c => ((Continuation)c!).Callback(((Continuation)c).State), next);
        }
        catch (Exception e)
        {
            // Nobody's, as that of an async void method on a thread of the pool: it ends the process there.
            ThreadPool.UnsafeQueueUserWorkItem(static e => ExceptionDispatchInfo.Throw(e), e, preferLocal: false);
        }
    }
}
