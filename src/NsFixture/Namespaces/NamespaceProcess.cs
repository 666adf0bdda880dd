using System.ComponentModel;
using System.Diagnostics;
using NsFixture.Limiting;
using NsFixture.Linux;
using NsFixture.Namespaces;

namespace NsFixture;

/// <summary>A program that runs in namespaces (<see cref="NamespaceCommand.Start"/>). It is ended when this is disposed of.</summary>
public sealed class NamespaceProcess : IDisposable
{
    private CommandProgram? program; // its file is in use until it has been executed

    private readonly ControlGroup? group;

    private NamespaceProcess(Process process, CommandProgram program, ControlGroup? group) => (Process, Id, this.program, this.group) = (process, process.Id, program, group);

    /// <summary>The process that was started, with its input and outputs: the program itself, or who waits for it and ends as it does, if it forks.</summary>
    public Process Process { get; }

    /// <summary>The program's id, as this process's /proc has it; with <see cref="NamespaceCommand.WithInit"/>, that of the process 1 that waits for it.</summary>
    public int Id { get; private set; }

    /// <summary>Opens a namespace it is in, which is kept alive by that whatever becomes of the program.</summary>
    /// <param name="type">One type.</param>
    /// <exception cref="NamespaceException">It has ended.</exception>
    public LinuxNamespace Open(NamespaceTypes type) => LinuxNamespace.OfProcess(Id, type);

    /// <summary>What it has taken, with all that it has started, as far as <see cref="NamespaceCommand.WithLimits"/> has it counted. Also once it has ended; until this is disposed of.</summary>
    /// <exception cref="NamespaceException">Nothing is counted: it has no limits, or none by a control group.</exception>
    public ResourceUsage Usage() => group?.Usage() ?? throw new NamespaceException($"Nothing counts what process {Id} takes: give it limits ({nameof(NamespaceCommand.WithLimits)}), as a user who may make control groups.");

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
        group?.Dispose();
    }

    /// <summary>Starts a command, and returns once it has become its program.</summary>
    /// <param name="command">The command.</param>
    /// <param name="question">Called when the namespaces are there, if the program asks.</param>
    /// <param name="becomes">Whether it becomes its program, or ends once its question was answered.</param>
    /// <param name="redirects">Whether its input and outputs are the caller's to read and write; else they are the caller's own.</param>
    internal static NamespaceProcess Start(NamespaceCommand command, Action<NamespaceProcess>? question, bool becomes = true, bool redirects = true)
    {
        ControlGroup? group = MakeGroup(command);
        using var pipes = new CommandPipes();
        CommandProgram? program = null;
        NamespaceProcess? started = null;
        try
        {
            program = new CommandProgram(command, pipes, asks: question != null, becomes, group);
            started = new NamespaceProcess(Process.Start(program.StartInfo(redirects))!, program, group);
            started.Follow(pipes, question);
            return started;
        }
        catch (Exception e)
        {
            started?.Dispose();
            program?.Dispose();
            group?.Dispose();
            if (e is not (LinuxException or Win32Exception))
                throw;
            throw new NamespaceException($"\"{command}\" could not be started in its namespaces: {(e is LinuxException failure ? Explain(command, failure) : $"{e.Message}. A security policy may forbid to execute files in memory, which it is started by: see the sysctl vm.memfd_noexec")}", e);
        }
    }

    // Null: none is wanted, or what is can be had without one.
    private static ControlGroup? MakeGroup(NamespaceCommand command)
    {
        if (command.Limits is not { } limits || limits with { OpenFiles = null } == new Limits())
            return null;
        if (ControlGroup.Create(limits, (command.Forks ? 1 : 0) + (command.HasInit ? 1 : 0), Environment.ProcessId, out string why) is { } group)
            return group;
        // RLIMIT_NPROC is none: it counts all that the user has on the machine.
        string? other = limits.Cpu != null ? "processor time" : limits.IoRate != null ? "reading and writing" : limits.Processes != null ? "processes" : null;
        return other == null ? null : throw new NamespaceException($"\"{command}\" cannot have a limit of {other} without a control group, and none can be made: run it as root of the machine, or in a group that is delegated to this user (systemd-run --user --scope -p Delegate=yes). ({why})");
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
                    case -1 when Id == Process.Id:
                        Id = (int)value;
                        break;
                    case -1: // process 1's child, by its number inside
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
        { Operation: "prlimit" } => $"this user may not raise the limit of {failure.Target}: ask for less, or raise its hard limit (ulimit -H). ({failure.Message})",
        { Operation: "setuid" or "setgid", Errno: Err.EINVAL } => $"id {failure.Target} is none in its user namespace: map it, or choose one that is mapped. ({failure.Message})",
        { Operation: "setgroups", Errno: Err.EPERM } => $"its groups cannot be given up: setgroups(2) is denied in a user namespace where an ordinary user has mapped a group; leave out the group id, or map the group that is wanted. ({failure.Message})",
        { Operation: "mount", Errno: Err.EPERM } when command.ProcDirectory != null => $"/proc may not be mounted: an ordinary user takes a new user and a new pid namespace for it, and a process that is not covered by a container engine's mounts. ({failure.Message})",
        { Operation: "pivot_root" } => $"its root cannot be pivoted: the old one is an initramfs, or a container engine forbids the call; use {nameof(NamespaceCommand.WithRoot)}, which is no wall to who is root inside, or a sandbox. ({failure.Message})",
        { Operation: "mount", Errno: Err.ENOENT } when command.PivotsRoot => $"there is no directory {command.Root}{(command.ProcDirectory is { } proc ? $", or no {proc} in it" : "")}: make it first. ({failure.Message})",
        { Operation: "chroot" or "chdir", Target: var directory } => $"there is no directory {directory} that it may enter. ({failure.Message})",
        _ => UserNamespaceAdvice.Explain(failure),
    };
}
