using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using FluentAssertions;
using NsFixture.Xunit;
using static NsFixture.Isolated.Tests.KernelCalls;

namespace NsFixture.Isolated.Tests;

/// <summary>What code without privileges cannot do, and what it still can.</summary>
public abstract class HardenedTests
{
    [Fact]
    public async Task There_are_no_capabilities_and_none_can_be_had_back()
    {
        const string status = "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n";
        File.ReadAllText("/proc/self/status").Should().Contain(status);
        foreach (string host in (string[])["test", "other"])
            (await Run(host, "cat /proc/self/status")).StandardOutput.Should().Contain(status, host);
        File.ReadAllText("/proc/sys/user/max_user_namespaces").Trim().Should().Be("0");
    }

    public static TheoryData<string, int> Refused() => new()
    {
        { "ptrace", 101 }, { "pivot_root", 155 }, { "chroot", 161 }, { "mount", 165 }, { "umount2", 166 }, { "reboot", 169 }, { "init_module", 175 },
        { "kexec_load", 246 }, { "add_key", 248 }, { "keyctl", 250 }, { "unshare of a user namespace", 272 }, { "perf_event_open", 298 }, { "open_by_handle_at", 304 }, { "setns", 308 },
        { "process_vm_readv", 310 }, { "finit_module", 313 }, { "bpf", 321 }, { "userfaultfd", 323 }, { "io_uring_setup", 425 }, { "open_tree", 428 }, { "move_mount", 429 },
        { "fsopen", 430 }, { "pidfd_getfd", 438 }, { "mount_setattr", 442 },
    };

    [Theory, MemberData(nameof(Refused))]
    public void Calls_that_no_test_needs_are_refused(string name, int number)
    {
        const nint newUser = 0x10000000;
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return; // the numbers are those of x86-64; that the filter has every machine's, the headers' test sees to
        syscall(number, name.StartsWith("unshare", StringComparison.Ordinal) ? newUser : 0, 0, 0, 0, 0).Should().Be(-1);
        Errno.Should().Be(EPERM, name);
    }

    [Fact]
    public void Clone3_is_absent_so_that_its_flags_cannot_hide_and_clone_makes_no_namespaces()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return;
        syscall(435, 0, 0, 0, 0, 0).Should().Be(-1);
        Errno.Should().Be(ENOSYS);
        syscall(56, 0x10000000 | 17, 0, 0, 0, 0).Should().Be(-1);
        Errno.Should().Be(EPERM);
    }

    [Fact]
    public void Other_processes_cannot_be_looked_into()
    {
        for (int fd = 0; fd < 600; fd++)
            Directory.Exists($"/proc/1/fd/{fd}/.").Should().BeFalse("init has descriptors of all that a sandbox is made of");
        Directory.Exists("/proc/1/root/").Should().BeFalse();
        var reading = () => File.ReadAllBytes("/proc/1/mem");
        reading.Should().Throw<Exception>();
    }

    [Fact]
    public async Task What_tests_live_on_works()
    {
        using var listener = new TcpListener(IPAddress.Any, 80);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync("test", 80);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => new Thread(() => GC.Collect()).Start())));
        using var process = Process.Start(new ProcessStartInfo("id", "-u") { RedirectStandardOutput = true })!;
        (await process.StandardOutput.ReadToEndAsync()).Should().Be("0\n");
        await process.WaitForExitAsync();
        File.AppendAllText("/etc/hosts", "10.0.0.99 more\n");
        File.WriteAllText("/tmp/written", "1");
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [Fact]
    public async Task Hosts_can_be_acted_on_through_their_sockets_and_programs()
    {
        VirtualNetwork network = IsolatedNetwork.Current.Network;
        using Socket listener = network["other"].Listen(80);
        using TcpClient client = await network["test"].ConnectAsync("other", 80);
        client.Connected.Should().BeTrue();
        (await Run("other", "hostname; echo x > /tmp/from-other; exit 3")).Should().Be(new CommandResult(3, "other\n", ""));
        var entering = () => network["other"].Run(() => 1);
        entering.Should().Throw<SandboxException>();
        IsolatedNetwork.Current.Changes().Should().Contain(c => c.Path == "/tmp/from-other");
    }

    private static Task<CommandResult> Run(string host, string script) => IsolatedNetwork.Current.Network[host].Command("sh").WithArguments("-c", script).RunAsync();
}

/// <summary>By a fork of the warm runtime.</summary>
[IsolatedNetwork(Hardened = true, Hosts = ["other"], RootTree = typeof(WithReadOnlyBind), Launcher = LauncherKind.Fork)]
public class ForkedHardenedTests : HardenedTests;

/// <summary>By a fresh runtime.</summary>
[IsolatedNetwork(Hardened = true, Hosts = ["other"], RootTree = typeof(WithReadOnlyBind), Launcher = LauncherKind.Exec)]
public class ExecutedHardenedTests : HardenedTests;

/// <summary>In a minimal tree.</summary>
[IsolatedNetwork(Hardened = true, Hosts = ["other"], RootTree = typeof(MinimalWithReadOnlyBind), Launcher = LauncherKind.Fork)]
public class ForkedMinimalHardenedTests : HardenedTests;

/// <summary>In an image.</summary>
[IsolatedNetwork(Hardened = true, Hosts = ["other"], RootTree = typeof(ImageWithReadOnlyBind), Launcher = LauncherKind.Fork)]
public class ForkedImageHardenedTests : HardenedTests;
