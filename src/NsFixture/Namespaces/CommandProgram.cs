using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using NsFixture.Limiting;
using NsFixture.Linux;
using static NsFixture.Linux.SystemCallProgram;

namespace NsFixture.Namespaces;

/// <summary>
/// The system calls by which a process gets into a command's namespaces and becomes its program, in the order in which unshare(1) and nsenter(1) make them: clocks are set before the first process is
/// inside; ids are mapped once there are capabilities; the root is changed when mounts are private; ids are taken on last, as that costs the capabilities.
/// </summary>
internal sealed class CommandProgram : IDisposable
{
    private const string OwnName = "nsfixture-enter";

    private readonly NamespaceCommand command;
    private readonly SystemCallProgram calls = new();
    private readonly SafeFileHandle file;
    private readonly string ownDescriptors = $"/proc/{FileSystem.LinkTargetIfThere("/proc/self") ?? Libc.GetPid().ToString(CultureInfo.InvariantCulture)}/fd/";

    /// <param name="command">What to run.</param>
    /// <param name="pipes">Where to report to, and to get answers from; null: nobody listens.</param>
    /// <param name="asks">Whether to ask before it goes on, once the namespaces are there.</param>
    /// <param name="becomes">Whether to become the program, or to end then.</param>
    /// <param name="group">The control group to be in.</param>
    /// <exception cref="LinuxException">The kernel has no files in memory that may be executed.</exception>
    public CommandProgram(NamespaceCommand command, CommandPipes? pipes, bool asks, bool becomes = true, ControlGroup? group = null)
    {
        this.command = command;
        calls.Add("prctl", "PR_SET_NAME", Numbers.__NR_prctl, PrctlOptions.PR_SET_NAME, calls.Text(OwnName));
        Value? answers = pipes == null ? null : Greet(pipes);
        SetLimits(group);
        EnterExisting();
        MakeNew();
        if (command.HasLoopback)
            SetLoopbackUp();
        if (command.Forks)
            calls.AddFork();
        EndWithParent();
        if (command.HasInit)
        {
            calls.AddFork();
            EndWithParent();
        }
        if (asks)
        {
            calls.AddCopy(calls.ArgumentAhead(1, 0), answers!.Value);
            calls.AddQuestion();
        }
        MapIds();
        ChangeRoot();
        TakeOnIds();
        KeepCapabilities();
        EndWithParent(); // once more: a change of ids unsets it
        if (becomes)
            calls.AddBecome(Candidates(), [command.Program, .. command.Arguments]);
        else
            calls.Add("exit_group", "", Numbers.__NR_exit_group, 0);
        file = new SafeFileHandle(calls.Open(OwnName), ownsHandle: true);
    }

    /// <summary>How to start it. It has to be there until it is.</summary>
    public ProcessStartInfo StartInfo(bool redirects) => new(ownDescriptors + file.DangerousGetHandle().ToString(CultureInfo.InvariantCulture))
    {
        RedirectStandardInput = redirects,
        RedirectStandardOutput = redirects,
        RedirectStandardError = redirects,
    };

    /// <summary>Has the calling process become it, with its environment; returns why it could not.</summary>
    public unsafe NamespaceException Exec()
    {
        string path = ownDescriptors + file.DangerousGetHandle().ToString(CultureInfo.InvariantCulture);
        _ = Libc.Signal(SignalNumbers.SIGPIPE, 0); // .NET ignores it, and what is ignored stays so
        fixed (byte* zero = Utf8.Zero(path))
            _ = Libc.ExecVe(zero, Utf8.NewArray([OwnName]), Utf8.NewArray(Launching.DotnetHost.CurrentEnvironment()));
        var failure = LinuxException.Last("execve", path);
        return new NamespaceException($"\"{command}\" could not be started: a security policy may forbid to execute files in memory, which it is started by: see the sysctl vm.memfd_noexec. ({failure.Message})", failure);
    }

    /// <summary>What a report is about.</summary>
    public LinuxException Failure(long address, int errno) => calls.Failure(address, errno);

    public void Dispose() => file.Dispose();

    private Value Greet(CommandPipes pipes)
    {
        Value answers = calls.Bytes(new byte[sizeof(long)]);
        calls.Add("open", "the pipe to report to", Numbers.__NR_open, calls.Text(ownDescriptors + pipes.TheirReports), Fcntl.O_WRONLY | Fcntl.O_CLOEXEC).Storing(Listener);
        calls.Add("open", "the pipe with answers", Numbers.__NR_open, calls.Text(ownDescriptors + pipes.TheirAnswers), Fcntl.O_RDONLY | Fcntl.O_CLOEXEC).Storing(answers);
        calls.AddCopy(calls.ArgumentAhead(1, 0), Listener);
        calls.Add("write", "a greeting", Numbers.__NR_write, 0, calls.Bytes(new byte[CommandPipes.ReportSize]), CommandPipes.ReportSize);
        return answers;
    }

    // First of all: a new cgroup namespace begins at the group.
    private void SetLimits(ControlGroup? group)
    {
        foreach (string file in group?.MemberFiles ?? [])
            calls.AddWrite(file, "0");
        if (command.Limits is not { } limits)
            return;
        if (limits.OpenFiles is { } files)
            SetLimit("open files", ResourceLimits.RLIMIT_NOFILE, files);
        if (group == null && limits.Memory is { } memory)
            SetLimit("memory", ResourceLimits.RLIMIT_AS, memory);
    }

    private void SetLimit(string what, int resource, long limit) =>
        calls.Add("prlimit", $"{what} to {limit}", Numbers.__NR_prlimit64, 0, resource, calls.Bytes([.. BitConverter.GetBytes(limit), .. BitConverter.GetBytes(limit)]), 0);

    // All are opened first, where this process's /proc is. The user namespace gives the capabilities for the others; the mount namespace takes them over the old one.
    private void EnterExisting()
    {
        var opened = new List<(LinuxNamespace Namespace, Value Descriptor)>();
        foreach (LinuxNamespace each in command.Existing.OrderBy(n => n.Type switch { NamespaceTypes.User => 0, NamespaceTypes.Mount => 2, _ => 1 }))
        {
            Value descriptor = calls.Bytes(new byte[sizeof(long)]);
            calls.Add("open", each.ToString(), Numbers.__NR_open, calls.Text(ownDescriptors + each.Descriptor), Fcntl.O_RDONLY | Fcntl.O_CLOEXEC).Storing(descriptor);
            opened.Add((each, descriptor));
        }
        foreach (var (each, descriptor) in opened)
        {
            calls.AddCopy(calls.ArgumentAhead(1, 0), descriptor);
            calls.Add("setns", each.ToString(), Numbers.__NR_setns, 0, (long)each.Type);
        }
    }

    private void MakeNew()
    {
        if (command.New == NamespaceTypes.None)
            return;
        calls.Add("unshare", NamespaceFlags.Describe((ulong)command.New), Numbers.__NR_unshare, (long)command.New);
        SetOff(Clocks.CLOCK_MONOTONIC, command.MonotonicOffset);
        SetOff(Clocks.CLOCK_BOOTTIME, command.BootTimeOffset);

        void SetOff(int clock, TimeSpan? offset)
        {
            if (offset is { } time)
                calls.AddWrite("/proc/self/timens_offsets", string.Create(CultureInfo.InvariantCulture, $"{clock} {time.Ticks / TimeSpan.TicksPerSecond} 0"));
        }
    }

    private void SetLoopbackUp()
    {
        const int flagsOffset = 16; // struct ifreq: the name, then, of several things, flags (netdevice(7))
        byte[] request = new byte[40];
        "lo"u8.CopyTo(request);
        request[flagsOffset] = (byte)Netlink.IfFlags.IFF_UP;
        calls.Add("socket", "AF_INET", Numbers.__NR_socket, SocketConstants.AF_INET, SocketConstants.SOCK_DGRAM | SocketConstants.SOCK_CLOEXEC, 0);
        calls.Storing(calls.ArgumentAhead(0, 0));
        calls.Add("ioctl", "lo, to set it up,", Numbers.__NR_ioctl, -1, SocketControls.SIOCSIFFLAGS, calls.Bytes(request));
    }

    private void EndWithParent()
    {
        if (command.KillSignal != 0)
            calls.Add("prctl", "PR_SET_PDEATHSIG", Numbers.__NR_prctl, PrctlOptions.PR_SET_PDEATHSIG, command.KillSignal);
    }

    private void MapIds()
    {
        if (command.MappedUser is { } user)
            calls.AddWrite("/proc/self/uid_map", $"{user} {Libc.GetEUid()} 1");
        if (command.MappedGroup is not { } group)
            return;
        calls.AddWrite("/proc/self/setgroups", "deny"); // without this an ordinary user may not map a group
        calls.AddWrite("/proc/self/gid_map", $"{group} {Libc.GetEGid()} 1");
    }

    private void ChangeRoot()
    {
        ulong propagation = (command.New & NamespaceTypes.Mount) == 0 ? 0 : MountPropagationFlags.Of(command.Propagation);
        if (propagation != 0)
            Mount("none", "/", null, propagation);
        if (command is { Root: { } pivot, PivotsRoot: true })
        {
            PivotRoot(pivot);
            return;
        }
        if (command.Root is { } root)
            calls.Add("chroot", root, Numbers.__NR_chroot, calls.Text(root));
        if ((command.WorkingDirectory ?? (command.Root == null ? null : "/")) is { } directory)
            calls.Add("chdir", directory, Numbers.__NR_chdir, calls.Text(directory));
        if (command.ProcDirectory is not { } proc)
            return;
        if (command.Root == null && command.Propagation != MountPropagation.Private)
        {
            Mount("none", proc, null, MountFlags.MS_PRIVATE | MountFlags.MS_REC);
            calls.Tolerating(Err.EINVAL); // nothing is mounted there yet
        }
        Mount("proc", proc, "proc", MountFlags.MS_NOSUID | MountFlags.MS_NOEXEC | MountFlags.MS_NODEV);
    }

    // Old and new root on one place, and the old one taken from there: pivot_root(2) has it. Of /proc an ordinary user gets one only while another can be seen.
    private void PivotRoot(string root)
    {
        Mount(root, root, null, MountFlags.MS_BIND | MountFlags.MS_REC);
        if (command.ProcDirectory is { } proc)
            Mount("proc", root.TrimEnd('/') + proc, "proc", MountFlags.MS_NOSUID | MountFlags.MS_NOEXEC | MountFlags.MS_NODEV);
        calls.Add("chdir", root, Numbers.__NR_chdir, calls.Text(root));
        calls.Add("pivot_root", root, Numbers.__NR_pivot_root, calls.Text("."), calls.Text("."));
        calls.Add("umount", "the old root", Numbers.__NR_umount2, calls.Text("."), MountFlags.MNT_DETACH);
        string directory = command.WorkingDirectory ?? "/";
        calls.Add("chdir", directory, Numbers.__NR_chdir, calls.Text(directory));
    }

    private void Mount(string source, string target, string? type, ulong flags) =>
        calls.Add("mount", $"{type ?? (source == target ? source : "propagation")} on {target}", Numbers.__NR_mount, calls.Text(source), calls.Text(target), type == null ? 0 : calls.Text(type), (long)flags, 0);

    // Who enters a user namespace has an id there that is nobody's, as nsenter(1) knows.
    private void TakeOnIds()
    {
        bool enters = command.Existing.Any(n => n.Type == NamespaceTypes.User);
        if ((command.GroupId ?? (enters ? 0u : null)) is { } group)
        {
            calls.Add("setgroups", "none", Numbers.__NR_setgroups, 0, 0);
            if (enters)
                calls.Tolerating(Err.EPERM); // denied for good where an ordinary user has mapped a group
            calls.Add("setgid", $"{group}", Numbers.__NR_setgid, group);
        }
        if ((command.UserId ?? (enters ? 0u : null)) is { } user)
            calls.Add("setuid", $"{user}", Numbers.__NR_setuid, user);
    }

    // What is permitted becomes inheritable, and what is both can be made to stay through execve (capabilities(7), ambient set).
    private void KeepCapabilities()
    {
        if (!command.KeepsCapabilities || (command.New & NamespaceTypes.User) == 0)
            return;
        const int number = sizeof(uint), set = 3 * number; // effective, permitted, inheritable, of 32 capabilities each
        Value header = calls.Bytes([.. BitConverter.GetBytes(CapabilityNumbers._LINUX_CAPABILITY_VERSION_3), 0, 0, 0, 0]), sets = calls.Bytes(new byte[2 * set]);
        calls.Add("capget", "of itself", Numbers.__NR_capget, header, sets);
        for (int i = 0; i < 2; i++)
            calls.AddCopy(sets.Plus((i * set) + (2 * number)), sets.Plus((i * set) + number));
        calls.Add("capset", "inheritable", Numbers.__NR_capset, header, sets);
        for (int capability = 0; capability < 64; capability++)
            calls.Add("prctl", "PR_CAP_AMBIENT", Numbers.__NR_prctl, PrctlOptions.PR_CAP_AMBIENT, PrctlOptions.PR_CAP_AMBIENT_RAISE, capability, 0, 0)
                .Tolerating(Err.EINVAL, Err.EPERM); // there is none of that number, or it has not got it
    }

    // As execvp(3) looks for it, but where the program will be.
    private IEnumerable<string> Candidates()
    {
        if (command.Program.Contains('/', StringComparison.Ordinal))
            return [command.Program];
        string path = Environment.GetEnvironmentVariable("PATH") is { Length: > 0 } set ? set : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        return path.Split(':').Select(d => $"{(d.Length > 0 ? d : ".")}/{command.Program}");
    }
}
