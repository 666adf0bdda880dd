using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture;

/// <summary>
/// Says why the kernel refused a sandbox and what to do about it. The errno alone does not tell: EPERM is AppArmor, a
/// seccomp filter or a sysctl; ENOSPC is a limit. So the machine's switches are read at the moment of the failure.
/// </summary>
internal static class UserNamespaceAdvice
{
    public static string Explain(Exception failure) => failure switch
    {
        LinuxException linux => Explain(linux),
        SandboxException => failure.Message,
        _ => failure.ToString(),
    };

    public static string Explain(LinuxException failure)
    {
        string? advice = failure.Errno switch
        {
            Err.EPERM or Err.EACCES => ForbiddenBy(failure),
            Err.ENOSPC when failure.Operation is "clone3" or "unshare" => Exhausted(),
            Err.EUSERS => "User namespaces are nested more than 32 deep: run the tests nearer to the machine itself.",
            Err.EINVAL or Err.ENOSYS when failure.Operation is "clone3" or "unshare" =>
                "This kernel lacks a namespace type: it needs CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_NET_NS, CONFIG_UTS_NS, CONFIG_IPC_NS and CONFIG_CGROUPS.",
            Err.EAGAIN => "A limit on processes was reached: raise 'ulimit -u', kernel.pid_max, or the pids limit of the container or cgroup.",
            Err.ENOTSUP or Err.EPROTONOSUPPORT or Err.EAFNOSUPPORT when failure.Operation == NetfilterSocket.Operation =>
                "This kernel has no nf_tables, which NAT and firewalls are made of: load its module ('modprobe nf_tables') or use a kernel with CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET, CONFIG_NF_TABLES_IPV4 and CONFIG_NF_TABLES_IPV6.",
            Err.ENOENT when failure.Operation == NetfilterSocket.Operation =>
                "This kernel's nf_tables lacks a part that NAT and firewalls are made of: load its modules ('modprobe -a nft_chain_nat nft_nat nft_ct nft_numgen nft_reject_inet') " +
                "or use a kernel with CONFIG_NFT_NAT, CONFIG_NFT_CT, CONFIG_NFT_NUMGEN and CONFIG_NFT_REJECT.",
            Err.ENODEV when failure.Operation == "mount" => "This kernel lacks that file system: load its module ('modprobe overlay') or use a kernel that has it.",
            _ => null,
        };
        return advice == null ? failure.Message : $"{advice} ({failure.Message})";
    }

    private static string ForbiddenBy(LinuxException failure)
    {
        if (Sysctl("kernel/unprivileged_userns_clone") == "0")
            return "Unprivileged user namespaces are switched off (kernel.unprivileged_userns_clone=0): run 'sudo sysctl -w kernel.unprivileged_userns_clone=1'.";
        if (Sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1")
            return "Unprivileged user namespaces are restricted by AppArmor (kernel.apparmor_restrict_unprivileged_userns=1): " +
                   "run 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0', or give dotnet an AppArmor profile with 'userns,'.";
        if (failure.Operation is "clone3" or "unshare")
            return "A security policy forbids new namespaces: a container engine's seccomp filter, in most cases. " +
                   "With Docker or podman, start the container with --security-opt seccomp=unconfined and, where /proc is masked, " +
                   "--security-opt systempaths=unconfined; or with --privileged.";
        return $"The kernel or a security policy does not allow '{failure.Operation}' in a user namespace here.";
    }

    private static string Exhausted()
    {
        foreach (string type in (string[])["user", "mnt", "pid", "net", "uts", "ipc", "cgroup"])
            if (Sysctl($"user/max_{type}_namespaces") == "0")
                return $"{char.ToUpperInvariant(type[0])}{type[1..]} namespaces are switched off (user.max_{type}_namespaces=0): run 'sudo sysctl -w user.max_{type}_namespaces=10000'.";
        return "A limit on namespaces was reached (user.max_*_namespaces): raise it with sysctl, or run fewer tests at once.";
    }

    private static string? Sysctl(string name)
    {
        try
        {
            return FileSystem.ReadText("/proc/sys/" + name).Trim();
        }
        catch (LinuxException)
        {
            return null; // this kernel has no such switch
        }
    }
}
