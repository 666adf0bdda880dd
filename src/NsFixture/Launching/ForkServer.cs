using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// The test host's end of a fork server: starts the process, asks the zygote for sandboxes, hears of their ends. Its state
/// belongs to the event loop's thread.
/// </summary>
internal sealed class ForkServer
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly EventLoop loop = EventLoop.Shared;
    private readonly Dictionary<int, Sandbox> sandboxes = [];
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int socket, pid, nextId;
    private string? failure;
    private IReadOnlyList<string>? notes; // what holds for all sandboxes; null until it is known

    private ForkServer()
    {
    }

    /// <summary>Completes when the zygote takes requests.</summary>
    /// <exception cref="SandboxUnavailableException">It cannot; why, and what to do about it.</exception>
    public Task Ready => ready.Task;

    /// <summary>The id of the fork server's process.</summary>
    public int ProcessId => pid;

    public UserMapping Mapping { get; private set; }

    /// <summary>The directories that were prepared for its sandboxes.</summary>
    public TemplateRegistry Templates { get; } = new();

    /// <summary>What a warm server's children are forked with.</summary>
    public EnvironmentSnapshot Environment { get; } = new(Quiescence.RuntimeSettings.Select(s => s.Name));

    /// <param name="assemblyPath">The test assembly, whose runtime configuration and dependencies are used.</param>
    /// <param name="runnerType">The <see cref="ITestRunner"/> to warm up; null for a bare server.</param>
    public static ForkServer Start(string assemblyPath, string? runnerType)
    {
        var server = new ForkServer();
        server.loop.Post(() => server.Spawn(assemblyPath, runnerType));
        return server;
    }

    /// <summary>Has a sandbox made. It can be used at once; what it is asked waits until it is built.</summary>
    public Sandbox CreateSandbox(SandboxSpec spec)
    {
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        var sandbox = new Sandbox(loop, ours, spec);
        if (notes != null)
            sandbox.Expect(notes); // at once: who asked for it may use it before the loop's thread gets to it
        loop.Post(() =>
        {
            sandbox.Watch();
            int id = nextId++;
            if (failure == null)
            {
                sandboxes.Add(id, sandbox);
                UnixSocket.Send(socket, new ByteWriter().Byte((byte)ControlKind.CreateSandbox).Int32(id).Spec(spec).Written, theirs);
            }
            else
            {
                sandbox.Refuse(failure);
            }
            Descriptors.Close(theirs);
        });
        return sandbox;
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
            loop.Watch(socket, Receive);
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

    private void Receive()
    {
        byte[]? message = UnixSocket.Receive(socket, out int[] descriptors, wait: false);
        if (message == null)
            return;
        if (message.Length == 0)
        {
            Fail("the fork server ended unexpectedly; what it printed stands in the test host's standard error");
            return;
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
            case ControlKind.SandboxReaped:
                if (sandboxes.Remove(reader.Int32(), out Sandbox? reaped))
                    reaped.Reaped(new ProcessEnd(reader.Int32()));
                break;
        }
    }

    private unsafe void Fail(string why)
    {
        if (failure != null)
            return;
        failure = why;
        loop.Unwatch(socket);
        Descriptors.Close(socket); // the zygote, and with it every sandbox, ends with the connection
        ready.TrySetException(new SandboxUnavailableException(why));
        _ = ready.Task.Exception; // observed: not everyone who starts a server waits for it
        foreach (Sandbox sandbox in sandboxes.Values)
            sandbox.Refuse(why);
        sandboxes.Clear();
        if (pid > 0)
        {
            _ = Libc.Kill(pid, SignalNumbers.SIGKILL);
            int status;
            _ = Libc.WaitPid(pid, &status, 0);
        }
    }
}
