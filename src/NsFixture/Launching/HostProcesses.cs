using System.Text;
using NsFixture.Linux;
using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>The programs that init has started on hosts. It tells who asked how each one ended, over a pipe of its own.</summary>
/// <param name="views">What hosts' programs see.</param>
/// <param name="hardened">Whether they lose their privileges.</param>
/// <param name="limiter">Limits them; null: nothing does.</param>
internal sealed unsafe class HostProcesses(HostViews views, bool hardened, Limiter? limiter)
{
    private const int LastSignal = 64;
    private readonly Dictionary<int, Running> running = []; // by pid

    /// <param name="End">The pipe for its wait status.</param>
    /// <param name="Owner">The connection that it ends with; -1: none.</param>
    /// <param name="Host">The host that it is on.</param>
    /// <param name="Program">What was started.</param>
    private sealed record Running(int End, int Owner, int Host, string Program);

    /// <summary>Starts a program on a host; returns its id and its process descriptor.</summary>
    /// <param name="host">The host's index.</param>
    /// <param name="program">What to start, and how.</param>
    /// <param name="connection">Who asked.</param>
    /// <param name="descriptors">Standard input, output and error, and the pipe for its end; closed here.</param>
    /// <exception cref="LinuxException">It could not be started; nothing is left.</exception>
    /// <exception cref="SandboxException">Nor this: it cannot be its user.</exception>
    public (int Pid, int PidFd) Start(int host, ProgramStart program, int connection, int[] descriptors)
    {
        var (read, write) = Descriptors.Pipe();
        bool started = false;
        try
        {
            views.Prepare(host);
            limiter?.Prepare();
            int pid = Clone.Fork(0, out int pidFd);
            if (pid == 0)
                Become(host, program, descriptors, write);
            Descriptors.Close(write);
            write = -1;
            if (Failure(read) is { } failure)
            {
                int status;
                _ = Libc.WaitPid(pid, &status, 0);
                Descriptors.Close(pidFd);
                throw failure(program);
            }
            running.Add(pid, new Running(descriptors[3], program.EndsWithCaller ? connection : -1, host, program.Argv[0]));
            started = true;
            return (pid, pidFd);
        }
        finally
        {
            Descriptors.Close(read);
            Descriptors.Close(write);
            foreach (int fd in started ? descriptors.AsSpan(0, 3) : descriptors)
                Descriptors.Close(fd);
        }
    }

    /// <summary>The sessions of those that run: each has its own.</summary>
    public IReadOnlyCollection<int> Sessions => running.Keys;

    /// <summary>The host that one of them is on; null: it is none of them.</summary>
    public int? HostOf(int pid) => running.TryGetValue(pid, out Running? process) ? process.Host : null;

    /// <summary>What it is called: <c>process 12, 'redis-server'</c>; null: it is none of them.</summary>
    public string? Describe(int pid) => running.TryGetValue(pid, out Running? process) ? $"process {pid}, '{process.Program}'" : null;

    /// <summary>Asks all to end, the one started last first.</summary>
    public void Terminate()
    {
        foreach (int pid in running.Keys.OrderDescending())
            _ = Libc.Kill(-pid, SignalNumbers.SIGTERM);
    }

    /// <summary>Called for every process that init has reaped.</summary>
    public void Ended(int pid, int status)
    {
        if (!running.Remove(pid, out Running? process))
            return;
        FileSystem.TryWriteAll(process.End, BitConverter.GetBytes(status));
        Descriptors.Close(process.End);
    }

    /// <summary>Called when a connection has ended: so do the programs that were to end with it, and what they have started.</summary>
    public void ConnectionEnded(int connection)
    {
        foreach (var (pid, process) in running)
            if (process.Owner == connection)
                _ = Libc.Kill(-pid, SignalNumbers.SIGKILL); // its own session, and not reaped before that is done here
    }

    // What the child says before it becomes the program: a step and an errno, or words. Nothing: it has become it.
    private static Func<ProgramStart, Exception>? Failure(int pipe)
    {
        Span<PollFd> poll = stackalloc PollFd[1];
        poll[0] = Poller.Reading(pipe);
        while (Poller.Wait(poll, -1) == 0)
        {
        }
        Span<byte> told = stackalloc byte[1024];
        int n = SocketStream.Read(pipe, told);
        if (n < 8)
            return null;
        int step = BitConverter.ToInt32(told), error = BitConverter.ToInt32(told[4..]);
        string words = Encoding.UTF8.GetString(told[8..n]);
        return program => words.Length > 0 ? new SandboxException(words)
            : step == 0 ? new LinuxException("setns", "to the host", error)
            : step == 1 ? new LinuxException("chdir", program.Directory, error)
            : new LinuxException("execve", program.Argv[0], error);
    }

    private void Become(int host, ProgramStart program, int[] descriptors, int errors)
    {
        int step = 0;
        try
        {
            limiter?.Apply(host, isTest: false);
            views.Enter(host);
            _ = Libc.SetSid();
            ResetSignals();
            for (int i = 0; i < 3; i++)
                Descriptors.Duplicate(Descriptors.DuplicateAbove(descriptors[i], 100), i);
            _ = Libc.IoCtl(0, Terminal.TIOCSCTTY, null); // a terminal that is nobody's yet is the new session's (TerminalRelay)
            int high = Descriptors.DuplicateAbove(errors, 100); // closed on exec
            Descriptors.CloseAllBut([high]);
            errors = high;
            string[] envp = program.Envp;
            if (program.User != null)
            {
                Account account = Account.Find(program.User);
                if (hardened && account.Uid != 0)
                    throw new SandboxException($"AsUser(\"{program.User}\"): programs of a hardened sandbox are uid 0 without its powers, and cannot become another user: leave out AsUser, or Hardened; where an image names the user, AsUser(\"0\")");
                if (!hardened)
                    account.Become(ownsOutput: !program.EndsWithCaller);
                envp = account.Environment(envp, program.ChosenVariables);
            }
            step++;
            if (Libc.Chdir(program.Directory) != 0)
                throw LinuxException.Last("chdir", program.Directory);
            step++;
            if (hardened)
                Hardening.Apply();
            throw Execute(program.Argv, envp);
        }
        catch (SandboxException e)
        {
            FileSystem.TryWriteAll(errors, [.. new byte[8], .. Encoding.UTF8.GetBytes(e.Message)]);
        }
        catch (LinuxException e)
        {
            FileSystem.TryWriteAll(errors, [.. BitConverter.GetBytes(step), .. BitConverter.GetBytes(e.Errno)]);
        }
        Libc.Exit(127);
    }

    // The runtime ignores some signals and handles others; a program starts with none of that (signal(7)).
    private static void ResetSignals()
    {
        for (int signal = 1; signal <= LastSignal; signal++)
            _ = Libc.Signal(signal, 0);
        byte* none = stackalloc byte[128];
        _ = Libc.SigEmptySet(none);
        _ = Libc.PthreadSigMask(SigMask.SIG_SETMASK, none, null);
    }

    // As execvpe(3) does it: the first that can be executed counts, and a refusal is remembered.
    private static LinuxException Execute(string[] argv, string[] envp)
    {
        const string path = "PATH=", usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        string directories = envp.FirstOrDefault(e => e.StartsWith(path, StringComparison.Ordinal))?[path.Length..] is { Length: > 0 } set ? set : usual;
        byte** arguments = Utf8.NewArray(argv), environment = Utf8.NewArray(envp);
        int error = Err.ENOENT;
        foreach (string candidate in argv[0].Contains('/', StringComparison.Ordinal) ? [argv[0]] : directories.Split(':').Select(d => $"{d}/{argv[0]}"))
        {
            fixed (byte* file = Utf8.Zero(candidate))
                _ = Libc.ExecVe(file, arguments, environment);
            var failure = LinuxException.Last("execve", candidate);
            if (failure.Errno is not (Err.ENOENT or Err.ENOTDIR))
                error = failure.Errno;
        }
        return new LinuxException("execve", argv[0], error);
    }
}
