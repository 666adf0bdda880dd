using System.Runtime.ExceptionServices;
using NsFixture.Linux;

namespace NsFixture;

public sealed partial class VirtualHost
{
    /// <summary>
    /// Runs code on a thread of its own that lives on this host: whatever opens sockets there, opens them here. The thread ends
    /// with the code, so that no other code ever runs on the wrong host.
    /// </summary>
    /// <param name="code">
    /// Runs to its end on that one thread. Asynchronous code would go on elsewhere after its first <c>await</c>, on the test's
    /// host, and is refused: use <see cref="OpenSocket"/>, <see cref="ConnectAsync(string, int, CancellationToken)"/> and <see cref="HttpClient"/>.
    /// </param>
    /// <exception cref="InvalidOperationException">The code is asynchronous.</exception>
    /// <exception cref="SandboxException">The thread may not enter the host: that takes a test in the sandbox, or root.</exception>
    public T Run<T>(Func<T> code)
    {
        if (typeof(Task).IsAssignableFrom(typeof(T)) || typeof(T) == typeof(ValueTask) || (typeof(T).IsGenericType && typeof(T).GetGenericTypeDefinition() == typeof(ValueTask<>)))
            throw new InvalidOperationException($"Asynchronous code does not stay on the thread that lives on host \"{Name}\", and would go on elsewhere after its first await: make it synchronous, or use the host's own sockets (OpenSocket, ConnectAsync, HttpClient).");
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        int network = init.OpenNamespace(host.Index);
        var thread = new Thread(() =>
        {
            try
            {
                if (Libc.SetNs(network, (int)Sched.CLONE_NEWNET) != 0)
                    throw new SandboxException($"A thread may not enter host \"{Name}\" from here ({LinuxException.Last("setns", "net").Message}): only in an isolated test, or as root. Use the host's sockets instead.");
                result = code();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }) { IsBackground = true, Name = "on host " + Name };
        thread.Start();
        thread.Join();
        Descriptors.Close(network);
        failure?.Throw();
        return result;
    }

    /// <inheritdoc cref="Run{T}(Func{T})"/>
    public void Run(Action code) => Run(() =>
    {
        code();
        return true;
    });
}
