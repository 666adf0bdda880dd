using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using FluentAssertions;
using NsFixture.Xunit;
using static NsFixture.Isolated.Tests.KernelCalls;

namespace NsFixture.Isolated.Tests;

/// <summary>What holds in every root tree, whatever its kind; and what no test gets at from inside of one.</summary>
public abstract class RootKindTests
{
    protected abstract RootKind Kind { get; }

    // Of the machine's own files, an ordinary user may remove those in /etc, which are a copy.
    private string Deleted => Kind == RootKind.CopyOnWrite ? "/etc/services" : "/usr/bin/id";

    private static string Greeting => File.ReadAllText("/data/greeting");

    /// <summary>The root directory of the test host, which makes the rows at discovery.</summary>
    public static TheoryData<string> OfTheTestHost() => [Identity("/")];

    [Fact]
    public void The_tree_is_of_the_kind_that_was_asked_for()
    {
        IsolatedNetwork.Current.RootKind.Should().Be(Kind switch { RootKind.CopyOnWrite => "copy-on-write", RootKind.ReadOnly => "read-only", _ => Kind.ToString().ToLowerInvariant() });
        switch (Kind)
        {
            case RootKind.Directory or RootKind.Tarball or RootKind.Image:
                Greeting.Should().Be($"from the {Kind.ToString().ToLowerInvariant()}");
                Directory.Exists("/home").Should().BeFalse("nothing else of the machine is there");
                File.Exists("/data/gone").Should().BeFalse();
                break;
            case RootKind.Minimal:
                Directory.GetFiles("/usr/bin").Select(Path.GetFileName).Should().Contain("cat").And.NotContain("tar");
                Directory.Exists("/home").Should().BeFalse();
                break;
            default:
                File.Exists("/usr/bin/tar").Should().BeTrue();
                break;
        }
    }

    [Fact]
    public void Proc_sys_and_dev_are_its_own()
    {
        int[] processes = [.. Directory.GetDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out int pid) ? pid : 0).Where(pid => pid > 0).Order()];
        processes.Should().Equal(1, Environment.ProcessId);
        Directory.GetDirectories("/sys/class/net").Concat(Directory.GetFileSystemEntries("/sys/class/net")).Select(Path.GetFileName).Should().Contain("eth0");
        File.WriteAllText("/dev/null", "gone");
        File.WriteAllText("/dev/shm/x", "shared memory");
        File.Delete("/dev/shm/x");
        using (var random = File.OpenRead("/dev/urandom"))
            random.Read(new byte[16]).Should().Be(16);
        Directory.GetFileSystemEntries("/dev/pts").Should().Contain("/dev/pts/ptmx");
    }

    [Fact]
    public void Its_name_and_its_hosts_are_its_own()
    {
        File.ReadAllText("/etc/hostname").Should().Be("test\n");
        File.ReadAllText("/etc/hosts").Should().Contain("10.0.0.2");
        File.ReadAllText("/etc/resolv.conf").Should().Contain("127.0.0.53");
        Dns.GetHostAddresses("test").Should().Contain(IsolatedNetwork.Current.Address);
        NetworkInterface.GetAllNetworkInterfaces().Should().Contain(l => l.Name == "eth0");
    }

    [Fact]
    public void Temporary_files_can_be_written_and_others_as_the_tree_allows()
    {
        File.WriteAllText("/tmp/written", "1");
        File.WriteAllText("/run/x", "1");
        var writing = () => File.WriteAllText("/usr/written", "1");
        if (Kind == RootKind.ReadOnly)
            writing.Should().Throw<IOException>().WithMessage("*ead-only*");
        else
            writing.Should().NotThrow();
        File.WriteAllText(Path.Combine(AppContext.BaseDirectory, $"written-through-{Environment.ProcessId}"), "");
        File.Delete(Path.Combine(AppContext.BaseDirectory, $"written-through-{Environment.ProcessId}"));
    }

    [Fact]
    public async Task Files_are_kept_from_every_tree()
    {
        string name = $"kept-{Guid.NewGuid():N}";
        File.WriteAllText("/tmp/" + name, "of " + Kind);
        IsolatedNetwork.Current.Attach("/tmp/" + name);
        string attachments = Path.Combine(AppContext.BaseDirectory, "nsfixture-attachments"); // of the machine, where the test host writes it, in its own time
        string[] found = [];
        for (int i = 0; i < 1000 && (found.Length == 0 || new FileInfo(found[0]).Length == 0); i++)
        {
            await Task.Delay(10);
            found = Directory.Exists(attachments) ? Directory.GetFiles(attachments, name, SearchOption.AllDirectories) : [];
        }
        File.ReadAllText(found.Should().ContainSingle().Subject).Should().Be("of " + Kind);
        Directory.Delete(Path.GetDirectoryName(found[0])!, recursive: true);
    }

    [Fact]
    public void The_root_is_changed_by_pivot_root_or_else_it_is_said_why_not()
    {
        const int number = 155;
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return;
        // Who may mount is told EINVAL of a root that is no mount, but EPERM by a filter of system calls. NsFixture.EndToEnd.Tests tells what else it has done.
        pivot_root(number, "/proc/self", "/proc/self").Should().Be(-1);
        bool refused = Errno == EPERM || Environment.GetEnvironmentVariable("TESTED_PIVOT_ROOT") != null;
        string.Join('\n', IsolatedNetwork.Current.Diagnostics).Contains("The root is changed by chroot: pivot_root", StringComparison.Ordinal).Should().Be(refused);
    }

    [Fact]
    public void Programs_of_the_tree_can_be_started()
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/cat", "/etc/hostname") { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd().Should().Be("test\n");
        process.WaitForExit();
    }

    [Fact]
    public async Task Programs_run_on_other_hosts_in_the_same_tree()
    {
        CommandResult result = await IsolatedNetwork.Current.Network["other"].Command("sh").WithArguments("-c", "hostname; cat /etc/hostname; pwd").WithEnvironmentVariable("PATH", "/usr/bin:/bin").RunAsync();
        result.Should().Be(new CommandResult(0, "other\nother\n/\n", ""));
    }

    [Fact]
    public void What_was_written_is_listed()
    {
        File.WriteAllText("/tmp/new", "content");
        File.CreateSymbolicLink("/tmp/link", "new");
        if (Kind != RootKind.ReadOnly)
        {
            File.WriteAllText("/usr/new", "another");
            File.AppendAllText("/etc/passwd", "# changed\n");
            File.Delete(Deleted);
        }
        IReadOnlyList<SandboxChange> changes = IsolatedNetwork.Current.Changes();
        string all = string.Join('\n', changes);
        changes.Single(c => c.Path == "/tmp/new").ReadAllText().Should().Be("content");
        all.Should().Contain("Linked: /tmp/link");
        if (Kind != RootKind.ReadOnly)
        {
            string etc = Kind == RootKind.Directory ? "/usr/etc" : "/etc";
            all.Should().Contain("Written: /usr/new").And.Contain($"Written: {etc}/passwd").And.Contain("Deleted: " + Deleted);
            changes.Single(c => c.Path == $"{etc}/passwd").ReadAllText().Should().EndWith("# changed\n");
            changes.Single(c => c.Path == "/usr/new").Size.Should().Be(7);
        }
        changes.Should().NotContain(c => c.Path.StartsWith("/dev/", StringComparison.Ordinal) || c.Path.StartsWith("/proc/", StringComparison.Ordinal) || c.Path.Contains(".nsfixture", StringComparison.Ordinal));
        changes.Should().HaveCount(Kind == RootKind.ReadOnly ? 2 : 5, "what init put there is not counted: " + all);
        File.AppendAllText("/tmp/new", "more");
        IsolatedNetwork.Current.Changes().Single(c => c.Path == "/tmp/new").ReadAllText().Should().Be("contentmore");
    }

    [Theory, MemberData(nameof(OfTheTestHost))]
    public void The_old_root_is_out_of_reach(string ofTheTestHost)
    {
        File.ReadLines("/proc/self/mountinfo").Select(l => l.Split(' ')[4]).Should().NotContain(p => p.Contains(".nsfixture", StringComparison.Ordinal));
        Directory.GetFileSystemEntries("/").Should().NotContain(e => e.Contains("nsfixture", StringComparison.Ordinal));
        Identity("/").Should().NotBe(ofTheTestHost);
        Identity("/proc/1/root/").Should().Be(Identity("/"));
        Identity("/proc/1/cwd/").Should().Be(Identity("/"));
    }

    [Theory, MemberData(nameof(OfTheTestHost))]
    public void No_descriptor_of_any_process_leads_out(string ofTheTestHost)
    {
        _ = IsolatedNetwork.Current.Changes(); // gives this process the descriptor of the layers as well
        var seen = new List<string>();
        foreach (string process in (string[])["1", "self"])
            foreach (string link in Directory.GetFileSystemEntries($"/proc/{process}/fd"))
                for (string path = link + "/"; path.Length < 300 && IdentityOrNull(path) is { } identity; path += "../")
                {
                    seen.Add(path);
                    string where = $"{path} is a way from {new FileInfo(link).LinkTarget}";
                    identity.Should().NotBe(ofTheTestHost, where);
                    IdentityOrNull(path + ".nsfixture").Should().BeNull(where);
                    IdentityOrNull(path + "host/etc").Should().BeNull(where);
                }
        seen.Should().NotBeEmpty("init holds directories, and this process one of them");
    }

    [Theory, MemberData(nameof(OfTheTestHost))]
    public void The_classic_ways_out_of_a_chroot_lead_to_the_trees_own_root(string ofTheTestHost)
    {
        string own = Identity("/");
        Directory.CreateDirectory("/tmp/inner/deep");
        // On a thread whose root and working directory are its own.
        string[] found = OnOwnThread(() =>
        {
            int kept = open("/", 0);
            Check(chroot("/tmp/inner"));
            Check(fchdir(kept)); // the kept descriptor
            string afterKept = Climb();
            Check(chroot("/tmp/inner/deep") == 0 ? 0 : chroot("deep")); // the nested chroot: the working directory is left outside
            return new[] { afterKept, Climb() };
        });
        found.Should().OnlyContain(f => f == own).And.NotContain(ofTheTestHost);

        static string Climb()
        {
            for (int i = 0; i < 100; i++)
                Check(chdir(".."));
            Check(chroot("."));
            return Identity("/");
        }
    }

    [Fact]
    public void Nothing_that_is_mounted_here_is_mounted_elsewhere()
    {
        File.ReadLines("/proc/self/mountinfo").Should().NotContain(l => l.Contains(" shared:", StringComparison.Ordinal) || l.Contains(" master:", StringComparison.Ordinal));
        Directory.CreateDirectory("/tmp/mounted");
        mount("none", "/tmp/mounted", "tmpfs", 0, null).Should().Be(0);
        File.ReadLines("/proc/self/mountinfo").Should().Contain(l => l.Contains(" /tmp/mounted ", StringComparison.Ordinal));
        umount2("/tmp/mounted", 0).Should().Be(0);
    }

    [Fact]
    public void Devices_of_the_machine_cannot_be_made()
    {
        const uint characterDevice = 0x2000 | 0x1B6;
        foreach (string path in (string[])["/tmp/mem", "/dev/shm/mem"])
        {
            int made = mknod(path, characterDevice, 0x101); // /dev/mem
            if (made == 0)
                open(path, 0).Should().Be(-1, "a device that can be made here must not be one that works");
        }
    }

    [Fact]
    public void The_machines_runtime_cannot_be_written_to()
    {
        string runtime = RuntimeEnvironment.GetRuntimeDirectory();
        Action writing = () => File.WriteAllText(runtime + "System.Runtime.dll.new", "x");
        if (Kind != RootKind.CopyOnWrite)
            writing.Should().Throw<IOException>().WithMessage("*ead-only*");
        else
            Succeeds(writing).Should().Be(IsolatedNetwork.Current.Changes().Any(c => c.Path == runtime + "System.Runtime.dll.new"), "it goes to the private layer, or, for an ordinary user, nowhere");
    }

    private static bool Succeeds(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}

/// <summary>The usual tree, by a fork.</summary>
[IsolatedNetwork(Hosts = ["other"], Launcher = LauncherKind.Fork)]
public class ForkedUsualRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.CopyOnWrite;
}

/// <summary>The usual tree, declared, by a fresh runtime.</summary>
[IsolatedNetwork(Hosts = ["other"], Launcher = LauncherKind.Exec)]
public class ExecutedUsualRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.CopyOnWrite;
}

/// <summary>Read-only, by a fork.</summary>
[IsolatedNetwork(Hosts = ["other"], Root = RootKind.ReadOnly, Launcher = LauncherKind.Fork)]
public class ForkedReadOnlyRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.ReadOnly;
}

/// <summary>Read-only, by a fresh runtime.</summary>
[IsolatedNetwork(Hosts = ["other"], RootTree = typeof(MachineReadOnly), Launcher = LauncherKind.Exec)]
public class ExecutedReadOnlyRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.ReadOnly;
}

/// <summary>Minimal, by a fork.</summary>
[IsolatedNetwork(Hosts = ["other"], Root = RootKind.Minimal, RootPrograms = ["sh", "cat", "ls", "id", "env", "hostname"], Launcher = LauncherKind.Fork)]
public class ForkedMinimalRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.Minimal;
}

/// <summary>Minimal, by a fresh runtime.</summary>
[IsolatedNetwork(Hosts = ["other"], RootTree = typeof(FewPrograms), Launcher = LauncherKind.Exec)]
public class ExecutedMinimalRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.Minimal;
}

/// <summary>A directory, by a fork.</summary>
[IsolatedNetwork(Hosts = ["other"], RootTree = typeof(DirectoryTree), Launcher = LauncherKind.Fork)]
public class ForkedDirectoryRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.Directory;
}

/// <summary>A directory, by a fresh runtime.</summary>
[IsolatedNetwork(Hosts = ["other"], RootTree = typeof(DirectoryTree), Launcher = LauncherKind.Exec)]
public class ExecutedDirectoryRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.Directory;
}

/// <summary>A tarball, by a fork.</summary>
[IsolatedNetwork(Hosts = ["other"], RootTree = typeof(TarballTree), Launcher = LauncherKind.Fork)]
public class ForkedTarballRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.Tarball;
}

/// <summary>A tarball, by a fresh runtime.</summary>
[IsolatedNetwork(Hosts = ["other"], RootTree = typeof(TarballTree), Launcher = LauncherKind.Exec)]
public class ExecutedTarballRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.Tarball;
}

/// <summary>An image, by a fork.</summary>
[IsolatedNetwork(Hosts = ["other"], RootTree = typeof(ImageTree), Launcher = LauncherKind.Fork)]
public class ForkedImageRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.Image;
}

/// <summary>An image, by a fresh runtime.</summary>
[IsolatedNetwork(Hosts = ["other"], RootTree = typeof(ImageTree), Launcher = LauncherKind.Exec)]
public class ExecutedImageRootTests : RootKindTests
{
    protected override RootKind Kind => RootKind.Image;
}
