using System.Diagnostics;
using System.Net.NetworkInformation;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Namespaces.Tests;

/// <summary>Namespaces as objects, in a sandbox, where everybody may make them.</summary>
[IsolatedNetwork]
public class LinuxNamespaceTests
{
    [Theory]
    [InlineData(NamespaceTypes.Cgroup, "cgroup"), InlineData(NamespaceTypes.Ipc, "ipc"), InlineData(NamespaceTypes.Mount, "mnt"), InlineData(NamespaceTypes.Network, "net")]
    [InlineData(NamespaceTypes.Pid, "pid"), InlineData(NamespaceTypes.Time, "time"), InlineData(NamespaceTypes.User, "user"), InlineData(NamespaceTypes.Uts, "uts")]
    public void Each_type_is_that_of_the_link_in_proc_however_it_is_opened(NamespaceTypes type, string name)
    {
        using LinuxNamespace own = LinuxNamespace.Current(type), ofProcess = LinuxNamespace.OfProcess(Environment.ProcessId, type), ofFile = LinuxNamespace.Open("/proc/self/ns/" + name);
        using LinuxNamespace ofHandle = LinuxNamespace.FromHandle(ofFile.Handle);
        own.ToString().Should().Be(new FileInfo("/proc/self/ns/" + name).LinkTarget);
        own.Type.Should().Be(type);
        new[] { ofProcess, ofFile, ofHandle }.Should().AllBeEquivalentTo(own, o => o.Excluding(n => n.Handle)).And.OnlyContain(n => n.Equals(own) && n.GetHashCode() == own.GetHashCode());
        own.ProcessIds().Should().Contain(Environment.ProcessId);
    }

    [Fact]
    public void A_user_namespace_tells_its_owner_its_maps_and_what_is_above_it()
    {
        using var sleeper = new Sleeper("--user", "--map-user", "7", "--map-group", "8", "--net");
        using LinuxNamespace inner = LinuxNamespace.OfProcess(sleeper.Id, NamespaceTypes.User), own = LinuxNamespace.Current(NamespaceTypes.User), network = LinuxNamespace.OfProcess(sleeper.Id, NamespaceTypes.Network);
        inner.Should().NotBe(own);
        inner.UserIds().Should().Equal(new IdRange(7, 0, 1));
        inner.GroupIds().Should().Equal(new IdRange(8, 0, 1));
        inner.OwnerUid.Should().Be(0);
        network.OwnerUid.Should().Be(0);
        using LinuxNamespace? parent = inner.Parent(), owner = network.OwningUserNamespace();
        parent.Should().Be(own);
        owner.Should().Be(inner);
        network.Parent().Should().BeNull("only pid and user namespaces have one");
        own.Parent().Should().BeNull("it lies outside the sandbox");
        own.UserIds().Should().Equal(File.ReadLines("/proc/self/uid_map").Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(f => new IdRange(uint.Parse(f[0]), uint.Parse(f[1]), uint.Parse(f[2]))));
        network.Invoking(n => n.UserIds()).Should().Throw<InvalidOperationException>().WithMessage($"{network} has no map of ids*");
    }

    [Fact]
    public void What_is_no_namespace_or_is_not_there_is_said_to_be_so()
    {
        Say(() => LinuxNamespace.Open("/etc/passwd")).Should().Be("/etc/passwd is no namespace: give a link of /proc/PID/ns, or a file that one is bind-mounted on, such as those in /run/netns.");
        Say(() => LinuxNamespace.Open("/tmp/none")).Should().StartWith("There is no file /tmp/none: persist a namespace there first.");
        Say(() => LinuxNamespace.OfProcess(4_000_000, NamespaceTypes.Network)).Should().StartWith("There is no process 4000000 in /proc");
        ((Action)(() => LinuxNamespace.Current(NamespaceTypes.All))).Should().Throw<ArgumentException>().WithMessage("NamespaceTypes.All is not one type*");
        using FileStream file = File.OpenRead("/etc/passwd");
        Say(() => LinuxNamespace.FromHandle(file.SafeFileHandle)).Should().Contain("(/etc/passwd) is no namespace");
    }

    [Fact]
    public void Code_runs_in_it_on_a_thread_of_its_own()
    {
        using var sleeper = new Sleeper("--net", "--uts", "--ipc", "--mount", "--cgroup");
        LinuxNamespace[] namespaces = [.. ((NamespaceTypes[])[NamespaceTypes.Mount, NamespaceTypes.Network, NamespaceTypes.Uts, NamespaceTypes.Ipc, NamespaceTypes.Cgroup]).Select(t => LinuxNamespace.OfProcess(sleeper.Id, t))];
        string[] inside = LinuxNamespace.Run(namespaces, () => namespaces.Select(n => new FileInfo($"/proc/thread-self/ns/{n.ToString().Split(':')[0]}").LinkTarget!).ToArray());
        inside.Should().Equal(namespaces.Select(n => n.ToString()));
        namespaces[1].Run(() => NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name)).Should().Equal("lo");
        NetworkInterface.GetAllNetworkInterfaces().Should().Contain(i => i.Name == "eth0", "the rest of the process is where it was");
        namespaces[1].Invoking(n => n.Run(() => throw new InvalidTimeZoneException("of the code"))).Should().Throw<InvalidTimeZoneException>().WithMessage("of the code");
        foreach (LinuxNamespace each in namespaces)
            each.Dispose();
        namespaces[0].Invoking(n => n.Run(() => { })).Should().Throw<ObjectDisposedException>();
    }

    [Theory, InlineData(NamespaceTypes.User), InlineData(NamespaceTypes.Time)]
    public void What_threads_cannot_enter_is_refused_with_the_remedy(NamespaceTypes type)
    {
        using LinuxNamespace own = LinuxNamespace.Current(type);
        own.Invoking(n => n.Run(() => { })).Should().Throw<NamespaceException>().WithMessage($"{own} cannot be entered by a thread: the kernel lets only a process with a single thread*NamespaceCommand*");
    }

    [Fact]
    public void A_persisted_one_outlives_its_processes_and_nsenter_enters_it()
    {
        using (var sleeper = new Sleeper("--uts"))
        {
            Tool.Output("nsenter", $"--uts=/proc/{sleeper.Id}/ns/uts", "hostname", "kept");
            using LinuxNamespace uts = LinuxNamespace.OfProcess(sleeper.Id, NamespaceTypes.Uts);
            uts.Persist("/tmp/uts");
        }
        Tool.Output("nsenter", "--uts=/tmp/uts", "hostname").Should().Be("kept\n");
        using (LinuxNamespace opened = LinuxNamespace.Open("/tmp/uts"))
            opened.Run(() => File.ReadAllText("/proc/sys/kernel/hostname")).Should().Be("kept\n");
        LinuxNamespace.Release("/tmp/uts");
        File.Exists("/tmp/uts").Should().BeFalse();
        Say(() => LinuxNamespace.Release("/proc/self/ns/uts")).Should().StartWith("No namespace is mounted on /proc/self/ns/uts");
    }

    [Fact]
    public void What_cannot_be_persisted_leaves_nothing()
    {
        using LinuxNamespace mounts = LinuxNamespace.Current(NamespaceTypes.Mount), uts = LinuxNamespace.Current(NamespaceTypes.Uts);
        Say(() => mounts.Persist("/tmp/mounts")).Should().StartWith($"{mounts} cannot be mounted on /tmp/mounts: a mount namespace can only be mounted in an older one");
        File.Exists("/tmp/mounts").Should().BeFalse();
        Say(() => uts.Persist("/tmp/none/uts")).Should().StartWith($"/tmp/none/uts, on which {uts} was to be mounted, cannot be made: choose a directory that is there");
    }

    [Fact]
    public void Names_are_those_of_ip_netns_both_ways()
    {
        Tool.Output("ip", "netns", "add", "theirs");
        using LinuxNamespace theirs = NetworkNamespaceNames.Open("theirs");
        theirs.Run(() => NetworkInterface.GetAllNetworkInterfaces().Length).Should().Be(1);
        using (var sleeper = new Sleeper("--net"))
        using (LinuxNamespace network = LinuxNamespace.OfProcess(sleeper.Id, NamespaceTypes.Network))
        {
            NetworkNamespaceNames.Add("ours", network);
            NetworkNamespaceNames.Of(network).Should().Equal("ours");
            Tool.Output("ip", "netns", "identify", $"{sleeper.Id}").Should().Be("ours\n");
        }
        Tool.Output("ip", "netns", "list").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ')[0]).Should().BeEquivalentTo(NetworkNamespaceNames.All()).And.BeEquivalentTo("theirs", "ours");
        Tool.Output("nsenter", "--net=/run/netns/ours", "ip", "-o", "link").Should().Contain("lo:").And.NotContain("eth0");
        Say(() => NetworkNamespaceNames.Add("ours", theirs)).Should().Be("The name \"ours\" is taken: remove it first, or choose another.");
        Tool.Output("ip", "netns", "delete", "ours");
        NetworkNamespaceNames.Remove("theirs");
        NetworkNamespaceNames.All().Should().BeEmpty();
        Tool.Output("ip", "netns", "list").Should().BeEmpty();
        Say(() => NetworkNamespaceNames.Open("ours")).Should().Be("No network namespace is named \"ours\": there is none in /run/netns.");
        ((Action)(() => NetworkNamespaceNames.Open("../x"))).Should().Throw<ArgumentException>().WithMessage("\"../x\" is no name*");
    }

    internal static string Say(Action action) => action.Should().Throw<NamespaceException>().Which.Message;
}
