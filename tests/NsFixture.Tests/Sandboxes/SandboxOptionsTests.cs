using FluentAssertions;

namespace NsFixture.Tests.Sandboxes;

/// <summary>Bad settings are all named, with their values, before anything is made.</summary>
public class SandboxOptionsTests
{
    [Fact]
    public void The_defaults_give_the_second_address_of_each_network()
    {
        SandboxSpec spec = new SandboxOptions().Resolve("/usr");
        spec.HostName.Should().Be("test");
        spec.Plan.Test.Interfaces.Single().Addresses.Select(a => a.ToString()).Should().Equal("10.0.0.2/24", "fd00::2/64");
        spec.WriteThrough.Should().Equal("/usr");
    }

    [Theory]
    [InlineData("10.0.0.0/24", "10.0.0.1"), InlineData("10.0.0.0/24", "10.0.0.254"), InlineData("192.168.7.64/26", "192.168.7.100"), InlineData("10.0.0.0/30", "10.0.0.2")]
    public void Any_host_address_of_the_network_may_be_chosen(string subnet, string address) =>
        new SandboxOptions { Subnet = subnet, Address = address }.Resolve("/").Plan.Test.Interfaces.Single().Addresses[0].Address.ToString().Should().Be(address);

    // 10.0.0.2 is free, but fd00::2 is the test's, and a host has the same number in both.
    [Fact]
    public void Further_hosts_follow_the_test_on_its_network() =>
        new SandboxOptions { Hosts = ["a", "b"], Address = "10.0.0.3" }.Resolve("/").Plan.Hosts.Select(h => $"{h.Name} {h.Interfaces.Single().Addresses[0]}")
            .Should().Equal("test 10.0.0.3/24", "a 10.0.0.4/24", "b 10.0.0.5/24");

    [Fact]
    public void Both_addresses_of_the_test_may_be_chosen() =>
        new SandboxOptions { Address = "10.0.0.9", Address6 = "fd00::77" }.Resolve("/").Plan.Test.Interfaces.Single().Addresses.Select(a => a.ToString())
            .Should().Equal("10.0.0.9/24", "fd00::77/64");

    [Fact]
    public void Host_names_that_cannot_be_are_refused() =>
        Problems(new SandboxOptions { Hosts = ["db", "db", "not a name"] }).Should().Contain(p => p.Contains("\"db\"")).And.Contain(p => p.Contains("\"not a name\""));

    [Fact]
    public void Beside_a_topology_nothing_else_says_what_the_network_is() =>
        Problems(new SandboxOptions { Topology = Topology.Of("a"), Subnet = "10.9.0.0/24" }).Should().ContainSingle().Which.Should().Contain("Topology").And.Contain("Subnet");

    [Theory]
    [InlineData("10.0.0.0/24", "10.0.0.255"), InlineData("10.0.0.0/24", "10.0.0.0"), InlineData("10.0.0.0/24", "10.0.1.1"), InlineData("10.0.0.0/24", "fd00::2"), InlineData("10.0.0.0/24", "ten")]
    public void An_address_off_the_network_is_refused_by_name_and_value(string subnet, string address) =>
        Problems(new SandboxOptions { Subnet = subnet, Address = address }).Should().ContainSingle().Which.Should().Contain("Address").And.Contain($"\"{address}\"");

    [Theory]
    [InlineData("10.0.0.0"), InlineData("10.0.0.5/24"), InlineData("10.0.0.0/33"), InlineData("10.0.0.0/31"), InlineData("127.0.0.0/8"), InlineData("224.0.0.0/24"), InlineData("fd00::/64"), InlineData("")]
    public void A_network_that_cannot_be_is_refused_by_name_and_value(string subnet) =>
        Problems(new SandboxOptions { Subnet = subnet }).Should().ContainSingle().Which.Should().Contain("Subnet").And.Contain($"\"{subnet}\"");

    [Theory, InlineData(""), InlineData("-a"), InlineData("a-"), InlineData("a b"), InlineData("a.b"), InlineData("ü"), InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void A_bad_host_name_is_refused_by_name_and_value(string name) =>
        Problems(new SandboxOptions { HostName = name }).Should().ContainSingle().Which.Should().Contain("HostName").And.Contain($"\"{name}\"");

    [Theory, InlineData(0), InlineData(-1), InlineData(3e12)]
    public void A_deadline_must_be_a_positive_number_of_milliseconds(double milliseconds) =>
        Problems(new SandboxOptions { Deadline = TimeSpan.FromMilliseconds(milliseconds) }).Should().ContainSingle().Which.Should().Contain("Deadline = ");

    [Theory]
    [InlineData("400.00:00:00", 400 * 86400), InlineData("24.20:31:20", 2147480), InlineData("00:00:01", 1)]
    public void An_uptime_is_days_and_a_time(string text, int seconds) =>
        new SandboxOptions { UptimeText = text }.Resolve("/").Kernel!.Uptime.Should().Be(TimeSpan.FromSeconds(seconds));

    [Theory, InlineData("400 days"), InlineData("4e3"), InlineData(""), InlineData("00:00:00"), InlineData("-1.00:00:00"), InlineData("40000.00:00:00")]
    public void An_uptime_that_cannot_be_is_refused_by_name_and_value(string text) =>
        Problems(new SandboxOptions { UptimeText = text }).Should().ContainSingle().Which.Should().StartWith("Uptime = ").And.Contain(TimeSpan.TryParse(text, out TimeSpan time) ? $"{time}" : $"\"{text}\"");

    [Theory]
    [InlineData("kernel.shmmax", "write name=number"), InlineData("kernel.shmmax=", "write name=number"), InlineData("kernel.shmmax=many", "write name=number")]
    [InlineData("kernel.hostname=1", "is no setting of System V IPC"), InlineData("../kernel/shmmax=1", "is no setting of System V IPC"), InlineData("net.ipv4.ip_forward=1", "is no setting of System V IPC")]
    public void A_limit_of_IPC_that_cannot_be_is_refused_by_name(string limit, string cause) =>
        Problems(new SandboxOptions { IpcLimits = [limit] }).Should().ContainSingle().Which.Should().StartWith($"IpcLimits: \"{limit.Split('=')[0]}").And.Contain(cause);

    [Theory, InlineData(""), InlineData("a b"), InlineData("ü"), InlineData("01234567890123456789012345678901234567890123456789012345678901234")]
    public void A_bad_domain_name_is_refused_by_name_and_value(string name) =>
        Problems(new SandboxOptions { DomainName = name }).Should().ContainSingle().Which.Should().StartWith($"DomainName = \"{name}\"");

    [Fact]
    public void What_a_kernel_says_of_itself_goes_with_a_topology() =>
        new SandboxOptions { Topology = Topology.Of("a"), Uptime = TimeSpan.FromDays(1), DomainName = "d", IpcLimits = ["kernel.sem=1 2 3 4"] }.Resolve("/").Kernel!.IpcLimits.Should().Equal(("kernel.sem", "1 2 3 4"));

    [Theory]
    [InlineData("much", 0.0, 0, "Memory = \"much\" is not a number of bytes"), InlineData("1M", 0.0, 0, "Memory = 1048576 bytes is too little for a test"), InlineData("-5", 0.0, 0, "Memory = \"-5\"")]
    [InlineData("99999999999G", 0.0, 0, "Memory = \"99999999999G\""), InlineData(null, -1.0, 0, "a limit of -1 processors cannot be"), InlineData(null, 0.0, 3, "Processes = 3 is too little for a test")]
    public void Limits_that_cannot_be_are_refused_by_name_and_value(string? memory, double cpu, int processes, string cause) =>
        Problems(new SandboxOptions { MemoryText = memory, Limits = new Limits { Cpu = cpu == 0 ? null : cpu, Processes = processes == 0 ? null : processes } }).Should().ContainSingle().Which.Should().Contain(cause);

    [Fact]
    public void A_way_to_keep_sandboxes_that_is_none_is_refused() => Problems(new SandboxOptions { Keep = (Keep)9 }).Should().ContainSingle().Which.Should().Be("Keep = 9 is unknown: use Never, OnFailure, Always.");

    [Fact]
    public void Limits_go_with_a_topology_whose_hosts_have_their_own()
    {
        Topology topology = new Topology().WithNetwork("lan").WithHost("a").WithHost("db", h => h.WithLimits(new Limits { Cpu = 0.5 }));
        Limiting.LimitSpec limits = new SandboxOptions { Topology = topology, MemoryText = "64M", IoRateText = "10k" }.Resolve("/").Limits!;
        limits.Sandbox.Should().Be(new Limits { Memory = 64 << 20, IoRate = 10 << 10 });
        limits.Hosts.Should().Equal((2, new Limits { Cpu = 0.5 }));
        new SandboxOptions().Resolve("/").Limits.Should().BeNull();
        Problems(new SandboxOptions { Topology = new Topology().WithNetwork("lan").WithHost("test", h => h.WithLimits(new Limits { Cpu = 1 })).WithHost("b", h => h.WithLimits(new Limits { Memory = 1 })) })
            .Should().HaveCount(2).And.Contain(p => p.Contains("Host \"test\": WithLimits is for other hosts")).And.Contain(p => p.StartsWith("Host \"b\": a memory limit of 1 bytes is too little"));
    }

    [Theory, InlineData("/no/such/path"), InlineData("no-such-file"), InlineData("")]
    public void A_path_that_does_not_exist_is_refused_by_name_and_value(string path) =>
        Problems(new SandboxOptions { WriteThrough = [path] }).Should().ContainSingle().Which.Should().Contain("WriteThrough").And.Contain($"\"{path}\"");

    [Fact]
    public void Everything_that_is_wrong_is_named_at_once() =>
        Problems(new SandboxOptions { HostName = "", Subnet = "x", Deadline = TimeSpan.Zero, Launcher = (LauncherKind)9, WriteThrough = ["/no/such/path", "/"] })
            .Should().HaveCount(6);

    private static IReadOnlyList<string> Problems(SandboxOptions options)
    {
        Action resolving = () => options.Resolve("/");
        return resolving.Should().Throw<InvalidSandboxOptionsException>().Which.Problems;
    }
}
