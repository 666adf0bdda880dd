using System.Runtime.ExceptionServices;
using NsFixture.Networking;

namespace NsFixture;

public sealed partial class VirtualHost
{
    private const string UseRunAsync = "Asynchronous code returns at its first await: use RunAsync, and await it.";

    /// <summary>
    /// Runs code on a thread of its own that lives on this host: whatever opens sockets there, opens them here, and so do tasks,
    /// timers and threads that it starts, as long as they last.
    /// </summary>
    /// <param name="code">
    /// Synchronous code. <c>/proc/net</c> is that of the process's main thread, on the test's host: read <c>/proc/thread-self/net</c> instead.
    /// </param>
    /// <exception cref="InvalidOperationException">The code is asynchronous.</exception>
    /// <exception cref="SandboxException">The code may not enter the host: that takes a test in the sandbox, or root; or the host is switched off.</exception>
    public T Run<T>(Func<T> code)
    {
        ArgumentNullException.ThrowIfNull(code);
        NetworkNamespace there = Enter();
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            var watch = new AsyncVoidWatch();
            SynchronizationContext.SetSynchronizationContext(watch);
            try
            {
                HostContext.Move(there, Name);
                result = code();
                if (result is Task or ValueTask || (typeof(T).IsGenericType && typeof(T).GetGenericTypeDefinition() == typeof(ValueTask<>)) || watch.IsOneRunning)
                    throw new InvalidOperationException($"The code for host \"{Name}\" is asynchronous. {UseRunAsync}");
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            HostContext.Leave();
        }) { IsBackground = true, Name = "on host " + Name };
        thread.Start();
        thread.Join();
        HostContext.SendStraysHome();
        failure?.Throw();
        return result;
    }

    /// <inheritdoc cref="Run{T}(Func{T})"/>
    public void Run(Action code) => Run(() =>
    {
        code();
        return true;
    });

    /// <summary>
    /// Runs asynchronous code on this host: it goes on here after each await, whichever thread it goes on with, and so do tasks,
    /// timers and threads that it starts, as long as they last.
    /// </summary>
    /// <param name="code">
    /// The code. An <see cref="System.Net.Http.HttpClient"/> keeps its connections: one that is used on several hosts sends a request over whatever
    /// connection is free, so give each host its own.
    /// </param>
    /// <exception cref="SandboxException">The code may not enter the host: that takes a test in the sandbox, or root; or the host is switched off.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> code)
    {
        ArgumentNullException.ThrowIfNull(code);
        NetworkNamespace there = Enter();
        try
        {
            return await Task.Run(async () =>
            {
                HostContext.Move(there, Name);
                return await code().ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        finally
        {
            HostContext.SendStraysHome();
        }
    }

    /// <inheritdoc cref="RunAsync{T}(Func{Task{T}})"/>
    public Task RunAsync(Func<Task> code) => RunAsync(async () =>
    {
        await code().ConfigureAwait(false);
        return true;
    });

    /// <summary>Refused: use <see cref="RunAsync(Func{Task})"/>.</summary>
    /// <param name="code">Asynchronous code.</param>
    /// <exception cref="InvalidOperationException">Always.</exception>
    [Obsolete(UseRunAsync, error: true)]
    public void Run(Func<Task> code) => throw new InvalidOperationException(UseRunAsync);

    /// <inheritdoc cref="Run(Func{Task})"/>
    [Obsolete(UseRunAsync, error: true)]
    public void Run<T>(Func<Task<T>> code) => throw new InvalidOperationException(UseRunAsync);

    private NetworkNamespace Enter() => new(OpenNamespace());

    /// <summary>Is told by asynchronous methods that return nothing when they begin and end.</summary>
    private sealed class AsyncVoidWatch : SynchronizationContext
    {
        private int running;

        public bool IsOneRunning => Volatile.Read(ref running) > 0;

        public override void OperationStarted() => Interlocked.Increment(ref running);

        public override void OperationCompleted() => Interlocked.Decrement(ref running);

        public override SynchronizationContext CreateCopy() => this;
    }
}
