using System.Text;
using NsFixture.Linux;

namespace NsFixture.Processes;

/// <summary>
/// Writes a program's standard input, one text after another, each on a thread of its own: a program may take its time, and the
/// thread pool of a test host is full of blocked tests.
/// </summary>
internal sealed class InputWriter(int socket)
{
    private readonly Lock gate = new();
    private Task<bool> last = Task.FromResult(true);
    private bool closed;

    /// <summary>False: it is not read any more.</summary>
    public Task<bool> WriteAsync(string text) => Then(() => !closed && SocketStream.WriteAll(socket, Encoding.UTF8.GetBytes(text)));

    public Task CloseAsync()
    {
        lock (gate)
            return last.IsCompleted ? last = Task.FromResult(Close()) : Then(Close); // no thread for nothing
    }

    private bool Close()
    {
        if (!closed)
            Descriptors.Close(socket);
        return closed = true;
    }

    private Task<bool> Then(Func<bool> action)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool> before;
        lock (gate)
            (before, last) = (last, done.Task);
        new Thread(() =>
        {
            try
            {
                _ = before.Result;
                done.SetResult(action());
            }
            catch (LinuxException e)
            {
                done.SetException(e);
            }
        }) { IsBackground = true, Name = "standard input" }.Start();
        return done.Task;
    }
}
