using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Hosts with root trees of their own, beside some that share the sandbox's.</summary>
public sealed class DifferentRoots() : Topology(Of("plain", "other")
    .WithHost("image", h => h.WithRoot(new ImageTree()))
    .WithHost("minimal", h => h.WithRoot(new FewPrograms()))
    .WithHost("mine", h => h.WithRoot(RootTree.CopyOnWrite.WithFile("/etc/motd", "of mine")))
    .WithHost("closed", h => h.WithRoot(RootTree.ReadOnly)));

/// <summary>Root trees of hosts, from a test inside and from one outside.</summary>
public abstract class RootHostTests
{
    protected abstract VirtualNetwork Network { get; }

    private Task<CommandResult> Run(string host, string script) => Network[host].Command("sh").WithArguments("-c", script).WithEnvironmentVariable("PATH", "/usr/bin:/bin").RunAsync();

    [Theory, InlineData("image", "from the image"), InlineData("mine", "of mine")]
    public async Task A_host_has_its_own_tree(string host, string expected) =>
        (await Run(host, "cat /data/greeting /etc/motd 2>/dev/null")).StandardOutput.Should().Be(expected);

    [Theory, InlineData("image"), InlineData("minimal"), InlineData("mine"), InlineData("closed")]
    public async Task It_has_its_own_name_and_network_and_knows_the_others(string host)
    {
        CommandResult result = await Run(host, "hostname; cat /etc/hostname; cat /etc/hosts; ls /sys/class/net; cat /sys/class/net/eth0/address; cat /proc/net/fib_trie");
        result.StandardError.Should().BeEmpty();
        result.StandardOutput.Should().StartWith($"{host}\n{host}\n").And.Contain("eth0").And.Contain("plain").And.Contain(Network[host].Address.ToString());
        result.StandardOutput.Should().Contain("\n02:", "the addresses of the topology's interfaces begin with that, and /sys shows its own");
    }

    [Fact]
    public async Task Files_of_one_are_no_others()
    {
        string name = $"/tmp/{Guid.NewGuid():N}";
        foreach (string host in (string[])["image", "minimal", "mine", "closed", "plain"])
        {
            (await Run(host, $"test -e {name} && echo there; echo x > {name}")).StandardOutput.Should().BeEmpty(host);
            (await Run(host, $"cat {name}")).StandardOutput.Should().Be("x\n", "it stays for as long as the sandbox");
        }
        (await Run("other", $"cat {name}")).StandardOutput.Should().Be("x\n", "hosts without a tree of their own share one");
    }

    [Theory, InlineData("image"), InlineData("minimal"), InlineData("mine")]
    public async Task What_was_written_on_a_host_is_listed(string host)
    {
        string name = $"/usr/{Guid.NewGuid():N}";
        await Run(host, $"echo content > {name}");
        SandboxChange change = Network[host].Changes().Single(c => c.Path == name);
        change.Kind.Should().Be(SandboxChangeKind.Written);
        change.ReadAllText().Should().Be("content\n");
        var asking = () => Network["plain"].Changes();
        asking.Should().Throw<InvalidOperationException>().WithMessage("*\"plain\" has no root tree of its own*");
    }

    [Fact]
    public async Task A_read_only_host_writes_to_temporary_files_only() =>
        (await Run("closed", "echo x > /usr/x; echo x > /etc/x; echo x > /x; echo x > /var/x; echo x > /tmp/written && echo x > /run/x && echo x > /dev/shm/x && echo fine"))
            .Should().Match<CommandResult>(r => r.StandardOutput == "fine\n" && r.StandardError.Split("ead-only").Length == 5);

    [Fact]
    public async Task The_image_says_what_is_run_where_with_what_environment_and_as_whom()
    {
        (await Network["image"].ImageCommand().RunAsync()).Should().Be(new CommandResult(0, "blue in /srv with default as app\n", ""));
        (await Network["image"].ImageCommand("a", "b").RunAsync()).StandardOutput.Should().Be("blue in /srv with a b as app\n");
        (await Network["image"].ImageCommand("a").AsUser("root").RunAsync()).StandardOutput.Should().Be("blue in /srv with a as root\n");
        (await Network["image"].Command("env").WithEnvironmentVariable("PATH", "/bin").RunAsync()).ExitCode.Should().Be(0);
        var asking = () => Network["minimal"].ImageCommand();
        asking.Should().Throw<InvalidOperationException>().WithMessage("*\"minimal\" has no image*FromImage*");
    }

    [Fact]
    public async Task Programs_of_the_machine_are_not_in_the_image()
    {
        var starting = () => Network["image"].Command("/usr/bin/tar").RunAsync();
        (await starting.Should().ThrowAsync<HostCommandException>()).WithMessage("*/usr/bin/tar*ENOENT*");
        (await Run("plain", "test -x /usr/bin/tar && echo there")).StandardOutput.Should().Be("there\n");
        (await Run("image", "ls /proc/1/root/ | grep -c nsfixture; ls -d /.nsfixture* 2>/dev/null")).StandardOutput.Should().Be("0\n");
    }
}

/// <summary>From a forked test.</summary>
[IsolatedNetwork<DifferentRoots>(Launcher = LauncherKind.Fork)]
public class ForkedRootHostTests : RootHostTests
{
    protected override VirtualNetwork Network => IsolatedNetwork.Current.Network;
}

/// <summary>From a test in a fresh runtime.</summary>
[IsolatedNetwork<DifferentRoots>(Launcher = LauncherKind.Exec)]
public class ExecutedRootHostTests : RootHostTests
{
    protected override VirtualNetwork Network => IsolatedNetwork.Current.Network;
}

/// <summary>A network with such hosts, for plain tests.</summary>
public sealed class DifferentRootsFixture : IAsyncLifetime
{
    public VirtualNetwork Network { get; private set; } = null!;

    public async Task InitializeAsync() => Network = await VirtualNetwork.CreateAsync(new DifferentRoots());

    public async Task DisposeAsync() => await (Network?.DisposeAsync() ?? default); // there is none where the machine allows none
}

/// <summary>From a plain test.</summary>
public class PlainRootHostTests(DifferentRootsFixture fixture) : RootHostTests, IClassFixture<DifferentRootsFixture>
{
    protected override VirtualNetwork Network => fixture.Network;

    [Fact]
    public async Task A_template_is_prepared_once_for_all_networks()
    {
        int prepared = 0;
        RootTree tree = RootTree.CopyOnWrite.WithTemplate("/srv/data", "counted", host =>
        {
            prepared++;
            return host.Command("sh").WithArguments("-c", "date +%N > /srv/data/when").RunAsync();
        });
        Topology topology = Topology.Of().WithHost("db", h => h.WithRoot(tree));
        var seen = new List<string>();
        for (int i = 0; i < 3; i++)
        {
            await using VirtualNetwork network = await VirtualNetwork.CreateAsync(topology);
            seen.Add((await network["db"].Command("sh").WithArguments("-c", "cat /srv/data/when; echo changed > /srv/data/when").RunAsync()).StandardOutput);
        }
        prepared.Should().Be(1);
        seen.Distinct().Should().ContainSingle().Which.Should().NotContain("changed").And.NotBeEmpty();
    }

    [Fact]
    public async Task A_template_that_fails_says_so_and_is_tried_again()
    {
        int tries = 0;
        Topology topology = Topology.Of().WithHost("db", h => h.WithRoot(RootTree.CopyOnWrite.WithTemplate("/srv/data", "failing", _ =>
            ++tries == 1 ? throw new InvalidOperationException("no disk") : Task.CompletedTask)));
        var creating = () => VirtualNetwork.CreateAsync(topology);
        (await creating.Should().ThrowAsync<RootTreeException>()).WithMessage("*\"failing\" for /srv/data*no disk*");
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(topology);
        tries.Should().Be(2);
    }

    public static TheoryData<string, string> Unusable() => new()
    {
        { "program", "*\"no-such-program\" does not exist*" },
        { "image", "*neither index.json*FromTarball*" },
        { "tarball", "*no tar archive*" },
        { "truncated", "*truncated*" },
        { "escape", "*\"../victim\" has \"..\"*" },
    };

    [Theory, MemberData(nameof(Unusable))]
    public async Task A_tree_that_cannot_be_had_is_refused_with_the_reason_and_leaves_nothing(string fault, string message)
    {
        string path = Path.GetTempFileName(), workshop = Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Environment.GetEnvironmentVariable("HOME") + "/.cache", "nsfixture/workshop");
        byte[] tar = RootTestTrees.Layer(w => RootTestTrees.Write(w, fault == "escape" ? "../victim" : "file", new string('x', 3000)));
        await File.WriteAllBytesAsync(path, fault switch { "tarball" => new byte[10_000].Select((_, i) => (byte)(i * 7)).ToArray(), "truncated" => tar[..2000], _ => tar });
        RootTree tree = fault switch { "program" => RootTree.Of("sh", "no-such-program"), "image" => RootTree.FromImage(path), _ => RootTree.FromTarball(path) };
        string[] before = InWorkshop();
        var creating = () => VirtualNetwork.CreateAsync(Topology.Of().WithHost("h", h => h.WithRoot(tree)));
        (await creating.Should().ThrowAsync<RootTreeException>()).WithMessage(message);
        File.Delete(path);
        string[] come = [.. InWorkshop().Except(before)];
        SpinWait.SpinUntil(() => !come.Intersect(InWorkshop()).Any(), 60_000).Should().BeTrue("other tests' trees are made at last, and this one's never: " + string.Join(' ', come));

        string[] InWorkshop() => Directory.Exists(workshop) ? Directory.GetFileSystemEntries(workshop) : [];
    }
}
