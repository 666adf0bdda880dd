using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>
/// Takes from the calling process, and all that it will ever start, what code that one does not trust should not have. It must have
/// one thread, and be in its final network and mount namespace.
/// <para>
/// It moves to a user namespace of its own, with a mount namespace: what was mounted by the one outside is locked there, and can
/// neither be unmounted nor remounted (mount_namespaces(7)). No user namespace can be made below, so none gives capabilities back. Then
/// all capabilities go, for good (no_new_privs), and a seccomp filter refuses the calls that are left to attack the kernel with.
/// </para>
/// </summary>
internal static unsafe class Hardening
{
    /// <exception cref="LinuxException">The kernel refused a step; the process is to end.</exception>
    public static void Apply()
    {
        EnterUserNamespace();
        FileSystem.WriteFile("/proc/sys/user/max_user_namespaces", "0");
        DropCapabilities();
        if (Libc.Prctl(PrctlOptions.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            throw LinuxException.Last("prctl", "PR_SET_NO_NEW_PRIVS");
        SeccompFilter.Install();
    }

    // The maps of a new user namespace can be written only by one who has capabilities in the old one: a helper that stays there.
    private static void EnterUserNamespace()
    {
        // Who is not uid 0 any more may map its own ids alone, and no groups but its own (user_namespaces(7)).
        bool mapsAll = Capabilities.Effective().Has(CapabilityNumbers.CAP_SETUID);
        string users = mapsAll ? OwnMap("uid_map") : $"{Libc.GetEUid()} {Libc.GetEUid()} 1", groups = mapsAll ? OwnMap("gid_map") : $"{Libc.GetEGid()} {Libc.GetEGid()} 1";
        _ = Libc.Prctl(PrctlOptions.PR_SET_DUMPABLE, 1, 0, 0, 0); // a change of user took that away, and its /proc files with it
        int self = Libc.GetPid();
        var (read, write) = Descriptors.Pipe();
        int helper = Clone.Fork(0, out int pidFd);
        if (helper == 0)
        {
            Descriptors.Close(write);
            int code = 1;
            try
            {
                // The process says so when it is in the new namespace, and nothing if it could not get there.
                if (WaitForByte(read))
                {
                    if (!mapsAll)
                        FileSystem.WriteFile($"/proc/{self}/setgroups", "deny");
                    FileSystem.WriteFile($"/proc/{self}/gid_map", groups);
                    FileSystem.WriteFile($"/proc/{self}/uid_map", users);
                    code = 0;
                }
            }
            catch (LinuxException e)
            {
                code = e.Errno;
            }
            Libc.Exit(code);
        }
        Descriptors.Close(read);
        bool moved = Libc.Unshare((int)(Sched.CLONE_NEWUSER | Sched.CLONE_NEWNS)) == 0;
        var refused = moved ? null : LinuxException.Last("unshare", "user, mnt, to harden a process");
        if (moved)
            FileSystem.WriteAll(write, [1], "to the helper");
        Descriptors.Close(write);
        ProcessEnd written = ProcessEnd.Await(helper);
        Descriptors.Close(pidFd);
        if (refused != null)
            throw refused;
        if (!written.Success)
            throw new LinuxException("write", $"the user map of process {self}", written.Exited ? written.ExitCode : Err.EPERM);
    }

    private static bool WaitForByte(int pipe)
    {
        Span<PollFd> poll = [Poller.Reading(pipe)];
        while (Poller.Wait(poll, -1) == 0)
        {
        }
        Span<byte> one = stackalloc byte[1];
        return SocketStream.Read(pipe, one) == 1;
    }

    /// <summary>The ids that there are here, each mapped to itself.</summary>
    private static string OwnMap(string file) => string.Join('\n', FileSystem.ReadText("/proc/self/" + file).Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(range => $"{range[0]} {range[0]} {range[2]}"));

    private static void DropCapabilities()
    {
        for (int capability = 0; capability < 64; capability++)
            if (Libc.Prctl(PrctlOptions.PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && Marshal.GetLastPInvokeError() != Err.EINVAL) // EINVAL: past the last
                throw LinuxException.Last("prctl", $"PR_CAPBSET_DROP {capability}");
        var header = new CapHeader { version = CapabilityNumbers._LINUX_CAPABILITY_VERSION_3 };
        CapData* none = stackalloc CapData[2];
        none[0] = none[1] = default;
        if (Libc.Syscall(SyscallNumbers.CapSet, (nint)(&header), (nint)none, 0, 0, 0) != 0)
            throw LinuxException.Last("capset", "to nothing");
    }
}
