using System.ComponentModel;
using System.Diagnostics;
using NsFixture.Linux;
using NsFixture.Namespaces;

namespace NsFixture;

/// <summary>A program that runs in namespaces (<see cref="NamespaceCommand.Start"/>). It is ended when this is disposed of.</summary>
public sealed class NamespaceProcess : IDisposable
{
    private CommandProgram? program; // its file is in use until it has been executed

    private NamespaceProcess(Process process, CommandProgram program) => (Process, Id, this.program) = (process, process.Id, program);

    /// <summary>The process that was started, with its input and outputs: the program itself, or who waits for it and ends as it does, if it forks.</summary>
    public Process Process { get; }

    /// <summary>The program's id, as this process's /proc has it.</summary>
    public int Id { get; private set; }

    /// <summary>Opens a namespace it is in, which is kept alive by that whatever becomes of the program.</summary>
    /// <param name="type">One type.</param>
    /// <exception cref="NamespaceException">It has ended.</exception>
    public LinuxNamespace Open(NamespaceTypes type) => LinuxNamespace.OfProcess(Id, type);

    /// <summary>Ends it, and what it has started, and waits for that.</summary>
    public void Dispose()
    {
        try
        {
            Process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // it has ended already
        }
        Process.WaitForExit();
        Process.Dispose();
        program?.Dispose();
        program = null;
    }

    /// <summary>Starts a command, and returns once it has become its program.</summary>
    /// <param name="command">The command.</param>
    /// <param name="question">Called when the namespaces are there, if the program asks.</param>
    /// <param name="becomes">Whether it becomes its program, or ends once its question was answered.</param>
    internal static NamespaceProcess Start(NamespaceCommand command, Action<NamespaceProcess>? question, bool becomes = true)
    {
        using var pipes = new CommandPipes();
        CommandProgram? program = null;
        NamespaceProcess? started = null;
        try
        {
            program = new CommandProgram(command, pipes, asks: question != null, becomes);
            started = new NamespaceProcess(Process.Start(program.StartInfo(redirects: true))!, program);
            started.Follow(pipes, question);
            return started;
        }
        catch (Exception e)
        {
            started?.Dispose();
            program?.Dispose();
            if (e is not (LinuxException or Win32Exception))
                throw;
            throw new NamespaceException($"\"{command}\" could not be started in its namespaces: {(e is LinuxException failure ? Explain(command, failure) : $"{e.Message}. A security policy may forbid to execute files in memory, which it is started by: see the sysctl vm.memfd_noexec")}", e);
        }
    }

    private void Follow(CommandPipes pipes, Action<NamespaceProcess>? question)
    {
        int pidFd = (int)Libc.Syscall(SyscallNumbers.PidFdOpen, Process.Id, 0, 0, 0, 0); // -1: it has ended, and was reaped
        try
        {
            if (!pipes.Read(pidFd, out _, out _))
                throw new NamespaceException($"Process {Process.Id} was ended from outside while it was on its way into its namespaces.");
            pipes.CloseTheirs();
            while (pipes.Read(pidFd, out long about, out long value))
            {
                switch (about)
                {
                    case -1:
                        Id = (int)value;
                        break;
                    case -2:
                        question!(this);
                        pipes.Answer();
                        break;
                    default:
                        throw program!.Failure(about, (int)value);
                }
            }
        }
        finally
        {
            Descriptors.Close(pidFd);
        }
    }

    private static string Explain(NamespaceCommand command, LinuxException failure) => failure switch
    {
        { Operation: "execve", Errno: Err.ENOENT } => $"there is no program \"{command.Program}\" where it would run{(command.Root == null ? "" : $", below {command.Root}")}: install it, or give its path. ({failure.Message})",
        { Operation: "execve" } => $"\"{command.Program}\" may not be executed, or a directory that it was looked for in may not be entered: see the permissions for the user it runs as, or give another path. ({failure.Message})",
        { Operation: "setns", Errno: Err.EPERM } => $"{failure.Target} may not be entered, which takes CAP_SYS_ADMIN over the user namespace that owns it: enter that too, or run as root. ({failure.Message})",
        { Operation: "setns", Errno: Err.EINVAL } => $"{failure.Target} cannot be entered: a process is in its user namespace already, and a pid namespace is entered from one above it, while process 1 of it runs (setns(2)). ({failure.Message})",
        { Operation: "write", Target: var target } when target.EndsWith("timens_offsets", StringComparison.Ordinal) => $"the clocks cannot be set off that far: they cannot say a time before the machine started, nor one in more than 146 years. ({failure.Message})",
        { Operation: "setuid" or "setgid", Errno: Err.EINVAL } => $"id {failure.Target} is none in its user namespace: map it, or choose one that is mapped. ({failure.Message})",
        { Operation: "setgroups", Errno: Err.EPERM } => $"its groups cannot be given up: setgroups(2) is denied in a user namespace where an ordinary user has mapped a group; leave out the group id, or map the group that is wanted. ({failure.Message})",
        { Operation: "mount", Errno: Err.EPERM } when command.ProcDirectory != null => $"/proc may not be mounted: an ordinary user takes a new user and a new pid namespace for it, and a process that is not covered by a container engine's mounts. ({failure.Message})",
        { Operation: "chroot" or "chdir", Target: var directory } => $"there is no directory {directory} that it may enter. ({failure.Message})",
        _ => UserNamespaceAdvice.Explain(failure),
    };
}
