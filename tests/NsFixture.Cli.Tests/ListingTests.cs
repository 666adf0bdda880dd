using System.Text.Json;
using FluentAssertions;

namespace NsFixture.Cli.Tests;

public class ListingTests
{
    [Fact]
    public void Namespaces_are_listed_as_a_table_and_as_JSON()
    {
        ulong own = ulong.Parse(new FileInfo("/proc/self/ns/uts").LinkTarget![5..^1]);
        JsonElement row = JsonDocument.Parse(Cli.Run("lsns", "--type", "uts", "--json").Output).RootElement.EnumerateArray().Single(r => r.GetProperty("ns").GetUInt64() == own);
        row.GetProperty("type").GetString().Should().Be("uts");
        row.GetProperty("nprocs").GetInt32().Should().BePositive();
        string[] lines = Cli.Run("lsns", "-t", "uts").Output.Split('\n');
        lines[0].Should().MatchRegex("^NS +TYPE +NPROCS +PID +USER +COMMAND$");
        lines.Should().Contain(l => l.StartsWith($"{own} "));
    }

    [Fact]
    public void The_doctor_says_by_its_exit_code_whether_sandboxes_can_be_made()
    {
        Cli.Outcome outcome = Cli.Run("doctor", "--json");
        JsonDocument.Parse(outcome.Output).RootElement.GetProperty("canIsolate").GetBoolean().Should().Be(outcome.ExitCode == 0);
        outcome.ExitCode.Should().Be(0, outcome.Output);
    }
}
