using NsFixture.Launching;
using NsFixture.Linux;
using NsFixture.Processes;

namespace NsFixture;

/// <summary>A program that runs on a host. It ends with the sandbox at the latest.</summary>
public sealed class HostProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private readonly EventLoop loop = EventLoop.Shared;
    private readonly TaskCompletionSource<int> exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(string Text, TaskCompletionSource Found)> awaited = [];
    private readonly OutputReader output, error;
    private readonly int status, pidFd;
    private readonly HostCommand command;
    private readonly InputWriter input;
    private int disposed;
    private ProcessEnd? end;

    private HostProcess(HostCommand command, string host, int id, int pidFd, int status, InputWriter input, int outputPipe, int errorPipe)
    {
        this.input = input;
        (this.command, Host, Id, this.pidFd, this.status) = (command, host, id, pidFd, status);
        output = new OutputReader(outputPipe, OnLine);
        error = new OutputReader(errorPipe, OnLine);
        loop.Post(Watch);
    }

    /// <summary>The name of the host it runs on.</summary>
    public string Host { get; }

    /// <summary>Its process id, as the sandbox sees it.</summary>
    public int Id { get; }

    /// <summary>Completes when it has ended and all it printed has been read, with its exit code; 128 and the signal's number after a signal.</summary>
    public Task<int> Exited => exited.Task;

    /// <summary>What it has printed on standard output so far.</summary>
    public string StandardOutput => output.Text;

    /// <summary>What it has printed on standard error so far.</summary>
    public string StandardError => error.Text;

    internal string End => end?.ToString() ?? "still runs";

    /// <summary>Sends it a signal; one that has ended already is no error.</summary>
    /// <param name="signal">signal(7); default: SIGKILL.</param>
    public void Kill(int signal = 9)
    {
        if (!exited.Task.IsCompleted) // its descriptor is closed after that only
            PidFd.Signal(pidFd, signal);
    }

    /// <summary>Writes to its standard input, which <see cref="HostCommand.WithOpenInput"/> has left open.</summary>
    /// <param name="text">UTF-8 when it arrives.</param>
    /// <exception cref="InvalidOperationException">Its input is closed.</exception>
    /// <exception cref="IOException">It reads no more: it has closed its input, or has ended.</exception>
    public async Task WriteAsync(string text)
    {
        if (!command.KeepsInputOpen)
            throw new InvalidOperationException($"The standard input of \"{command}\" is closed: start it with WithOpenInput.");
        if (!await input.WriteAsync(text).ConfigureAwait(false))
            throw new IOException($"\"{command}\" on host \"{Host}\" reads no more of its standard input.{Said()}");
    }

    /// <summary>Closes its standard input, when all that was written has been read: it comes to the end.</summary>
    public Task CloseInputAsync() => input.CloseAsync();

    /// <summary>Waits until it has printed a line that contains a text, on either output; one that was printed before counts.</summary>
    /// <param name="text">Case counts.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task WaitForLineAsync(string text, CancellationToken cancellation = default)
    {
        var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (awaited)
        {
            if (output.HasLine(text) || error.HasLine(text))
                return;
            awaited.Add((text, found));
        }
        await found.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Ends it, by SIGTERM and after five seconds by SIGKILL, and waits until it has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        Kill(Terminate);
        if (await Task.WhenAny(exited.Task, Task.Delay(Grace)).ConfigureAwait(false) != exited.Task)
            Kill();
        await exited.Task.ConfigureAwait(false);
        _ = input.CloseAsync();
        Descriptors.Close(pidFd);
    }

    internal static HostProcess Start(HostCommand command, string hostName, int host, InitConnection init, string[] environment)
    {
        var (input, theirInput) = UnixSocket.Pair(SocketConstants.SOCK_STREAM);
        var (output, theirOutput) = Descriptors.Pipe();
        var (error, theirError) = Descriptors.Pipe();
        var (status, theirStatus) = Descriptors.Pipe();
        try
        {
            var (id, pidFd) = init.Spawn(host, new ProgramStart(command, environment, EndsWithCaller: false), [theirInput, theirOutput, theirError, theirStatus]);
            var writer = new InputWriter(input);
            if (command.StandardInput.Length > 0)
                _ = writer.WriteAsync(command.StandardInput);
            if (!command.KeepsInputOpen)
                _ = writer.CloseAsync();
            return new HostProcess(command, hostName, id, pidFd, status, writer, output, error);
        }
        catch (SandboxException e)
        {
            foreach (int fd in (int[])[input, output, error, status])
                Descriptors.Close(fd);
            throw new HostCommandException($"\"{command}\" could not be started on host \"{hostName}\" in directory \"{command.WorkingDirectory}\": {e.Message}", e);
        }
        finally
        {
            foreach (int fd in (int[])[theirInput, theirOutput, theirError, theirStatus])
                Descriptors.Close(fd);
        }
    }

    /// <summary>What it printed last, for a message.</summary>
    internal string Said()
    {
        string said = (output.Text + error.Text).TrimEnd();
        return said.Length == 0 ? " It printed nothing." : $" It printed:{Environment.NewLine}{(said.Length > 2000 ? said[^2000..] : said)}{Environment.NewLine}";
    }

    private void Watch()
    {
        foreach (OutputReader reader in (OutputReader[])[output, error])
            loop.Watch(reader.Pipe, () =>
            {
                if (!reader.Read())
                    Finish(reader);
            });
        loop.Watch(status, () =>
        {
            Span<byte> told = stackalloc byte[4];
            int n = SocketStream.Read(status, told);
            if (n < 0)
                return;
            loop.Unwatch(status);
            Descriptors.Close(status);
            // No status: the whole sandbox has ended.
            end = new ProcessEnd(n == 4 ? BitConverter.ToInt32(told) : 9);
            Finish(output);
            Finish(error);
            exited.TrySetResult(end.Value.Exited ? end.Value.ExitCode : 128 + end.Value.Signal);
        });
    }

    // Once only: the number may be another descriptor's afterwards.
    private void Finish(OutputReader reader)
    {
        if (reader.IsFinished)
            return;
        loop.Unwatch(reader.Pipe);
        reader.Finish();
    }

    private void OnLine(string line)
    {
        command.Output?.Invoke($"{Host}| {line}");
        lock (awaited)
        {
            foreach (var (text, found) in awaited)
                if (line.Contains(text, StringComparison.Ordinal))
                    found.TrySetResult();
            awaited.RemoveAll(a => a.Found.Task.IsCompleted);
        }
    }
}
