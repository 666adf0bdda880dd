using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// What a <see cref="System.Diagnostics.ProcessStartInfo"/> of a host starts: it has init start the program with its own standard
/// input, output and error (a terminal by way of another one, see <see cref="TerminalRelay"/>), environment and directory, passes signals on to it, and ends as it does. When it is killed, so is the program.
/// </summary>
internal static class EnterProgram
{
    private const int CannotStart = 127; // as shells say it
    private static readonly int[] Passed = [SignalNumbers.SIGHUP, SignalNumbers.SIGINT, SignalNumbers.SIGQUIT, SignalNumbers.SIGUSR1, SignalNumbers.SIGUSR2, SignalNumbers.SIGTERM, SignalNumbers.SIGCONT];

    public static int Run(string entrance, int host, string user, string chosen, string directory, string[] program)
    {
        var (status, theirStatus) = Descriptors.Pipe();
        // From before the program is there, which may say at once that it may be sent signals.
        var started = new TaskCompletionSource<int>();
        bool isTerminal = !Console.IsInputRedirected;
        PosixSignalRegistration[] registrations = [.. Passed.Select(signal => PosixSignalRegistration.Create((PosixSignal)signal, context =>
        {
            context.Cancel = true;
            // A key of the terminal's is for all that the program has started, too: that is how a shell's command is ended.
            if (isTerminal && signal is (SignalNumbers.SIGINT or SignalNumbers.SIGQUIT))
                PidFd.SignalGroup(started.Task.Result, signal);
            else
                PidFd.Signal(started.Task.Result, signal);
        }))];
        ProcessEnd end = default;
        Exception? failure = null;
        TerminalRelay? terminal = TerminalRelay.Take();
        try
        {
            // Not closed: init ends the program with the connection, which ends with this process.
            var init = new InitConnection(Connect(entrance));
            string[] environment = [.. DotnetHost.CurrentEnvironment()];
            var start = new ProgramStart(program, environment, directory.Length > 0 ? directory : Environment.CurrentDirectory, user.Length > 0 ? user : null, chosen.Split(','), EndsWithCaller: true);
            started.SetResult(init.Spawn(host, start, [.. terminal?.Standard ?? [0, 1, 2], theirStatus]).PidFd);
            Descriptors.Close(theirStatus);
            terminal?.Pass(status);
            end = Wait(status);
        }
        catch (Exception e) when (e is SandboxException or LinuxException)
        {
            failure = e;
        }
        finally
        {
            terminal?.Dispose(); // whatever comes, the caller's terminal is what it was before anything is said on it
        }
        if (failure != null)
        {
            Console.Error.WriteLine($"NsFixture: \"{program[0]}\" could not be started on its host: {failure.Message}");
            return CannotStart;
        }
        GC.KeepAlive(registrations);
        return end.Exited ? end.ExitCode : EndBy(end.Signal);
    }

    private static int Connect(string entrance)
    {
        int socket;
        try
        {
            socket = UnixSocket.Connect(entrance);
        }
        catch (LinuxException e) when (e.Errno == Err.ECONNREFUSED)
        {
            throw new SandboxException("its network is gone, or the process that has it, or this one was started from another host's Run", e);
        }
        byte[] answer = UnixSocket.Receive(socket, out int[] descriptors) ?? [];
        Descriptors.Close(socket);
        return descriptors.Length > 0 ? descriptors[0] : throw new SandboxException(answer.Length > 1 ? System.Text.Encoding.UTF8.GetString(answer.AsSpan(1)) : "the process that has its network went away");
    }

    private static ProcessEnd Wait(int status)
    {
        Span<PollFd> poll = [Poller.Reading(status)];
        while (Poller.Wait(poll, -1) == 0)
        {
        }
        Span<byte> told = stackalloc byte[sizeof(int)];
        return new ProcessEnd(SocketStream.Read(status, told) == sizeof(int) ? BitConverter.ToInt32(told) : SignalNumbers.SIGKILL); // nothing: the whole sandbox has ended
    }

    // By the same signal, so that whoever waits sees what the program did; without a memory dump of this one.
    private static int EndBy(int signal)
    {
        _ = Libc.Prctl(PrctlOptions.PR_SET_DUMPABLE, 0, 0, 0, 0);
        _ = Libc.Signal(signal, 0);
        _ = Libc.Kill(Libc.GetPid(), signal);
        return 128 + signal;
    }
}
