using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// The one thread of the test host that talks to fork servers, sandboxes and tests. A thread of its own, because the thread
/// pool of a test host is full of blocked tests: asynchronous reads there were seen to take half a second. Because it lives as
/// long as the process, it may also be the parent that a fork server's parent-death signal watches (prctl(2) means the thread).
/// </summary>
internal sealed unsafe class EventLoop
{
    private static readonly Lazy<EventLoop> SharedLoop = new(() => new EventLoop());

    /// <summary>
    /// Threads of the pool that a test host holds as long as it runs: VSTest's message loop waits in one, the adapter of a
    /// framework in another. With two processors they are all that the pool starts at once; it adds others by half
    /// seconds, by several seconds on a busy machine, and what awaits a sandbox, or a host's socket, would wait for them.
    /// </summary>
    private const int HeldThreads = 2;
    private readonly Dictionary<int, Action> watched = [];
    private readonly PriorityQueue<Timer, long> timers = new();
    private readonly Queue<Action> posted = new();
    private readonly int wake;
    private PollFd[] poll = [];
    private int pollCount;
    private bool changed = true;

    private EventLoop()
    {
        wake = LinuxException.Check(Libc.EventFd(0, Fcntl.O_CLOEXEC | Fcntl.O_NONBLOCK), "eventfd", "");
        watched[wake] = Drain;
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(workers + HeldThreads, completions);
        new Thread(Run) { Name = "NsFixture events", IsBackground = true }.Start();
    }

    public static EventLoop Shared => SharedLoop.Value;

    /// <summary>Runs <paramref name="action"/> on the loop's thread, soon.</summary>
    public void Post(Action action)
    {
        lock (posted)
            posted.Enqueue(action);
        ulong one = 1;
        _ = Libc.Write(wake, &one, sizeof(ulong));
    }

    /// <summary>Runs <paramref name="function"/> on the loop's thread and completes with its result, off that thread.</summary>
    public Task<T> Invoke<T>(Func<T> function)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                completion.SetResult(function());
            }
            catch (Exception e)
            {
                completion.SetException(e);
            }
        });
        return completion.Task;
    }

    /// <summary>Calls <paramref name="readable"/> whenever <paramref name="fd"/> is readable or at its end. On the loop's thread only.</summary>
    public void Watch(int fd, Action readable)
    {
        watched[fd] = readable;
        changed = true;
    }

    /// <summary>On the loop's thread only.</summary>
    public void Unwatch(int fd) => changed |= watched.Remove(fd);

    /// <summary>Calls <paramref name="action"/> after a time unless it was cancelled. On the loop's thread only.</summary>
    public Timer Schedule(TimeSpan delay, Action action)
    {
        var timer = new Timer(action);
        timers.Enqueue(timer, Environment.TickCount64 + (long)delay.TotalMilliseconds);
        return timer;
    }

    public sealed class Timer(Action action)
    {
        internal Action? Action { get; private set; } = action;

        public void Cancel() => Action = null;
    }

    private void Run()
    {
        while (true)
        {
            if (changed)
                CollectDescriptors();
            Poller.Wait(poll.AsSpan(0, pollCount), UntilNextTimer());
            for (int i = 0; i < pollCount; i++)
                if (poll[i].revents != 0 && watched.TryGetValue(poll[i].fd, out Action? readable))
                    readable();
            while (timers.TryPeek(out Timer? timer, out long due) && (due <= Environment.TickCount64 || timer.Action == null))
                timers.Dequeue().Action?.Invoke();
        }
    }

    private int UntilNextTimer()
    {
        while (timers.TryPeek(out Timer? timer, out long due))
        {
            if (timer.Action != null)
                return (int)Math.Clamp(due - Environment.TickCount64, 0, int.MaxValue);
            timers.Dequeue();
        }
        return -1;
    }

    private void CollectDescriptors()
    {
        if (poll.Length < watched.Count)
            poll = new PollFd[watched.Count * 2];
        pollCount = 0;
        foreach (int fd in watched.Keys)
            poll[pollCount++] = Poller.Reading(fd);
        changed = false;
    }

    private void Drain()
    {
        ulong count;
        _ = Libc.Read(wake, &count, sizeof(ulong));
        while (true)
        {
            Action action;
            lock (posted)
            {
                if (!posted.TryDequeue(out action!))
                    return;
            }
            action();
        }
    }
}
