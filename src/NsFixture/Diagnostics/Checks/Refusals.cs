using NsFixture.Linux;

namespace NsFixture.Diagnostics.Checks;

/// <summary>
/// Why a kernel refuses namespaces. The errno alone does not tell: EPERM is AppArmor, a seccomp filter or a sysctl; ENOSPC is a limit. So the
/// machine's switches are read, when the doctor is asked and at the moment of a failure alike.
/// </summary>
internal static class Refusals
{
    public static readonly string[] Types = ["user", "mnt", "pid", "net", "uts", "ipc", "cgroup"];

    /// <summary>What EPERM and EACCES mean here.</summary>
    /// <param name="machine">Whose switches are read.</param>
    /// <param name="tried">What was refused.</param>
    /// <param name="makesNamespaces">Whether that was to make a namespace.</param>
    public static Finding Forbidden(Machine machine, string tried, bool makesNamespaces)
    {
        if (BySwitch(machine) is { } finding)
            return finding with { Proof = $"{finding.Proof}; {tried}" };
        string? mode = machine.Status("Seccomp");
        if (mode == "2" || (makesNamespaces && mode != "0"))
            return new Finding(Check.Seccomp, Severity.Prevents, "A security policy forbids new namespaces, or what is done in them: a container engine's seccomp filter, in most cases",
                $"{tried}; /proc/self/status has Seccomp: {mode ?? "(unknown)"}, of which 2 is a filter",
                "with Docker or podman, start the container with --security-opt seccomp=unconfined and, where /proc is masked, --security-opt systempaths=unconfined; or with --privileged.");
        if (machine.Sys("fs/selinux/enforce")?.Trim() == "1")
            return new Finding(Check.SELinux, Severity.Prevents, "SELinux forbids it", $"{tried}; /sys/fs/selinux/enforce is 1",
                "see what was denied with 'ausearch -m avc -ts recent', and allow it with 'audit2allow'; in a container, start that with --security-opt label=disable.");
        return new Finding(Check.Refused, Severity.Prevents, "The kernel or a security policy does not allow it in a user namespace here", tried,
            "look for a line about it in the kernel's log ('dmesg'); a process that has changed its root by chroot(2) may make no user namespace either.");
    }

    /// <summary>What ENOSPC means here.</summary>
    public static Finding Exhausted(Machine machine, string tried)
    {
        foreach (string type in Types)
            if (SwitchedOff(machine, type) is { } finding)
                return finding with { Proof = $"{finding.Proof}; {tried}" };
        return new Finding(Check.NamespaceLimit, Severity.Prevents, "A limit on namespaces was reached (user.max_*_namespaces, here or in a container that this is in), or user namespaces are nested more than 32 deep",
            $"{tried}; {string.Join(", ", Types.Select(t => $"user.max_{t}_namespaces={machine.Sysctl($"user.max_{t}_namespaces")}"))}", "raise it with sysctl, or run fewer tests at once, nearer to the machine itself.");
    }

    public static Finding TooDeep(string tried) => new(Check.Nesting, Severity.Prevents, "User namespaces are nested more than 32 deep", tried, "run the tests nearer to the machine itself.");

    public static Finding Missing(string tried) => new(Check.MissingNamespace, Severity.Prevents, "This kernel lacks a namespace type", tried,
        "it needs CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_NET_NS, CONFIG_UTS_NS, CONFIG_IPC_NS and CONFIG_CGROUPS: use a distribution's kernel.");

    /// <summary>Why a call that makes namespaces failed.</summary>
    public static Finding Of(Machine machine, int errno, string tried) => errno switch
    {
        Err.EPERM or Err.EACCES => Forbidden(machine, tried, makesNamespaces: true),
        Err.ENOSPC => Exhausted(machine, tried),
        Err.EUSERS => TooDeep(tried),
        Err.EINVAL or Err.ENOSYS => Missing(tried),
        _ => new Finding(Check.Refused, Severity.Prevents, "The kernel could not make a namespace", tried, "see the kernel's log ('dmesg')."),
    };

    /// <summary>Switches against all user namespaces, or those of ordinary users.</summary>
    public static Finding? BySwitch(Machine machine)
    {
        if (machine.Sysctl("kernel.unprivileged_userns_clone") == "0")
            return new Finding(Check.CloneSwitch, Severity.Prevents, "Unprivileged user namespaces are switched off (kernel.unprivileged_userns_clone=0)",
                "/proc/sys/kernel/unprivileged_userns_clone is 0", "run 'sudo sysctl -w kernel.unprivileged_userns_clone=1'.");
        if (machine.Sysctl("kernel.apparmor_restrict_unprivileged_userns") == "1")
            return new Finding(Check.AppArmor, Severity.Prevents, "Unprivileged user namespaces are restricted by AppArmor (kernel.apparmor_restrict_unprivileged_userns=1)",
                "/proc/sys/kernel/apparmor_restrict_unprivileged_userns is 1",
                $"allow them to this program alone, with the file /etc/apparmor.d/nsfixture: 'abi <abi/4.0>, include <tunables/global> profile nsfixture {machine.Dotnet} flags=(unconfined) {{ userns, }}', " +
                "and 'sudo apparmor_parser -r /etc/apparmor.d/nsfixture'; or to all, with 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'.");
        return null;
    }

    public static Finding? SwitchedOff(Machine machine, string type) => machine.Sysctl($"user.max_{type}_namespaces") != "0" ? null
        : new Finding(Check.NoNamespaces, Severity.Prevents, $"{char.ToUpperInvariant(type[0])}{type[1..]} namespaces are switched off (user.max_{type}_namespaces=0)",
            $"/proc/sys/user/max_{type}_namespaces is 0", $"run 'sudo sysctl -w user.max_{type}_namespaces=10000'.");
}
