using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;
using Xunit.Abstractions;

namespace NsFixture.Isolated.Tests;

/// <summary>What a test finds in its sandbox: the same by both launchers.</summary>
public abstract class SandboxTests
{
    /// <summary>The namespaces that this is called in: the test host's, since it makes the rows at discovery.</summary>
    public static TheoryData<string, string> OfTheTestHost()
    {
        var rows = new TheoryData<string, string>();
        foreach (string type in (string[])["user", "mnt", "pid", "net", "uts", "ipc", "cgroup"])
            rows.Add(type, Namespace(type));
        return rows;
    }

    protected abstract LauncherKind Expected { get; }

    [Fact]
    public void The_asked_for_launcher_runs_it()
    {
        IsolatedNetwork.Current.Launcher.Should().Be(Expected, string.Join(Environment.NewLine, IsolatedNetwork.Current.Diagnostics));
        IsolatedNetwork.Current.Diagnostics.Should().Contain(line => line.StartsWith("launcher: " + Expected));
        IsolatedNetwork.Current.RootKind.Should().Be("copy-on-write");
        IsolatedNetwork.IsIsolated.Should().BeTrue();
    }

    [Theory, MemberData(nameof(OfTheTestHost))]
    public void Every_namespace_is_a_new_one(string type, string ofTheTestHost) => Namespace(type).Should().NotBe(ofTheTestHost).And.StartWith(type + ":[");

    [Fact]
    public void It_is_not_PID_1_and_sees_its_own_processes_only()
    {
        int[] processes = [.. Directory.GetDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out int pid) ? pid : 0).Where(pid => pid > 0).Order()];
        processes.Should().Equal(1, Environment.ProcessId);
        Environment.ProcessId.Should().Be(2);
    }

    [Fact]
    public void It_is_uid_0_inside()
    {
        File.ReadLines("/proc/self/status").Should().Contain("Uid:\t0\t0\t0\t0").And.Contain("Gid:\t0\t0\t0\t0");
        Environment.UserName.Should().Be("root");
    }

    [Fact]
    public void No_descriptor_is_inherited_but_the_runtimes_own_and_those_of_the_fixture()
    {
        // An executed runtime listens on a diagnostics port of its own.
        var diagnosticsPorts = File.ReadLines("/proc/self/net/unix").Where(l => l.Contains("dotnet-diagnostic", StringComparison.Ordinal))
            .Select(l => $"socket:[{l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[6]}]").ToList();
        var others = new DirectoryInfo("/proc/self/fd").GetFileSystemInfos().Where(f => int.Parse(f.Name) > 2).Select(f => f.LinkTarget ?? "")
            .Where(t => !t.EndsWith(".dll", StringComparison.Ordinal) && !t.StartsWith("/proc/", StringComparison.Ordinal)).ToList();
        others.Except(diagnosticsPorts).Where(t => t.StartsWith("socket:", StringComparison.Ordinal)).Should().HaveCount(2, "there is the result socket and the control socket: " + string.Join(", ", others));
        others.Should().NotContain(t => t.Contains("pidfd", StringComparison.Ordinal) || t.Contains("net:[", StringComparison.Ordinal) || t.Contains("mnt:[", StringComparison.Ordinal));
        // The runtime's: pipes between its own threads, devices, the two mappings of compiled code.
        others.Where(t => t.StartsWith('/')).Should().OnlyContain(t => t.StartsWith("/dev/", StringComparison.Ordinal) || t.StartsWith("/memfd:doublemapper", StringComparison.Ordinal));
    }

    [Fact]
    public void Its_host_is_called_test_and_knows_itself_by_name()
    {
        Environment.MachineName.Should().Be("test");
        Dns.GetHostName().Should().Be("test");
        File.ReadAllText("/etc/hostname").Should().Be("test\n");
        Dns.GetHostAddresses("test").Should().Contain([IsolatedNetwork.Current.Address, IsolatedNetwork.Current.Address6]);
    }

    [Fact]
    public void It_has_lo_and_eth0_with_both_families_and_nothing_else()
    {
        var links = NetworkInterface.GetAllNetworkInterfaces().Where(l => l.OperationalStatus == OperationalStatus.Up || l.Name == "lo").ToDictionary(l => l.Name);
        links.Keys.Should().BeEquivalentTo(["lo", "eth0"]);
        links["eth0"].GetIPProperties().UnicastAddresses.Where(a => !a.Address.IsIPv6LinkLocal).Select(a => $"{a.Address}/{a.PrefixLength}").Should()
            .BeEquivalentTo(["10.0.0.2/24", "fd00::2/64"]);
    }

    [Theory, InlineData("127.0.0.1"), InlineData("::1"), InlineData("10.0.0.2"), InlineData("fd00::2")]
    public async Task A_server_is_reached_by_every_address(string address)
    {
        using var listener = new TcpListener(IPAddress.Parse(address), 5432);
        listener.Start();
        using var client = new TcpClient(listener.LocalEndpoint.AddressFamily);
        Task<TcpClient> accepted = listener.AcceptTcpClientAsync();
        await client.ConnectAsync(IPAddress.Parse(address), 5432).WaitAsync(TimeSpan.FromSeconds(10));
        using TcpClient server = await accepted.WaitAsync(TimeSpan.FromSeconds(10));
        await client.GetStream().WriteAsync(new byte[] { 42 });
        server.GetStream().ReadByte().Should().Be(42);
    }

    [Theory, InlineData("192.0.2.1"), InlineData("2001:db8::1")]
    public async Task There_is_no_way_out(string address)
    {
        using var client = new TcpClient(IPAddress.Parse(address).AddressFamily);
        var connecting = () => client.ConnectAsync(IPAddress.Parse(address), 80).WaitAsync(TimeSpan.FromSeconds(10));
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.NetworkUnreachable);
    }

    [Fact]
    public void An_unknown_name_is_unknown_at_once()
    {
        var lookup = () => Dns.GetHostAddresses("nowhere.example");
        lookup.Should().Throw<SocketException>();
    }

    [Theory, InlineData("/etc/nsfixture-test"), InlineData("/tmp/nsfixture-test"), InlineData("/run/nsfixture-test"), InlineData("/dev/shm/nsfixture-test"),
     InlineData("/var/lib/nsfixture-test"), InlineData("/usr/local/nsfixture-test"), InlineData("/nsfixture-test"), InlineData("/opt/nsfixture-test")]
    public void Files_can_be_made_anywhere_and_none_was_left_by_another_test(string path)
    {
        File.Exists(path).Should().BeFalse();
        File.WriteAllText(path, "inside");
        File.ReadAllText(path).Should().Be("inside");
    }

    [Theory, InlineData("/etc/passwd"), InlineData("/etc/hosts"), InlineData("/etc/nsswitch.conf")]
    public void Files_of_etc_can_be_changed(string path)
    {
        File.AppendAllText(path, "# changed\n");
        File.ReadAllText(path).Should().EndWith("# changed\n");
        File.Delete(path);
        File.Exists(path).Should().BeFalse();
    }

    [Fact]
    public void The_old_root_is_out_of_reach()
    {
        File.ReadLines("/proc/self/mountinfo").Select(l => l.Split(' ')[4]).Should().NotContain(p => p.Contains(".nsfixture", StringComparison.Ordinal));
        Directory.Exists("/.nsfixture").Should().BeFalse();
        new DirectoryInfo("/proc/1/root").LinkTarget.Should().Be("/");
    }

    [Fact]
    public void System_V_and_POSIX_objects_of_the_machine_are_not_seen()
    {
        File.ReadLines("/proc/sysvipc/shm").Skip(1).Should().BeEmpty();
        Directory.GetFileSystemEntries("/dev/mqueue").Should().BeEmpty();
        Directory.GetFileSystemEntries("/dev/shm").Should().BeEmpty();
    }

    [Fact]
    public void Devices_work()
    {
        using (var zero = File.OpenRead("/dev/zero"))
            zero.ReadByte().Should().Be(0);
        using (var random = File.OpenRead("/dev/urandom"))
            random.Read(new byte[16]).Should().Be(16);
        File.WriteAllText("/dev/null", "gone");
        Directory.GetFileSystemEntries("/dev/pts").Should().Contain("/dev/pts/ptmx");
    }

    [Fact]
    public void The_environment_and_the_working_directory_are_the_test_hosts()
    {
        Environment.GetEnvironmentVariable("PATH").Should().NotBeNullOrEmpty();
        Environment.GetEnvironmentVariable("DOTNET_TC_CallCounting").Should().BeNull("the fork server's own settings are not the test's");
        Directory.Exists(Environment.CurrentDirectory).Should().BeTrue();
        AppContext.BaseDirectory.Should().Be(Path.GetDirectoryName(typeof(SandboxTests).Assembly.Location) + "/");
    }

    private static string Namespace(string type) => new FileInfo($"/proc/self/ns/{type}").LinkTarget!;
}

/// <summary>By a fork of the warm runtime.</summary>
[IsolatedNetwork(Launcher = LauncherKind.Fork)]
public class ForkedSandboxTests(ITestOutputHelper output) : SandboxTests
{
    protected override LauncherKind Expected => LauncherKind.Fork;

    [Fact]
    public void Its_runtimes_code_is_on_huge_pages_or_where_the_files_are_mapped()
    {
        // Mappings of code that is of no file, and too large to be the runtime's stubs, with the kilobytes of each that are on huge pages (proc_pid_smaps(5)).
        var copies = new List<(int Size, int Huge)>();
        foreach (string[] mapping in File.ReadAllText("/proc/self/smaps").Split("VmFlags:").Select(m => m.Split('\n')))
            if (mapping.FirstOrDefault(l => l.Contains(" r-xp 00000000 00:00 0 ", StringComparison.Ordinal)) is { } head && !head.Contains('[') && Kilobytes(mapping, "Size:") >= 2048)
                copies.Add((Kilobytes(mapping, "Size:"), Kilobytes(mapping, "AnonHugePages:")));
        copies.Should().OnlyContain(c => c.Size == c.Huge, "a copy on small pages costs more than the file does");
        string setting = File.ReadAllText("/sys/kernel/mm/transparent_hugepage/enabled");
        output.WriteLine($"{copies.Sum(c => c.Huge)} kB of code on huge pages; transparent huge pages: {setting}");
        if (!setting.Contains("[never]", StringComparison.Ordinal))
            copies.Should().NotBeEmpty();

        static int Kilobytes(string[] mapping, string key) => int.Parse(mapping.Single(l => l.StartsWith(key, StringComparison.Ordinal))[key.Length..].Replace("kB", "", StringComparison.Ordinal));
    }
}

/// <summary>By a fresh runtime.</summary>
[IsolatedNetwork(Launcher = LauncherKind.Exec)]
public class ExecutedSandboxTests : SandboxTests
{
    protected override LauncherKind Expected => LauncherKind.Exec;
}
