using System.Diagnostics;
using System.Text.Json;
using FluentAssertions;

namespace NsFixture.Namespaces.Tests;

/// <summary>On the machine itself, as whoever runs the tests: others change it meanwhile, so that only what stays is compared.</summary>
public class MachineTests
{
    [Fact]
    public void The_list_has_what_lsns_lists_of_this_users_processes()
    {
        using var sleeper = new Sleeper("--user", "--map-root-user", "--fork", "--pid", "--net", "--mount");
        Tool.Outcome listed;
        int tries = 0;
        do
            listed = Tool.Run("lsns", "-J", "-p", $"{sleeper.ChildId}");
        while (listed is { ExitCode: 1, Error: "" } && ++tries < 50); // a process that it was about to look at has ended
        var lsns = ListingTests.Flat(JsonDocument.Parse(listed.Output).RootElement.GetProperty("namespaces"))
            .Select(r => $"{r.GetProperty("type").GetString()}:[{r.GetProperty("ns").GetUInt64()}]").ToList();
        lsns.Should().HaveCount(8);
        LinuxNamespace.List().Where(e => e.ProcessIds.Contains(sleeper.ChildId)).Select(e => e.ToString()).Should().BeEquivalentTo(lsns);
        LinuxNamespace.Differences(Environment.ProcessId, sleeper.ChildId).Should().Be(NamespaceTypes.User | NamespaceTypes.Pid | NamespaceTypes.Network | NamespaceTypes.Mount);
        using LinuxNamespace user = LinuxNamespace.OfProcess(sleeper.ChildId, NamespaceTypes.User);
        uint own = uint.Parse(Tool.Output("id", "-u"));
        user.OwnerUid.Should().Be(own);
        user.UserIds().Should().Equal(new IdRange(0, own, 1));
    }

    [Fact]
    public void Root_is_told_of_mount_namespaces_that_no_process_shows()
    {
        using var socket = new DescriptorOnItsWay();
        ulong inode;
        using (var sleeper = new Sleeper("--user", "--mount"))
        using (LinuxNamespace mounts = LinuxNamespace.OfProcess(sleeper.Id, NamespaceTypes.Mount))
        {
            socket.Send((int)mounts.Handle.DangerousGetHandle());
            inode = mounts.Inode;
        }
        NamespaceEntry? hidden = LinuxNamespace.List(NamespaceTypes.Mount).SingleOrDefault(e => e.Inode == inode);
        bool isTold = Environment.IsPrivilegedProcess && Environment.OSVersion.Version >= new Version(6, 12) && File.ReadAllText("/proc/self/uid_map").Contains("4294967295")
            && new FileInfo("/proc/self/ns/pid").LinkTarget == "pid:[4026531836]"; // PROC_PID_INIT_INO of linux/nsfs.h; a privileged container has a pid namespace of its own
        (hidden != null).Should().Be(isTold, "Linux has a list of them from 6.12 on, for root outside of containers");
        if (!isTold)
            return;
        hidden!.Holders.Single().Kind.Should().Be(NamespaceHolderKind.Hidden);
        using LinuxNamespace opened = hidden.Open();
        opened.Inode.Should().Be(inode);
    }

    [Fact]
    public void Who_may_not_enter_persist_or_name_is_told_why()
    {
        using var sleeper = new Sleeper("--user", "--map-root-user", "--net");
        using LinuxNamespace network = LinuxNamespace.OfProcess(sleeper.Id, NamespaceTypes.Network);
        if (Root.IsTheMachines)
        {
            network.Run(() => File.ReadLines("/proc/thread-self/net/dev").Count(l => l.Contains(':'))).Should().Be(1);
            return;
        }
        LinuxNamespaceTests.Say(() => network.Run(() => { })).Should().StartWith($"{network} may not be entered by a thread of this process, which lacks CAP_SYS_ADMIN").And.Contain("run the code in a sandbox");
        string file = Path.Combine(Path.GetTempPath(), $"nsfixture-{Guid.NewGuid():N}");
        LinuxNamespaceTests.Say(() => network.Persist(file)).Should().StartWith($"{network} cannot be mounted on {file}, which takes CAP_SYS_ADMIN");
        File.Exists(file).Should().BeFalse();
        LinuxNamespaceTests.Say(() => NetworkNamespaceNames.Add($"nsfixture-{Environment.ProcessId}", network)).Should().Contain("run as root");
        if (!Environment.IsPrivilegedProcess) // of a container's root process 1 is its own
            LinuxNamespaceTests.Say(() => LinuxNamespace.OfProcess(1, NamespaceTypes.Network)).Should().StartWith("The namespaces of process 1 may not be looked at: it is another user's");
    }
}
