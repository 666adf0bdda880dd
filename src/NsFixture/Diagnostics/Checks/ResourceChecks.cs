using System.Globalization;

namespace NsFixture.Diagnostics.Checks;

/// <summary>What isolated tests can have here beyond the namespaces themselves.</summary>
internal static class ResourceChecks
{
    private static readonly Version Needed = new(5, 9), Whole = new(5, 12);
    private const long FewFiles = 1024, FewProcesses = 512;

    public static IEnumerable<Finding?> Run(Machine machine) =>
    [
        Kernel(machine), MaskedProc(machine), MaskedSys(machine), Overlay(machine), NfTables(machine), Netem(machine), Tun(machine),
        ControlGroups(machine), SubordinateIds(machine), OpenFiles(machine), Processes(machine), SELinux(machine),
    ];

    private static Finding? Kernel(Machine machine)
    {
        string release = machine.Sysctl("kernel.osrelease") ?? "";
        string number = string.Join('.', release.Split('.', '-', '+', '_').TakeWhile(p => int.TryParse(p, CultureInfo.InvariantCulture, out _)).Take(2));
        if (!Version.TryParse(number, out Version? version) || version >= Whole)
            return null;
        return version < Needed
            ? new Finding(Check.OldKernel, Severity.Prevents, $"This kernel is older than Linux {Needed}", $"/proc/sys/kernel/osrelease is {release}; close_range(2) came with Linux {Needed}", "use a newer kernel.")
            : new Finding(Check.OldKernel, Severity.Limits, $"This kernel is older than Linux {Whole}",
                $"/proc/sys/kernel/osrelease is {release}; overlayfs in user namespaces came with Linux 5.11, mount_setattr(2) with {Whole}",
                "use a newer kernel to have a root tree that can be written to, and read-only trees that are so to the bottom.");
    }

    // Engines cover parts of /proc. The kernel lets nobody see them in a new one, so it refuses that (mount_too_revealing in its sources).
    private static Finding? MaskedProc(Machine machine)
    {
        string[] covers = [.. (machine.Proc("self/mountinfo") ?? "").Split('\n').Select(l => l.Split(' ')).Where(f => f.Length > 4 && f[4].StartsWith("/proc/", StringComparison.Ordinal)).Select(f => f[4])];
        Attempt tried = machine.Tried("proc");
        if (!tried.Failed && (tried.Errno == 0 || covers.Length == 0))
            return null;
        return new Finding(Check.MaskedProc, Severity.Limits, "Parts of /proc are covered, so that a sandbox can have none of its own: processes in it see the container's",
            $"{tried}; mounted below /proc: {(covers.Length == 0 ? "nothing" : string.Join(", ", covers.Distinct()))}",
            "start the container with --security-opt systempaths=unconfined (Docker), --security-opt unmask=ALL (podman), or --privileged.");
    }

    private static Finding? MaskedSys(Machine machine) => !machine.Tried("sysfs").Failed ? null
        : new Finding(Check.MaskedSys, Severity.Limits, "A sandbox can have no /sys of its own: what it shows there of network devices is the machine's", machine.Tried("sysfs").ToString(),
            "start the container with --privileged, if tests look there.");

    private static Finding? Overlay(Machine machine) => !machine.Tried("overlay").Failed ? null
        : new Finding(Check.Overlay, Severity.Limits, "There is no overlayfs in user namespaces, so the machine's directories are read-only in a sandbox",
            $"{machine.Tried("overlay")}; /proc/filesystems {((machine.Proc("filesystems") ?? "").Contains("\toverlay", StringComparison.Ordinal) ? "has" : "does not have")} overlay",
            "load its module ('sudo modprobe overlay'), on Linux 5.11 or later; write to /tmp meanwhile.");

    private static Finding? NfTables(Machine machine) => !machine.Tried("nf_tables").Failed ? null
        : new Finding(Check.NfTables, Severity.Limits, "This kernel has no nf_tables for a sandbox: NAT, firewalls and partitions fail", machine.Tried("nf_tables").ToString(),
            "load its modules ('sudo modprobe -a nf_tables nft_chain_nat nft_nat nft_ct nft_numgen nft_reject_inet').");

    private static Finding? Netem(Machine machine) => !machine.Tried("netem").Failed ? null
        : new Finding(Check.Netem, Severity.Note, "This kernel has no netem; link conditions do not need it, they have NsFixture's own emulator", machine.Tried("netem").ToString(),
            "do nothing, unless a test calls 'tc' itself: then 'sudo modprobe sch_netem'.");

    private static Finding? Tun(Machine machine) => machine.HasDevice("net/tun") ? null
        : new Finding(Check.Tun, Severity.Note, "There is no /dev/net/tun, which NsFixture does not need; VPN programs under test do", "/dev/net/tun does not exist",
            "load its module ('sudo modprobe tun'), or start the container with --device /dev/net/tun.");

    private static Finding? ControlGroups(Machine machine)
    {
        string own = machine.Proc("self/cgroup") ?? "";
        string? unified = own.Split('\n').FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?[3..];
        bool isSecond = machine.Sys("fs/cgroup/cgroup.controllers") != null;
        if (isSecond && unified != null)
        {
            string directory = "fs/cgroup" + unified.TrimEnd('/'), controllers = machine.Sys(directory + "/cgroup.controllers")?.Trim() ?? "";
            string[] lacking = [.. ((string[])["memory", "cpu", "pids"]).Except(controllers.Split(' '))];
            return lacking.Length == 0 ? null
                : new Finding(Check.ControlGroups, Severity.Note, $"This session's control group (version 2) is not given the controllers {string.Join(", ", lacking)}: tests that limit themselves by control groups cannot",
                    $"/sys/{directory}/cgroup.controllers is \"{controllers}\"", "delegate them: 'sudo systemctl edit user@.service', with Delegate=cpu memory pids below [Service], and log in again.");
        }
        return new Finding(Check.ControlGroups, Severity.Note, "Control groups are of version 1 here, or none: what limits itself by version 2 cannot", $"/sys/fs/cgroup/cgroup.controllers does not exist; /proc/self/cgroup has {own.Split('\n').Count(l => l.Length > 0)} lines",
            "boot with systemd.unified_cgroup_hierarchy=1, if tests need version 2; NsFixture itself does not.");
    }

    private static Finding? SubordinateIds(Machine machine)
    {
        bool Has(string file) => (machine.Etc(file) ?? "").Split('\n').Any(l => l.StartsWith(machine.UserName + ":", StringComparison.Ordinal));
        return machine.IsRoot || (Has("subuid") && Has("subgid")) ? null
            : new Finding(Check.SubordinateIds, Severity.Note, $"The user {machine.UserName} has no subordinate ids: its sandboxes have uid 0 alone, which all files of images belong to",
                "/etc/subuid or /etc/subgid has no line of this user's", $"AsUser works for programs that refuse to run as root; for users with files of their own, as rootless podman has, install uidmap, and 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {machine.UserName}'.");
    }

    private static Finding? OpenFiles(Machine machine) => machine.Limit("Max open files") is { } limit and < FewFiles
        ? new Finding(Check.OpenFiles, Severity.Limits, $"Only {limit} files may be open at once: tests with many hosts or many at a time will fail with EMFILE", $"/proc/self/limits has Max open files {limit}",
            "raise it ('ulimit -n 4096', LimitNOFILE= of a service, --ulimit nofile=4096 of a container).") : null;

    private static Finding? Processes(Machine machine)
    {
        long? own = machine.Limit("Max processes");
        string group = (machine.Proc("self/cgroup") ?? "").Split('\n').FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?[3..].TrimEnd('/') ?? "";
        string? first = (machine.Proc("self/cgroup") ?? "").Split('\n').FirstOrDefault(l => l.Contains(":pids:", StringComparison.Ordinal))?.Split(':')[2].TrimEnd('/');
        string? maximum = (machine.Sys($"fs/cgroup{group}/pids.max") ?? (first == null ? null : machine.Sys($"fs/cgroup/pids{first}/pids.max")))?.Trim();
        long? ofGroup = long.TryParse(maximum, CultureInfo.InvariantCulture, out long value) ? value : null;
        return (own ?? long.MaxValue) < FewProcesses || (ofGroup ?? long.MaxValue) < FewProcesses
            ? new Finding(Check.Processes, Severity.Limits, $"Only {Math.Min(own ?? long.MaxValue, ofGroup ?? long.MaxValue)} processes and threads may run at once: a running test takes about twenty",
                $"/proc/self/limits has Max processes {own?.ToString(CultureInfo.InvariantCulture) ?? "unlimited"}; pids.max of the control group is {maximum ?? "not there"}",
                "raise it ('ulimit -u', TasksMax= of a service, --pids-limit of a container), or run fewer tests at once.")
            : null;
    }

    private static Finding? SELinux(Machine machine) => machine.Sys("fs/selinux/enforce")?.Trim() != "1" ? null
        : new Finding(Check.SELinux, Severity.Note, "SELinux enforces its policy; that of a desktop or server allows sandboxes, that of containers may not", "/sys/fs/selinux/enforce is 1",
            "do nothing as long as nothing is refused; in a container that is, start it with --security-opt label=disable.");
}
