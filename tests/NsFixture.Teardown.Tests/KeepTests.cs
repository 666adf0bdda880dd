using System.Diagnostics;
using System.Text.RegularExpressions;
using FluentAssertions;

namespace NsFixture.Teardown.Tests;

/// <summary>The sandbox of a test that has failed stays where that is asked for, can be entered, and is gone when it was told to.</summary>
public partial class KeepTests
{
    [Fact]
    public void A_failed_tests_sandbox_is_entered_by_the_line_that_the_test_has_printed()
    {
        using var run = new VictimRun("Kept", "fork", ("NSFIXTURE_KEEP_FOR", "5"));
        string output = run.WaitForEnd();
        output.Should().Contain("Failed:     1, Passed:     1");
        string id = Line().Matches(output).Select(m => m.Groups[1].Value).Distinct().Should().ContainSingle().Which;
        output.Should().MatchRegex($@"stays until \d\d:\d\d, or until 'nsfixture clean {id}'. To enter it:\s+nsfixture enter {id} \[web\|db\]");
        run.Residue.Processes("vstest").Should().BeEmpty("the run itself has ended");

        Tool(0, "ls").Should().MatchRegex($@"(?m)^{id} .*web db.*\(kept\)");
        Tool(0, "exec", id, "db", "--", "sh", "-c", "hostname; cat /tmp/evidence; cat /sys/class/net/eth0/address").Should().MatchRegex("^db\nit was the gardener\n02:");
        Tool(0, "exec", id, "web", "--", "sh", "-c", "hostname; cat /proc/[0-9]*/cmdline").Should().StartWith("web\n").And.Contain("sleep\01008");
        Tool(2, "exec", id, "nobody", "--", "true").Should().Contain($"sandbox {id} has no host \"nobody\": choose one of web, db.");
        Tool(0, "clean").Should().NotContain($"process {id} ");
        Tool(2, "clean", "1").Should().Contain("sandbox 1 is none that was kept");
        Tool(0, "clean", id).Should().MatchRegex($@"^ended: process {id} \(nsfixture-kept\) is process 1 of pid:\[\d+\], its command line is a fork server's, and it was kept");
        run.Residue.WaitUntilGone().Should().BeEmpty();
    }

    [GeneratedRegex(@"nsfixture enter (\d+)")]
    private static partial Regex Line();

    private static string Tool(int code, params string[] arguments)
    {
        string configuration = VictimRun.Build.Split('/')[^2], framework = VictimRun.Build.Split('/')[^1];
        string tool = Path.GetFullPath(Path.Combine(VictimRun.Build, "../../../../../../src/NsFixture.Cli/bin", configuration, framework, "NsFixture.Cli.dll"));
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [tool, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + error.Result;
        process.WaitForExit();
        process.ExitCode.Should().Be(code, output);
        return output;
    }
}
