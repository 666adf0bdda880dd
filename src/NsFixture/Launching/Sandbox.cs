using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>
/// The test host's handle on one sandbox: init's control socket and process descriptor. Closing it ends init, and init's end
/// is the end of everything inside. State belongs to the event loop's thread.
/// </summary>
internal sealed partial class Sandbox(EventLoop loop, int control, SandboxSpec spec)
{
    private readonly TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TestConnection? connection;
    private Action? whenGone;
    private int pidFd = -1;
    private bool closed, killed;
    private readonly List<string> limitHits = [];

    public SandboxSpec Spec { get; } = spec;

    /// <summary>Has the fork server say what it has to say: called when init's connection ends, which may be the server's doing.</summary>
    public required Action HearServer { get; init; }

    /// <summary>Passes what init asks of the zygote on to it: host, channel; closes the channel.</summary>
    public required Action<int, int> AskForFreezer { get; init; }

    /// <summary>What limits the test has come up against: a sentence each.</summary>
    public IReadOnlyList<string> LimitHits => limitHits;

    /// <summary>How the fork server was lost, and the sandbox with it; null: it was not.</summary>
    public string? ServerLoss { get; set; }

    /// <summary>Everything is built.</summary>
    /// <exception cref="SandboxException">It could not be; why.</exception>
    public Task Ready => ready.Task;

    /// <summary>What had to be done in a second-best way: for all sandboxes, and by init, once it is built; null until any is known.</summary>
    public IReadOnlyList<string>? Notes { get; private set; }

    /// <summary>Says what had to be done for all sandboxes; init repeats that, but a test may be on its way before it has.</summary>
    public void Expect(IReadOnlyList<string> notes) => Notes ??= notes;

    /// <summary>Why there is no sandbox, if there is none.</summary>
    public string? Failure { get; private set; }

    /// <summary>The same, to be said of one that is lost.</summary>
    public string WhyLost => Failure ?? "the sandbox's init process ended unexpectedly";

    /// <summary>The id of init's process, as it is seen from here; 0 once that has ended. On the loop's thread.</summary>
    public int ProcessId => pidFd < 0 ? 0 : PidFd.ProcessId(pidFd);

    /// <summary>Init has closed its connection, or was never made; on the loop's thread.</summary>
    public bool IsLost => closed;

    /// <summary>Init is reaped, or never was.</summary>
    public Task Gone => gone.Task;

    /// <summary>Calls <paramref name="action"/> once init is reaped, at no cost to the thread pool. On the loop's thread, both.</summary>
    public void WhenGone(Action action)
    {
        if (gone.Task.IsCompleted)
            action();
        else
            whenGone += action;
    }

    /// <summary>How the test's process ended, once it has.</summary>
    public ProcessEnd? End { get; private set; }

    /// <summary>The test's process ended; on the loop's thread.</summary>
    public event Action? TestEnded;

    /// <summary>Init is gone, or could not be made; on the loop's thread.</summary>
    public event Action? Lost;

    /// <summary>Starts a program as the test's process inside, as soon as init is ready; it waits for its request.</summary>
    public void StartTest(IReadOnlyList<string> argv, IReadOnlyList<string> envp)
    {
        int[] passed = OpenTestConnection();
        UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.RunTest).Strings([.. argv]).Strings([.. envp]).Written, passed);
        foreach (int fd in passed)
            Descriptors.Close(fd);
    }

    /// <summary>The test's ends of its <see cref="TestConnection"/>: result socket, stdout, stderr.</summary>
    public int[] OpenTestConnection()
    {
        var (socket, theirs) = UnixSocket.Pair(SocketConstants.SOCK_STREAM);
        var (outputRead, outputWrite) = Descriptors.Pipe();
        var (errorRead, errorWrite) = Descriptors.Pipe();
        connection = new TestConnection(socket, outputRead, errorRead);
        return [theirs, outputWrite, errorWrite];
    }

    /// <summary>One more connection to init, to ask it about hosts.</summary>
    public InitConnection Connect()
    {
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.Connect).Written, theirs);
        Descriptors.Close(theirs);
        return new InitConnection(ours);
    }

    /// <summary>The connection to the started process, which is the caller's from now on; null where none was started.</summary>
    public TestConnection? TakeConnection() => Interlocked.Exchange(ref connection, null);

    public void Watch() => loop.Watch(control, Receive);

    /// <summary>Lets init end. On the loop's thread.</summary>
    public void Close()
    {
        if (closed)
            return;
        closed = true;
        TakeConnection()?.Close();
        loop.Unwatch(control);
        Descriptors.Close(control);
    }

    /// <summary>Kills init, and so everything inside, now. On the loop's thread.</summary>
    public void Kill()
    {
        killed = true;
        if (pidFd >= 0)
            PidFd.Signal(pidFd, SignalNumbers.SIGKILL);
    }

    public void Created(int initPidFd)
    {
        pidFd = initPidFd;
        if (killed)
            Kill();
    }

    public void Refuse(string why)
    {
        Failure ??= why;
        Lose();
        Vanish();
    }

    public void Reaped(ProcessEnd end)
    {
        while (!closed && UnixSocket.Peek(control) > 0)
            Receive(); // init's last words, which this has overtaken: it comes by another socket
        if (!end.Success)
            Failure ??= $"the sandbox's init process {end}";
        Descriptors.Close(pidFd);
        pidFd = -1;
        LogEnd();
        Lose();
        Vanish();
    }

    private void Vanish()
    {
        gone.TrySetResult();
        whenGone?.Invoke();
        whenGone = null;
    }

    private void Lose()
    {
        bool wasOpen = !closed;
        Close();
        ready.TrySetException(new SandboxException(Failure ?? "The sandbox's init process ended unexpectedly."));
        _ = ready.Task.Exception; // observed: tests hear of it otherwise
        if (wasOpen)
            Lost?.Invoke();
    }

    private void Receive()
    {
        byte[]? message = UnixSocket.Receive(control, out int[] descriptors, wait: false);
        if (message == null)
            return;
        if (message.Length == 0)
        {
            HearServer();
            Lose();
            return;
        }
        var reader = new ByteReader(message);
        switch ((ControlKind)reader.Byte())
        {
            case ControlKind.InitReady:
                Notes = reader.Strings()!;
                ready.TrySetResult();
                break;
            case ControlKind.ServeSockets:
                int channel = descriptors[0];
                loop.Watch(channel, () =>
                {
                    if (MachineSockets.Serve(channel))
                        return;
                    loop.Unwatch(channel); // whoever asked has gone, at the latest with the sandbox
                    Descriptors.Close(channel);
                });
                break;
            case ControlKind.InitFailed:
                Failure = "the sandbox could not be built: " + reader.Text();
                break;
            case ControlKind.Kept:
                IsKept = true;
                Close();
                HearKept();
                break;
            case ControlKind.LimitHit:
                limitHits.Add(reader.Text());
                break;
            case ControlKind.MakeFreezer:
                AskForFreezer(reader.Int32(), descriptors[0]);
                break;
            case ControlKind.Ending:
                HearEnd(ref reader);
                break;
            case ControlKind.TestEnded:
                End = new ProcessEnd(reader.Int32());
                TestEnded?.Invoke();
                break;
        }
    }
}
