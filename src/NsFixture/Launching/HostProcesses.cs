using System.Text;
using NsFixture.Linux;
using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>The programs that init has started on hosts. It tells who asked how each one ended, over a pipe of its own.</summary>
internal sealed unsafe class HostProcesses(HostViews views, bool hardened)
{
    private const int LastSignal = 64;
    private readonly Dictionary<int, int> ends = []; // pid to pipe

    /// <summary>Starts a program on a host; returns its id and its process descriptor.</summary>
    /// <param name="host">The host's index.</param>
    /// <param name="argv">The program, searched for in PATH of <paramref name="envp"/>, and its arguments.</param>
    /// <param name="envp">NAME=value.</param>
    /// <param name="directory">Its working directory.</param>
    /// <param name="descriptors">Standard input, output and error, and the pipe for its end; closed here.</param>
    /// <exception cref="LinuxException">It could not be started; nothing is left.</exception>
    public (int Pid, int PidFd) Start(int host, string[] argv, string[] envp, string directory, int[] descriptors)
    {
        var (read, write) = Descriptors.Pipe();
        bool started = false;
        try
        {
            views.Prepare(host);
            int pid = Clone.Fork(0, out int pidFd);
            if (pid == 0)
                Become(host, argv, envp, directory, descriptors, write);
            Descriptors.Close(write);
            write = -1;
            if (Failure(read) is { } failure)
            {
                int status;
                _ = Libc.WaitPid(pid, &status, 0);
                Descriptors.Close(pidFd);
                throw failure(argv[0], directory);
            }
            ends.Add(pid, descriptors[3]);
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

    /// <summary>Called for every process that init has reaped.</summary>
    public void Ended(int pid, int status)
    {
        if (!ends.Remove(pid, out int pipe))
            return;
        FileSystem.TryWriteAll(pipe, BitConverter.GetBytes(status));
        Descriptors.Close(pipe);
    }

    // What the child says before it becomes the program: a step and an errno. Nothing: it has become it.
    private static Func<string, string, LinuxException>? Failure(int pipe)
    {
        Span<PollFd> poll = stackalloc PollFd[1];
        poll[0] = Poller.Reading(pipe);
        while (Poller.Wait(poll, -1) == 0)
        {
        }
        Span<byte> told = stackalloc byte[8];
        if (SocketStream.Read(pipe, told) < 8)
            return null;
        int step = BitConverter.ToInt32(told), error = BitConverter.ToInt32(told[4..]);
        return (program, directory) => step == 0 ? new LinuxException("setns", "to the host", error)
            : step == 1 ? new LinuxException("chdir", directory, error)
            : new LinuxException("execve", program, error);
    }

    private void Become(int host, string[] argv, string[] envp, string directory, int[] descriptors, int errors)
    {
        int step = 0;
        try
        {
            views.Enter(host);
            _ = Libc.SetSid();
            ResetSignals();
            for (int i = 0; i < 3; i++)
                Descriptors.Duplicate(Descriptors.DuplicateAbove(descriptors[i], 100), i);
            int high = Descriptors.DuplicateAbove(errors, 100); // closed on exec
            Descriptors.CloseAllBut([high]);
            errors = high;
            step++;
            if (Libc.Chdir(directory) != 0)
                throw LinuxException.Last("chdir", directory);
            step++;
            if (hardened)
                Hardening.Apply();
            throw Execute(argv, envp);
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
