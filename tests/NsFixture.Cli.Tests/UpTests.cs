using System.Text.Json;
using FluentAssertions;

namespace NsFixture.Cli.Tests;

/// <summary>A network that one run of the tool has up, and others look at, enter and leave.</summary>
public sealed class UpTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    public UpTests() => File.WriteAllText(file, """{ "networks": [ { "name": "lan" } ], "hosts": [ { "name": "web" }, { "name": "db" } ] }""");

    public void Dispose() => File.Delete(file);

    [Fact]
    public void It_is_listed_drawn_entered_and_changed_until_interrupted()
    {
        using Cli up = Cli.Start("up", file);
        string id = up.ReadUntil("Sandbox ").Split(' ', ':')[1];

        JsonElement row = JsonDocument.Parse(Succeed("ls", "--json")).RootElement.EnumerateArray().Single(r => r.GetProperty("id").GetInt32().ToString() == id);
        row.GetProperty("hosts").EnumerateArray().Select(h => h.GetProperty("name").GetString()).Should().Equal("test", "web", "db");
        row.GetProperty("owner").GetInt32().Should().Be(up.Id);
        row.GetProperty("networks").GetInt32().Should().BeGreaterThanOrEqualTo(1);

        Succeed("graph", id).Should().StartWith("graph LR").And.Contain("web").And.Contain("db");
        Succeed("graph", id, "--svg").Should().StartWith("<svg").And.Contain("</svg>");
        Succeed("exec", id, "web", "--", "sh", "-c", "hostname; exit 0").Should().Be("web\n");
        Cli.Run("exec", id, "db", "--", "sh", "-c", "exit 9").ExitCode.Should().Be(9);
        Cli.Run("exec", id, "nobody", "--", "true").Should().Match<Cli.Outcome>(o => o.ExitCode == 2 && o.Error.Contains("choose one of test, web, db"));
        using (Cli shell = Cli.Start("enter", id, "db"))
        {
            shell.WriteLine("hostname; exit 4");
            shell.End().Should().Match<Cli.Outcome>(o => o.ExitCode == 4 && o.Output == "db\n");
        }
        using (Cli shell = Cli.Start("enter", id))
        {
            shell.WriteLine("readlink /proc/1/ns/pid; exit 5");
            shell.End().Should().Match<Cli.Outcome>(o => o.ExitCode == 5 && o.Output.StartsWith("pid:["));
        }

        up.WriteLine("set web delay=30 loss=1");
        up.ReadUntil("web:").Should().Contain("30 ms, 1 % loss");
        up.WriteLine("partition web / db");
        up.WriteLine("shell web hostname");
        up.ReadUntil("web");
        up.WriteLine("heal");
        up.WriteLine("nonsense");
        up.ReadUntil("partition HOST");

        IReadOnlyList<int> all = Processes.Descendants(up.Id);
        all.Should().Contain(int.Parse(id));
        up.Interrupt();
        up.End().Should().Match<Cli.Outcome>(o => o.ExitCode == 0);
        Processes.AwaitEnd(all);
        Cli.Run("graph", id).ExitCode.Should().Be(2, "it has gone");
    }

    [Fact]
    public void Even_when_it_is_killed_nothing_is_left()
    {
        using Cli up = Cli.Start("up", file, "--json");
        up.ReadUntil("\"id\"");
        IReadOnlyList<int> all = Processes.Descendants(up.Id);
        all.Count.Should().BeGreaterThanOrEqualTo(3);
        up.Signal(9);
        Processes.AwaitEnd(all);
    }

    [Fact]
    public void What_a_bug_would_leave_is_cleaned_with_proof()
    {
        // A process 1 that looks like a fork server's, and whose parent is none.
        using NamespaceProcess left = new NamespaceCommand("sh").WithArguments("-c", "cat; true", "x", "fork-server", "y").WithMappedRoot().WithNew(NamespaceTypes.Pid).WithFork().Start();
        using NamespaceProcess other = new NamespaceCommand("sh").WithArguments("-c", "cat; true", "x", "y").WithMappedRoot().WithNew(NamespaceTypes.Pid).WithFork().Start();
        Cli.Outcome dry = Cli.Run("clean", "--dry-run");
        dry.ExitCode.Should().Be(1);
        dry.Output.Should().Contain($"left: process {left.Id} (sh) is process 1 of pid:[").And.Contain("the fork server that made it has gone").And.NotContain($"process {other.Id} ");
        left.Process.HasExited.Should().BeFalse();
        Cli.Run("clean").Should().Match<Cli.Outcome>(o => o.ExitCode == 0 && o.Output.Contains($"ended: process {left.Id} "));
        left.Process.WaitForExit(60_000).Should().BeTrue();
        other.Process.HasExited.Should().BeFalse();
    }

    private static string Succeed(params string[] arguments)
    {
        Cli.Outcome outcome = Cli.Run(arguments);
        outcome.ExitCode.Should().Be(0, outcome.Error);
        return outcome.Output;
    }
}
