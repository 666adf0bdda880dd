using NsFixture.Linux;

namespace NsFixture.Networking;

/// <summary>
/// The host that code of this process runs on.
/// <para>
/// A network namespace belongs to a thread (setns(2)), and asynchronous code goes from thread to thread. So the host is part of
/// the execution context, which .NET takes along through every await, task, timer and thread; and whenever the context of a thread
/// changes, the thread moves to its host. A thread that a thread on another host has started is born on that one, which
/// happens to the thread pool's: in a process that is marked, the first code that it gets moves it home.
/// </para>
/// </summary>
internal static class HostContext
{
    private static readonly AsyncLocal<NetworkNamespace?> Wanted = new(static change => Enter(change.CurrentValue));
    private static readonly HashSet<int> Moved = []; // threads that code has moved
    private static NetworkNamespace? home;

    // Null: nobody knows.
    [ThreadStatic]
    private static NetworkNamespace? entered;

    /// <summary>Has the calling code, and all that follows from it, check where it runs. It must be allowed to change namespaces.</summary>
    public static void Mark()
    {
        FindHome();
        Wanted.Value ??= home;
    }

    /// <summary>Moves the calling code, and all that follows from it, to a host.</summary>
    /// <exception cref="SandboxException">It may not.</exception>
    public static void Move(NetworkNamespace to, string host)
    {
        FindHome();
        if (Libc.SetNs(to.Descriptor, (int)Sched.CLONE_NEWNET) != 0)
            throw new SandboxException($"A thread may not enter host \"{host}\" from here ({LinuxException.Last("setns", "net").Message}): only in an isolated test, or as root. Use the host's sockets instead.");
        entered = null; // not told to those who look for strays yet
        Wanted.Value = to;
    }

    /// <summary>Moves the calling code home, before its thread ends.</summary>
    public static void Leave() => Wanted.Value = home;

    /// <summary>
    /// Sends threads home that were born on a host and have had nothing to do: who gets work that is not marked would do it there.
    /// A thread of the pool that is busy now cannot be reached.
    /// </summary>
    public static void SendStraysHome()
    {
        if (!Strays().Any())
            return;
        // As many at once as there are threads, so that each gets one.
        int count = ThreadPool.ThreadCount;
        using var all = new CountdownEvent(count);
        for (int i = 0; i < count; i++)
            ThreadPool.UnsafeQueueUserWorkItem(static all =>
            {
                if (entered == null)
                    Enter(null);
                try
                {
                    all.Signal();
                    all.Wait(TimeSpan.FromMilliseconds(50));
                }
                catch (ObjectDisposedException)
                {
                    // Late: nobody waits any more.
                }
            }, all, preferLocal: false);
        all.Wait(TimeSpan.FromMilliseconds(100));
    }

    // Threads that are neither at home nor where code has moved.
    private static IEnumerable<string> Strays()
    {
        string own = Descriptors.Target(home!.Descriptor);
        HashSet<int> moved;
        lock (Moved)
            moved = [.. Moved];
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
            if (!moved.Contains(int.Parse(Path.GetFileName(task))) && NamespaceOf(task) is { } there && there != own)
                yield return task;
    }

    // Null: it has ended.
    private static string? NamespaceOf(string task) => FileSystem.LinkTargetIfThere(task + "/ns/net");

    private static void Enter(NetworkNamespace? host)
    {
        host ??= home!;
        if (ReferenceEquals(host, entered))
            return;
        int thread = Libc.GetTid();
        // A hardened test's threads may not move: they are at home, where they were born.
        if (Libc.SetNs(host.Descriptor, (int)Sched.CLONE_NEWNET) != 0 && LinuxException.Last("setns", "net") is var refusal
            && NamespaceOf($"/proc/self/task/{thread}") != Descriptors.Target(host.Descriptor))
            throw refusal;
        entered = host;
        lock (Moved)
            _ = ReferenceEquals(host, home) ? Moved.Remove(thread) : Moved.Add(thread);
    }

    // The process's main thread never moves.
    private static void FindHome()
    {
        if (home == null)
            Interlocked.CompareExchange(ref home, new NetworkNamespace(FileSystem.OpenDescriptor("/proc/self/ns/net", Fcntl.O_RDONLY)), null);
    }
}

/// <summary>A network namespace, held open as long as code may go there.</summary>
internal sealed class NetworkNamespace(int descriptor)
{
    ~NetworkNamespace() => Descriptors.Close(Descriptor);

    public int Descriptor { get; } = descriptor;
}
