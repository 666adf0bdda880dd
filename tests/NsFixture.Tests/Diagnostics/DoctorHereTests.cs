using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using FluentAssertions;
using NsFixture.Diagnostics;
using NsFixture.Linux;

namespace NsFixture.Tests.Diagnostics;

/// <summary>Causes that this machine can really have: seccomp filters, switches of a user namespace, limits, an ordinary user.</summary>
public class DoctorHereTests
{
    [Fact]
    public void This_machine_can_isolate_and_everything_that_a_sandbox_is_made_of_was_tried()
    {
        DoctorReport report = Doctor.Examine();
        report.CanIsolate.Should().BeTrue(report.ToText());
        string works = report.Facts.Single(f => f.Key == "works").Value;
        works.Split(", ").Should().Contain(["clone3", "user", "mnt", "net", "uts", "ipc", "cgroup", "pid", "tmpfs", "veth"]);
    }

    [Fact]
    public void A_seccomp_filter_that_refuses_namespaces_is_found()
    {
        // EPERM for whatever makes a namespace, and ENOSYS for clone3: what Docker's default profile does.
        DoctorReport report = ExamineUnder(Err.ENOSYS, Err.EPERM);
        report.CanIsolate.Should().BeFalse(report.ToText());
        Finding finding = report.Findings[0];
        finding.Check.Code.Should().Be("NSF0108");
        finding.Proof.Should().Contain("clone3 with a new user namespace failed: EPERM").And.Contain("Seccomp: 2");
        report.Findings.Should().Contain(f => f.Check.Code == "NSF0109");
    }

    [Fact]
    public void A_seccomp_filter_that_hides_clone3_is_noted_and_does_no_harm()
    {
        DoctorReport report = ExamineUnder(Err.ENOSYS, null);
        report.CanIsolate.Should().BeTrue(report.ToText());
        report.Findings.Single(f => f.Check.Code == "NSF0109").Proof.Should().Contain("clone3 failed: ENOSYS");
    }

    [Theory]
    [InlineData("user"), InlineData("net"), InlineData("mnt")]
    public void A_type_of_namespace_that_is_switched_off_is_found(string type)
    {
        JsonElement report = Run("unshare", "--user", "--map-root-user", "sh", "-c", $"echo 0 >/proc/sys/user/max_{type}_namespaces; exec \"$@\"", "sh");
        report.GetProperty("canIsolate").GetBoolean().Should().BeFalse();
        JsonElement finding = report.GetProperty("findings")[0];
        finding.GetProperty("code").GetString().Should().Be("NSF0106");
        finding.GetProperty("cause").GetString().Should().Contain($"user.max_{type}_namespaces=0");
    }

    [Fact]
    public void Low_limits_and_what_a_container_covers_are_found_and_tests_can_run_all_the_same()
    {
        JsonElement report = Run("unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
            "mount --bind /dev/null /proc/interrupts && mount -t tmpfs none /sys && { [ ! -e /dev/net ] || mount -t tmpfs none /dev/net; } && exec prlimit --nofile=300 --nproc=400 \"$@\"", "sh");
        report.GetProperty("canIsolate").GetBoolean().Should().BeTrue(report.ToString());
        foreach (var (code, proof) in new[]
        {
            ("NSF0111", "mounted below /proc: /proc/interrupts"), ("NSF0112", "mount sysfs failed: EPERM"), ("NSF0116", "/dev/net/tun does not exist"),
            ("NSF0119", "Max open files 300"), ("NSF0120", "Max processes 400"),
        })
            ProofOf(report, code).Should().Contain(proof);
    }

    [Fact]
    public void User_namespaces_that_are_nested_too_deep_are_found()
    {
        const int deepest = 33; // of create_user_ns in the kernel's sources
        JsonElement report = Run([.. Enumerable.Repeat<string[]>(["unshare", "--user", "--map-root-user"], deepest).SelectMany(u => u)]);
        report.GetProperty("canIsolate").GetBoolean().Should().BeFalse();
        JsonElement finding = report.GetProperty("findings")[0];
        finding.GetProperty("code").GetString().Should().Be("NSF0107");
        finding.GetProperty("cause").GetString().Should().Contain("nested more than 32 deep");
    }

    [Fact]
    public void A_changed_root_is_found()
    {
        if (!Root.IsTheMachines)
            return; // nobody else can change it without a user namespace, in which this is the same
        JsonElement report = Run("unshare", "--mount", "sh", "-c", "mount --rbind / /mnt && exec chroot /mnt \"$@\"", "sh");
        report.GetProperty("canIsolate").GetBoolean().Should().BeFalse();
        JsonElement finding = report.GetProperty("findings")[0];
        finding.GetProperty("code").GetString().Should().Be("NSF0122");
        finding.GetProperty("remedy").GetString().Should().Contain("chroot(2)");
    }

    [Fact]
    public void An_ordinary_user_without_subordinate_ids_can_isolate()
    {
        const string nobodys = "54321";
        JsonElement report = Environment.IsPrivilegedProcess ? Run("setpriv", "--reuid", nobodys, "--regid", nobodys, "--clear-groups", "--no-new-privs") : Run("setpriv", "--no-new-privs");
        report.GetProperty("canIsolate").GetBoolean().Should().BeTrue(report.ToString());
        if (Environment.IsPrivilegedProcess)
            ProofOf(report, "NSF0118").Should().Contain("has no line of this user's");
    }

    [Fact]
    public void A_limit_on_namespaces_is_found()
    {
        // Two: its own, and one that a sandbox needs more than that.
        JsonElement report = Run("unshare", "--user", "--map-root-user", "sh", "-c", "echo 1 >/proc/sys/user/max_mnt_namespaces; exec unshare --mount \"$@\"", "sh");
        report.GetProperty("findings")[0].GetProperty("code").GetString().Should().Be("NSF0107");
    }

    private static string? ProofOf(JsonElement report, string code) =>
        report.GetProperty("findings").EnumerateArray().Single(f => f.GetProperty("code").GetString() == code).GetProperty("proof").GetString();

    private static DoctorReport ExamineUnder(int clone3, int? namespaces)
    {
        DoctorReport? report = null;
        var thread = new Thread(() =>
        {
            Install(clone3, namespaces);
            report = Doctor.Examine();
        });
        thread.Start();
        thread.Join();
        return report!;
    }

    /// <summary>A filter for the calling thread, and what it starts.</summary>
    private static void Install(int clone3, int? namespaces)
    {
        var calls = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? RefusedCalls.Aarch64 : RefusedCalls.X64;
        SockFilter allow = SeccompFilter.Return(Seccomp.SECCOMP_RET_ALLOW);
        var program = new List<SockFilter> { SeccompFilter.Load(0), SeccompFilter.JumpIfEqual(calls.Clone3, 0, 1), Refusal(clone3) };
        if (namespaces is { } errno)
            foreach (uint call in (uint[])[calls.Clone, calls.Unshare])
                program.AddRange([SeccompFilter.JumpIfEqual(call, 0, 4), SeccompFilter.Load(16), SeccompFilter.JumpIf(Bpf.BPF_JSET, (uint)Sched.CLONE_NEWUSER, 0, 1), Refusal(errno), allow]);
        program.Add(allow);
        Libc.Prctl(PrctlOptions.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0).Should().Be(0);
        SeccompFilter.Install([.. program]);
    }

    private static SockFilter Refusal(int errno) => SeccompFilter.Return(Seccomp.SECCOMP_RET_ERRNO | (uint)errno);

    private static JsonElement Run(params string[] prefix)
    {
        string here = typeof(DoctorHereTests).Assembly.Location;
        string[] command = [.. prefix, Path.GetFullPath(RuntimeEnvironment.GetRuntimeDirectory() + "../../../dotnet"), "exec", "--runtimeconfig", Path.ChangeExtension(here, ".runtimeconfig.json"), typeof(Doctor).Assembly.Location, "doctor", "--json"];
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        output.Should().StartWith("{", errors.Result);
        process.ExitCode.Should().Be(output.Contains("\"canIsolate\": true", StringComparison.Ordinal) ? 0 : 1);
        using var json = JsonDocument.Parse(output);
        return json.RootElement.Clone();
    }
}
