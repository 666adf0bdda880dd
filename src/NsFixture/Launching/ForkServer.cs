using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// The test host's end of a fork server: starts the process, asks the zygote for sandboxes, hears of their ends. Its state
/// belongs to the event loop's thread.
/// </summary>
internal sealed class ForkServer
{
    private const long EndLimit = 200; // milliseconds
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly EventLoop loop = EventLoop.Shared;
    private readonly Dictionary<int, Sandbox> sandboxes = [];
    private readonly Dictionary<int, TaskCompletionSource<int>> trees = [];
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int socket, pid, nextId;
    private readonly bool again;
    private volatile string? failure;
    private IReadOnlyList<string>? notes; // what holds for all sandboxes; null until it is known

    private ForkServer(bool again) => this.again = again;

    /// <summary>Completes when the zygote takes requests.</summary>
    /// <exception cref="SandboxUnavailableException">It cannot; why, and what to do about it.</exception>
    /// <exception cref="ForkServerLostException">It was killed before it did.</exception>
    public Task Ready => ready.Task;

    /// <summary>How it was lost after it had been ready; null: it is there. On any thread.</summary>
    public string? Loss => Ready.IsCompletedSuccessfully ? failure : null;

    /// <summary>The id of the fork server's process.</summary>
    public int ProcessId => pid;

    public UserMapping Mapping { get; private set; }

    /// <summary>The directories that were prepared for its sandboxes.</summary>
    public TemplateRegistry Templates { get; } = new();

    /// <summary>What a warm server's children are forked with.</summary>
    public EnvironmentSnapshot Environment { get; } = new(Quiescence.RuntimeSettings.Select(s => s.Name));

    /// <param name="assemblyPath">The test assembly, whose runtime configuration and dependencies are used.</param>
    /// <param name="runnerType">The <see cref="ITestRunner"/> to warm up; null for a bare server.</param>
    /// <param name="again">It takes the place of one that was lost.</param>
    public static ForkServer Start(string assemblyPath, string? runnerType, bool again = false)
    {
        var server = new ForkServer(again);
        server.loop.Post(() => server.Spawn(assemblyPath, runnerType));
        return server;
    }

    /// <summary>Has a sandbox made. It can be used at once; what it is asked waits until it is built.</summary>
    /// <param name="spec">What it is like.</param>
    /// <param name="withTest">A test's process is forked in it, and waits for its request.</param>
    public Sandbox CreateSandbox(SandboxSpec spec, bool withTest = false)
    {
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        int id = -1;
        var sandbox = new Sandbox(loop, ours, spec) { HearServer = HearAll, AskForFreezer = (host, channel) => AskForFreezer(id, host, channel) };
        int[] passed = withTest ? [theirs, .. sandbox.OpenTestConnection()] : [theirs];
        if (notes != null)
            sandbox.Expect(notes); // at once: who asked for it may use it before the loop's thread gets to it
        loop.Post(() =>
        {
            sandbox.Watch();
            id = nextId++;
            if (failure == null)
            {
                sandboxes.Add(id, sandbox);
                UnixSocket.Send(socket, new ByteWriter().Byte((byte)ControlKind.CreateSandbox).Int32(id).Spec(spec).Written, passed);
            }
            else
            {
                Refuse(sandbox, failure);
            }
            foreach (int fd in passed)
                Descriptors.Close(fd);
        });
        return sandbox;
    }

    /// <summary>Has a tree's files given to the user's subordinate ids, or a tree removed whose files belong to them; see <see cref="Roots.Archives.TreeOwners"/>.</summary>
    /// <param name="tree">Its path.</param>
    /// <param name="owners">The file with the owners; empty: it is removed.</param>
    /// <returns>How many files have owners that do not exist.</returns>
    /// <exception cref="RootTreeException">It could not be done.</exception>
    public Task<int> TendTreeAsync(string tree, string owners)
    {
        var done = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(() =>
        {
            if (failure != null)
            {
                done.SetException(new RootTreeException($"The files of {tree} cannot be given to their owners, or removed: {failure}"));
                return;
            }
            trees.Add(nextId, done);
            UnixSocket.Send(socket, new ByteWriter().Byte((byte)ControlKind.TendTree).Int32(nextId++).String(tree).String(owners).Written);
        });
        return done.Task;
    }

    private void AskForFreezer(int id, int host, int channel)
    {
        if (failure == null)
            UnixSocket.Send(socket, new ByteWriter().Byte((byte)ControlKind.MakeFreezer).Int32(id).Int32(host).Written, channel);
        Descriptors.Close(channel);
    }

    /// <summary>Waits until it is ready, has it make one sandbox, and ends it.</summary>
    /// <exception cref="SandboxException">Something could not be done; cause and remedy.</exception>
    public async Task TryOutAsync()
    {
        await Ready.ConfigureAwait(false);
        Sandbox sandbox = CreateSandbox(new SandboxOptions().Resolve(AppContext.BaseDirectory));
        try
        {
            await sandbox.Ready.ConfigureAwait(false);
        }
        finally
        {
            loop.Post(sandbox.Close);
            await sandbox.Gone.ConfigureAwait(false);
            loop.Post(() => Fail("it was only tried out"));
        }
    }

    private void Spawn(string assemblyPath, string? runnerType)
    {
        try
        {
            var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
            socket = ours;
            string[] arguments = DotnetHost.Arguments(assemblyPath, "fork-server", runnerType ?? "", runnerType == null ? "" : assemblyPath);
            pid = Linux.Spawn.Start(arguments, DotnetHost.CurrentEnvironment(Quiescence.RuntimeSettings), theirs, Wire.SocketDescriptor);
            Descriptors.Close(theirs);
            loop.Watch(socket, () => Receive());
            loop.Schedule(StartLimit, () =>
            {
                if (!Ready.IsCompleted)
                    Fail($"the fork server was not ready after {StartLimit.TotalSeconds} s");
            });
        }
        catch (Exception e) when (e is LinuxException or SandboxException)
        {
            Fail(e.Message);
        }
    }

    // A sandbox that ends may have ended with the server, whose own end may not have been read yet.
    private void HearAll()
    {
        while (failure == null && Receive())
        {
        }
    }

    /// <summary>False: nothing is there.</summary>
    private bool Receive()
    {
        byte[]? message = UnixSocket.Receive(socket, out int[] descriptors, wait: false);
        if (message == null)
            return false;
        if (message.Length == 0)
        {
            FailForEnd();
            return true;
        }
        var reader = new ByteReader(message);
        switch ((ControlKind)reader.Byte())
        {
            case ControlKind.ServerReady:
                int version = reader.Int32();
                if (version != Wire.Version)
                    Fail($"the fork server speaks version {version} of the protocol and the test host {Wire.Version}: rebuild the test project");
                Mapping = (UserMapping)reader.Int32();
                notes = reader.Strings()!;
                foreach (Sandbox early in sandboxes.Values)
                    early.Expect(notes);
                ready.TrySetResult();
                break;
            case ControlKind.ServerFailed:
                Fail(reader.Text());
                break;
            case ControlKind.SandboxCreated:
                if (sandboxes.TryGetValue(reader.Int32(), out Sandbox? created))
                    created.Created(descriptors[0]);
                break;
            case ControlKind.SandboxRefused:
                if (sandboxes.Remove(reader.Int32(), out Sandbox? refused))
                    refused.Refuse(reader.Text());
                break;
            case ControlKind.ServerUnwell:
                Console.Error.WriteLine($"NsFixture: warning: {reader.Text()}");
                break;
            case ControlKind.TreeTended:
                if (trees.Remove(reader.Int32(), out TaskCompletionSource<int>? tended))
                {
                    int unknown = reader.Int32();
                    if (reader.String() is { } problem)
                        tended.SetException(new RootTreeException($"Files could not be given to their owners, or removed: {problem}"));
                    else
                        tended.SetResult(unknown);
                }
                break;
            case ControlKind.SandboxReaped:
                int id = reader.Int32();
                var end = new ProcessEnd(reader.Int32());
                if (sandboxes.Remove(id, out Sandbox? reaped))
                    reaped.Reaped(end);
                else if (trees.Remove(id, out TaskCompletionSource<int>? left)) // without a word
                    left.SetException(new RootTreeException($"The process that was to give files to their owners, or to remove them, {end}."));
                break;
        }
        return true;
    }

    // A server that ends, or crashes, before it is ready says something of this machine or runtime; one that somebody kills, or that was ready, was lost.
    private void FailForEnd()
    {
        ProcessEnd? end = AwaitEnd();
        string how = end?.ToString() ?? "closed its connection";
        if (!Ready.IsCompletedSuccessfully && end?.Signal != SignalNumbers.SIGKILL)
        {
            Fail($"the fork server {how} before it was ready; what it printed stands in the test host's standard error");
            return;
        }
        string why = again
            ? $"the fork server, which isolated tests are forked from, was lost for the second time in this run: it {how}. It is not started again, and the isolated tests that follow fail."
            : $"the fork server, which isolated tests are forked from, was lost: it {how}. If nobody did that, the machine may be short of memory (dmesg tells), or the server has said why on standard error. " +
              "It is started once more, for the tests that follow.";
        Fail(why, new ForkServerLostException(why));
    }

    // The zygote ends with the server, and the server with the zygote: a moment later its end can be told.
    private unsafe ProcessEnd? AwaitEnd()
    {
        int status = 0, ended = 0;
        for (long until = System.Environment.TickCount64 + EndLimit; (ended = Libc.WaitPid(pid, &status, WaitOptions.WNOHANG)) == 0 && System.Environment.TickCount64 < until;)
            Thread.Sleep(1);
        if (ended != pid)
            return null;
        pid = 0;
        return new ProcessEnd(status);
    }

    private void Refuse(Sandbox sandbox, string why)
    {
        sandbox.ServerLoss = Loss;
        sandbox.Refuse(why);
    }

    private unsafe void Fail(string why, SandboxException? exception = null)
    {
        if (failure != null)
            return;
        failure = why;
        loop.Unwatch(socket);
        Descriptors.Close(socket); // the zygote, and with it every sandbox, ends with the connection
        ready.TrySetException(exception ?? new SandboxUnavailableException(why));
        _ = ready.Task.Exception; // observed: not everyone who starts a server waits for it
        // Not in place: a sandbox's end may be the beginning of another.
        Sandbox[] all = [.. sandboxes.Values];
        sandboxes.Clear();
        foreach (Sandbox sandbox in all)
            Refuse(sandbox, why);
        foreach (TaskCompletionSource<int> waiting in trees.Values)
            waiting.SetException(new RootTreeException(why));
        trees.Clear();
        if (pid > 0)
        {
            _ = Libc.Kill(pid, SignalNumbers.SIGKILL);
            int status;
            _ = Libc.WaitPid(pid, &status, 0);
        }
    }
}
