using System.Diagnostics;
using System.Text.RegularExpressions;

namespace NsFixture.EndToEnd.Tests;

/// <summary>NSFIXTURE_WAIT_FOR_DEBUGGER=1.</summary>
public partial class DebuggerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_test_waits_where_a_debugger_can_find_it()
    {
        var start = new ProcessStartInfo(Path.Combine(Paths.Testdata("CommandLine.V3.Isolated"), "CommandLine"), ["--filter-class", "CommandLine.OtherTests"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { ["NSFIXTURE_WAIT_FOR_DEBUGGER"] = "1", ["NSFIXTURE_REQUIRE"] = "1", ["NSFIXTURE_DEADLINE"] = "1" },
        };
        using Process run = Process.Start(start)!;
        Task<string> output = run.StandardOutput.ReadToEndAsync();
        try
        {
            Match notice = await ReadNoticeAsync(run.StandardError).WaitAsync(Limit);
            Assert.Equal("A name of its own, with spaces", notice.Groups["test"].Value);
            int process = int.Parse(notice.Groups["process"].Value), inside = int.Parse(notice.Groups["inside"].Value);
            Assert.Contains("run-test", await File.ReadAllTextAsync($"/proc/{process}/cmdline"));
            // What a debugger looks for, and where: the runtime's end of its connection.
            Assert.NotEmpty(Directory.GetFiles($"/proc/{process}/root/tmp", $"clr-debug-pipe-{inside}-*-in"));
            Assert.False(run.HasExited);
            run.Kill();
            for (long end = Environment.TickCount64 + 10_000; Directory.Exists($"/proc/{process}") && Environment.TickCount64 < end;)
                await Task.Delay(20);
            Assert.False(Directory.Exists($"/proc/{process}"), "the waiting process was left behind");
        }
        finally
        {
            run.Kill();
            await output;
        }
    }

    private static async Task<Match> ReadNoticeAsync(StreamReader error)
    {
        while (await error.ReadLineAsync() is { } line)
            if (Notice().Match(line) is { Success: true } notice)
                return notice;
        throw new InvalidOperationException("The run ended without having said that it waits.");
    }

    [GeneratedRegex(@"^NsFixture: (?<test>.*) waits for a debugger in process (?<process>\d+)\..* nsenter --target \k<process> --user .* (?<inside>\d+)$")]
    private static partial Regex Notice();
}
