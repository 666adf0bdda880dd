using System.Diagnostics;
using System.Text.Json;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Namespaces.Tests;

/// <summary>In a sandbox, whose /proc is a whole machine that nobody else changes: what is listed is compared in full.</summary>
[IsolatedNetwork]
public class ListingTests
{
    private sealed record Row(string Type, ulong Inode, int Processes, int First, string? User, string Command);

    [Fact]
    public void The_list_is_lsns_list()
    {
        using var network = new Sleeper("--net", "--uts");
        using var user = new Sleeper("--user", "--map-root-user", "--ipc", "--mount");
        using var forked = new Sleeper("--fork", "--pid", "--mount-proc", "--cgroup", "--time");
        List<Row> lsns = Lsns("--output-all");
        lsns.Select(r => r.Type).Distinct().Order().Should().Equal("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts");
        lsns.Count(r => r.Type == "mnt").Should().BeGreaterThanOrEqualTo(3);
        List<Row> ours = [.. LinuxNamespace.List().Where(e => e.ProcessIds.Count > 0).Select(e => new Row(Name(e), e.Inode, e.ProcessIds.Count, e.ProcessIds[0], e.UserName, e.Command!))];
        ours.Select(r => (r.Type, r.Inode, r.First, r.User, r.Command)).Should().BeEquivalentTo(lsns.Select(r => (r.Type, r.Inode, r.First, r.User, r.Command)));
        foreach (Row row in ours)
        {
            Row theirs = lsns.Single(l => l.Type == row.Type && l.Inode == row.Inode);
            bool hasLsns = File.Exists($"/proc/self/ns/{row.Type}") && new FileInfo($"/proc/self/ns/{row.Type}").LinkTarget == $"{row.Type}:[{row.Inode}]";
            theirs.Processes.Should().Be(row.Processes + (hasLsns ? 1 : 0), $"lsns counts itself: {row}");
        }
    }

    [Fact]
    public void Owners_and_parents_are_those_that_lsns_tells()
    {
        using var user = new Sleeper("--user", "--map-root-user", "--net", "--fork", "--pid");
        JsonElement[] lsns = [.. Flat(JsonDocument.Parse(Tool.Output("lsns", "-J", "--output-all")).RootElement.GetProperty("namespaces"))];
        foreach (NamespaceEntry entry in LinuxNamespace.List().Where(e => e.ProcessIds.Count > 0))
        {
            JsonElement theirs = lsns.Single(l => l.GetProperty("ns").GetUInt64() == entry.Inode);
            (entry.Owner ?? 0).Should().Be(theirs.GetProperty("ons").GetUInt64(), entry.ToString());
            (entry.Parent ?? 0).Should().Be(theirs.GetProperty("pns").GetUInt64(), entry.ToString());
        }
        using LinuxNamespace inner = LinuxNamespace.OfProcess(user.ChildId, NamespaceTypes.Pid), own = LinuxNamespace.Current(NamespaceTypes.Pid);
        using LinuxNamespace? above = inner.Parent();
        own.Should().Be(above);
        using LinuxNamespace? owner = inner.OwningUserNamespace();
        using LinuxNamespace ofUser = LinuxNamespace.OfProcess(user.Id, NamespaceTypes.User);
        ofUser.Should().Be(owner);
    }

    [Fact]
    public void Those_without_a_process_are_found_too_by_whatever_keeps_them()
    {
        Directory.CreateDirectory("/tmp/kept");
        LinuxNamespace open, mounted;
        using (var first = new Sleeper("--net"))
            open = LinuxNamespace.OfProcess(first.Id, NamespaceTypes.Network);
        using (open)
        {
            using (var second = new Sleeper("--uts"))
                mounted = LinuxNamespace.OfProcess(second.Id, NamespaceTypes.Uts);
            mounted.Persist("/tmp/kept/uts");
            mounted.Dispose();
            using var thread = new ThreadElsewhere();
            using var children = new Sleeper("--pid", "--", "sh", "-c", "sleep 60 & exec \"$@\"", "sh"); // its children are in the new one, itself is not
            using var relative = new Sleeper("--user", "--map-root-user", "--", "unshare", "--user", "--map-root-user");

            IReadOnlyList<NamespaceEntry> list = LinuxNamespace.List();
            NamespaceEntry byDescriptor = list.Single(e => e.Inode == open.Inode), byMount = list.Single(e => e.Inode == mounted.Inode);
            byDescriptor.ProcessIds.Should().BeEmpty();
            byDescriptor.Holders.Single().Should().Match<NamespaceHolder>(h => h.Kind == NamespaceHolderKind.Descriptor && h.ProcessId == Environment.ProcessId);
            byMount.Holders.Single().ToString().Should().Be("mount /tmp/kept/uts");
            byMount.Paths.Should().Equal("/tmp/kept/uts");
            list.Single(e => e.Inode == thread.Network).Holders.Single().Should().Match<NamespaceHolder>(h => h.Kind == NamespaceHolderKind.Thread && h.Number == thread.Id);
            list.Single(e => e.Type == NamespaceTypes.Pid && e.Holders.Any(h => h.Kind == NamespaceHolderKind.Children)).Holders.Should().HaveCount(2).And.Contain(h => h.ProcessId == children.Id);
            using LinuxNamespace inner = LinuxNamespace.OfProcess(relative.Id, NamespaceTypes.User);
            using LinuxNamespace? between = inner.Parent();
            list.Single(e => e.Inode == between!.Inode).Holders.Should().OnlyContain(h => h.Kind == NamespaceHolderKind.Relative);
            foreach (NamespaceEntry entry in list)
                using (LinuxNamespace opened = entry.Open())
                    opened.ToString().Should().Be(entry.ToString());

            foreach (string child in File.ReadAllText($"/proc/{children.Id}/task/{children.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                using (var process = Process.GetProcessById(int.Parse(child)))
                    process.Kill();

            LinuxNamespace.Release("/tmp/kept/uts");
            LinuxNamespace.List(NamespaceTypes.Uts).Should().NotContain(e => e.Inode == mounted.Inode);
            byMount.Invoking(e => e.Open()).Should().Throw<NamespaceException>().WithMessage($"uts:[{mounted.Inode}] cannot be opened any more*mount /tmp/kept/uts*List again.");
        }
    }

    [Fact]
    public void Two_processes_differ_in_what_was_unshared()
    {
        using var sleeper = new Sleeper("--net", "--ipc");
        LinuxNamespace.Differences(1, 1).Should().Be(NamespaceTypes.None);
        LinuxNamespace.Differences(Environment.ProcessId, sleeper.Id).Should().Be(NamespaceTypes.Network | NamespaceTypes.Ipc);
    }

    internal static IEnumerable<JsonElement> Flat(JsonElement rows) =>
        rows.EnumerateArray().SelectMany(r => r.TryGetProperty("children", out JsonElement children) ? [r, .. Flat(children)] : (IEnumerable<JsonElement>)[r]);

    private static List<Row> Lsns(params string[] arguments) =>
        [.. Flat(JsonDocument.Parse(Tool.Output("lsns", ["-J", .. arguments])).RootElement.GetProperty("namespaces")).Select(r => new Row(r.GetProperty("type").GetString()!,
            r.GetProperty("ns").GetUInt64(), r.GetProperty("nprocs").GetInt32(), r.GetProperty("pid").GetInt32(), r.GetProperty("user").GetString(), r.GetProperty("command").GetString()!))];

    private static string Name(NamespaceEntry entry) => entry.ToString().Split(':')[0];
}
