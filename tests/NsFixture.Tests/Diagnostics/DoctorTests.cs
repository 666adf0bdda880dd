using System.Text.Json;
using FluentAssertions;
using NsFixture.Diagnostics;
using NsFixture.Linux;

namespace NsFixture.Tests.Diagnostics;

/// <summary>Every cause that the doctor knows, on a machine of files that has just that; <see cref="DoctorHereTests"/> has real ones.</summary>
public class DoctorTests
{
    private sealed record Cause(string Code, Severity Severity, Action<FixtureMachine> Spoil, string Proof, string Remedy);

    private static readonly Dictionary<string, Cause> Causes = new Cause[]
    {
        new("NSF0101", Severity.Prevents, m => m.IsLinux = false, "the system is", "WSL 2"),
        new("NSF0102", Severity.Prevents, m => m.Write("proc/sys/kernel/osrelease", "5.4.0-190-generic\n"), "osrelease is 5.4.0-190-generic", "newer kernel"),
        new("NSF0102 at its edge", Severity.Limits, m => m.Write("proc/sys/kernel/osrelease", "5.10.0-rc7+\n"), "osrelease is 5.10.0-rc7+", "written to"),
        new("NSF0103", Severity.Prevents, m => m.Remove("proc/self/ns/ipc").Refuse("ipc", Err.EINVAL), "/proc/self/ns/ipc does not exist", "CONFIG_IPC_NS"),
        new("NSF0104", Severity.Prevents, m => m.Write("proc/sys/kernel/unprivileged_userns_clone", "0\n").Refuse("user", Err.EPERM), "unprivileged_userns_clone is 0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        new("NSF0105", Severity.Prevents, m => m.Write("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n").Refuse("user", Err.EACCES), "apparmor_restrict_unprivileged_userns is 1",
            "profile nsfixture /opt/dotnet/dotnet flags=(unconfined) { userns, }"),
        new("NSF0105 after the first", Severity.Prevents, m => m.Write("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n").Refuse("net", Err.EPERM), "net failed: EPERM", "apparmor_parser"),
        new("NSF0106", Severity.Prevents, m => m.Write("proc/sys/user/max_user_namespaces", "0\n").Refuse("user", Err.ENOSPC), "max_user_namespaces is 0", "sysctl -w user.max_user_namespaces=10000"),
        new("NSF0106 of another type", Severity.Prevents, m => m.Write("proc/sys/user/max_net_namespaces", "0\n").Refuse("net", Err.ENOSPC), "max_net_namespaces is 0", "sysctl -w user.max_net_namespaces=10000"),
        new("NSF0107", Severity.Prevents, m => m.Refuse("mnt", Err.ENOSPC), "user.max_mnt_namespaces=10000", "raise it"),
        new("NSF0108", Severity.Prevents, m => m.Write("proc/self/status", "Seccomp:\t2\n").Refuse("user", Err.EPERM), "Seccomp: 2", "--security-opt seccomp=unconfined"),
        new("NSF0108 inside", Severity.Prevents, m => m.Write("proc/self/status", "Seccomp:\t2\n").Refuse("hostname", Err.EPERM), "hostname failed: EPERM", "--security-opt seccomp=unconfined"),
        new("NSF0109", Severity.Note, m => m.Write("proc/self/status", "Seccomp:\t2\n").Refuse("clone3", Err.ENOSYS), "clone3 failed: ENOSYS", "do nothing"),
        new("NSF0110", Severity.Prevents, m => m.Refuse("user", Err.EUSERS), "user failed: EUSERS", "nearer to the machine"),
        new("NSF0111", Severity.Limits, m => m.Write("proc/self/mountinfo", "22 28 0:21 / /proc rw - proc proc rw\n23 22 0:5 /null /proc/kcore rw - devtmpfs dev rw\n").Refuse("proc", Err.EPERM), "mounted below /proc: /proc/kcore", "systempaths=unconfined"),
        new("NSF0112", Severity.Limits, m => m.Refuse("sysfs", Err.EPERM), "sysfs failed: EPERM", "--privileged"),
        new("NSF0113", Severity.Limits, m => m.Write("proc/filesystems", "nodev\ttmpfs\n").Refuse("overlay", Err.ENODEV), "/proc/filesystems does not have overlay", "modprobe overlay"),
        new("NSF0114", Severity.Limits, m => m.Refuse("nf_tables", Err.EPROTONOSUPPORT), "nf_tables failed: EPROTONOSUPPORT", "modprobe -a nf_tables"),
        new("NSF0115", Severity.Note, m => m.Refuse("netem", Err.ENOENT), "netem failed: ENOENT", "sch_netem"),
        new("NSF0116", Severity.Note, m => m.Remove("dev/net/tun"), "/dev/net/tun does not exist", "--device /dev/net/tun"),
        new("NSF0117", Severity.Note, m => m.Remove("sys/fs/cgroup/cgroup.controllers").Write("proc/self/cgroup", "9:pids:/\n1:name=systemd:/\n"), "/proc/self/cgroup has 2 lines", "systemd.unified_cgroup_hierarchy=1"),
        new("NSF0117 without controllers", Severity.Note, m => m.Write("sys/fs/cgroup/user.slice/user-1000.slice/session-1.scope/cgroup.controllers", "pids\n"), "cgroup.controllers is \"pids\"", "Delegate=cpu memory pids"),
        new("NSF0118", Severity.Note, m => m.Write("etc/subgid", "another:100000:65536\n"), "has no line of this user's", "--add-subuids 100000-165535"),
        new("NSF0119", Severity.Limits, m => m.Write("proc/self/limits", "Max open files            256                  4096                 files     \n"), "Max open files 256", "ulimit -n 4096"),
        new("NSF0120", Severity.Limits, m => m.Write("proc/self/limits", "Max processes             100                  100                  processes \n"), "Max processes 100", "ulimit -u"),
        new("NSF0120 of a control group", Severity.Limits, m => m.Write("sys/fs/cgroup/user.slice/user-1000.slice/session-1.scope/pids.max", "64\n"), "pids.max of the control group is 64", "--pids-limit"),
        new("NSF0121", Severity.Note, m => m.Write("sys/fs/selinux/enforce", "1"), "/sys/fs/selinux/enforce is 1", "label=disable"),
        new("NSF0121 that refuses", Severity.Prevents, m => m.Write("sys/fs/selinux/enforce", "1").Refuse("user", Err.EACCES), "user failed: EACCES", "ausearch"),
        new("NSF0122", Severity.Prevents, m => m.Refuse("user", Err.EPERM), "user failed: EPERM", "chroot"),
        new("NSF0122 of devices", Severity.Prevents, m => m.Refuse("veth", Err.ENOTSUP), "veth failed: ENOTSUP", "modprobe veth"),
    }.ToDictionary(c => c.Code);

    public static TheoryData<string> Names => [.. Causes.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_cause_is_found_with_proof_and_remedy_and_nothing_else_is(string name)
    {
        Cause cause = Causes[name];
        using var machine = new FixtureMachine();
        cause.Spoil(machine);
        DoctorReport report = machine.Examine();
        Finding finding = report.Findings.Should().ContainSingle().Subject;
        finding.Check.Code.Should().Be(name.Split(' ')[0]);
        finding.Severity.Should().Be(cause.Severity);
        finding.Proof.Should().Contain(cause.Proof);
        finding.Remedy.Should().Contain(cause.Remedy);
        report.CanIsolate.Should().Be(cause.Severity != Severity.Prevents);
        report.ToText().Should().StartWith(report.CanIsolate ? "Isolated tests can run here." : "Isolated tests cannot run here.").And.Contain($"{finding.Check.Code} {cause.Severity.ToString().ToLowerInvariant()}: {finding.Cause}.");
    }

    [Fact]
    public void A_machine_on_which_all_is_well_has_no_findings()
    {
        using var machine = new FixtureMachine();
        machine.Examine().Findings.Should().BeEmpty();
        machine.IsRoot = true;
        machine.Remove("etc/subuid").Examine().Findings.Should().BeEmpty("root needs no subordinate ids");
    }

    [Fact]
    public void Every_check_is_shown_a_machine_that_it_finds_something_on() =>
        // The last needs a kernel that allows everything, and a server that fails.
        Causes.Keys.Select(k => k.Split(' ')[0]).Distinct().Should().BeEquivalentTo(Check.All.Select(c => c.Code).Except(["NSF0123"]));

    [Fact]
    public void A_switch_against_ordinary_users_is_no_finding_where_it_refuses_nothing()
    {
        using var machine = new FixtureMachine();
        machine.Write("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n").Write("proc/sys/kernel/unprivileged_userns_clone", "0\n");
        machine.Examine().Findings.Should().BeEmpty("this user got a namespace");
    }

    [Fact]
    public void From_files_alone_the_switches_are_found()
    {
        using var machine = new FixtureMachine();
        machine.Write("proc/sys/user/max_user_namespaces", "0\n").Remove("dev/net/tun");
        DoctorReport report = Doctor.Examine(machine.Roots);
        report.CanIsolate.Should().BeFalse();
        report.Findings.Select(f => f.Check.Code).Should().StartWith(["NSF0106"]).And.Contain("NSF0116");
        report.Facts.Should().Contain(new KeyValuePair<string, string>("works", "nothing was tried"));
    }

    [Fact]
    public void The_report_can_be_read_by_programs()
    {
        using var machine = new FixtureMachine();
        machine.Write("proc/sys/user/max_net_namespaces", "0\n").Refuse("net", Err.ENOSPC);
        DoctorReport report = machine.Examine();
        using var json = JsonDocument.Parse(report.ToJson());
        json.RootElement.GetProperty("canIsolate").GetBoolean().Should().BeFalse();
        json.RootElement.GetProperty("facts").GetProperty("kernel").GetString().Should().Be("6.8.0-31-generic");
        JsonElement finding = json.RootElement.GetProperty("findings").EnumerateArray().Single();
        finding.EnumerateObject().Select(p => p.Name).Should().Equal("code", "title", "severity", "cause", "proof", "remedy");
        finding.GetProperty("severity").GetString().Should().Be("prevents");
    }

    [Fact]
    public void A_kernels_refusal_has_the_doctors_words_and_code()
    {
        string words = UserNamespaceAdvice.Explain(new LinuxException("clone3", "with flags user", Err.EUSERS));
        words.Should().Be("User namespaces are nested more than 32 deep: run the tests nearer to the machine itself. [NSF0110] (clone3 with flags user failed: EUSERS (Too many users))");
    }
}
