using System.Diagnostics;
using System.Text.RegularExpressions;
using NsFixture.Tests.Recording;

namespace NsFixture.EndToEnd.Tests;

/// <summary>Without dotnet test and VSTest: a test project of these frameworks is a program on Microsoft.Testing.Platform.</summary>
public partial class PlatformTests
{
    [Theory]
    [InlineData("V3.", "--filter-trait", "Category=Fast")]
    [InlineData("NUnit.", "--filter", "TestCategory=Fast")]
    [InlineData("MSTest.", "--filter", "TestCategory=Fast")]
    public void The_test_program_itself_runs_the_same_tests(string framework, params string[] filter)
    {
        foreach (var (arguments, exitCode) in ((string[], int)[])[(["--list-tests"], 0), (["--output", "Detailed"], 2), ([.. filter, "--output", "Detailed"], 2)])
        {
            Command plain = Run("Plain"), isolated = Run("Isolated");
            Assert.Equal(Lines(plain), Lines(isolated));
            Assert.Contains(Lines(isolated), l => l.Contains("Passes", StringComparison.Ordinal));
            Assert.True((exitCode, exitCode) == (plain.ExitCode, isolated.ExitCode), plain.Output + isolated.Output);

            Command Run(string build) => Command.Run(
                ["dotnet", "exec", CommandLineRuns.Assembly(framework + build), "--no-ansi", "--no-progress", "--no-banner", .. arguments], environment: ("NSFIXTURE_REQUIRE", "1"));
        }
    }

    [Theory]
    [InlineData("", 16)]
    [InlineData("--filter-method *s --filter-class CommandLine.OutcomeTests", 4)]
    public void It_leaves_the_same_report_in_a_file(string filter, int tests)
    {
        List<TestOutcome> plain = Report("Plain"), isolated = Report("Isolated");
        Assert.Equal(plain, isolated);
        Assert.Equal(tests, isolated.Count);

        List<TestOutcome> Report(string build)
        {
            using var directory = new TemporaryDirectory();
            Command command = Command.Run(
                ["dotnet", "exec", CommandLineRuns.Assembly("V3." + build), "--report-xunit-trx", "--report-xunit-trx-filename", "results.trx", "--results-directory", directory.Path,
                 .. filter.Split(' ', StringSplitOptions.RemoveEmptyEntries)],
                environment: ("NSFIXTURE_REQUIRE", "1"));
            string trx = Path.Combine(directory.Path, "results.trx");
            Assert.True(File.Exists(trx), command.Output);
            return [.. TestRun.Read(trx).SelectMany(o => o).Select(o => o with { Duration = default })];
        }
    }

    [Theory, MemberData(nameof(Frameworks.OnThePlatform), MemberType = typeof(Frameworks))]
    public void Dotnet_test_runs_the_same_tests_where_the_platform_is_its_runner(string framework)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(Path.Combine(directory.Path, "global.json"), """{ "test": { "runner": "Microsoft.Testing.Platform" } }""");
        Command plain = Run("Plain"), isolated = Run("Isolated");
        Assert.Equal(Lines(plain), Lines(isolated));
        Assert.Contains(Lines(isolated), l => l.Contains("Passes", StringComparison.Ordinal));
        Assert.Equal((2, 2), (plain.ExitCode, isolated.ExitCode));

        Command Run(string build) => Command.Run(
            ["dotnet", "test", "--test-modules", "CommandLine.dll", "--root-directory", Path.GetDirectoryName(CommandLineRuns.Assembly(framework + build))!, "--no-ansi", "--no-progress", "--output", "Detailed"],
            directory.Path, ("NSFIXTURE_REQUIRE", "1"));
    }

    [Theory]
    [InlineData("V3.", "--filter-class", "CommandLine.OtherTests")]
    [InlineData("NUnit.", "--filter", "FullyQualifiedName~OtherTests")]
    [InlineData("MSTest.", "--filter", "FullyQualifiedName~OtherTests")]
    public async Task Ctrl_C_ends_the_test_that_is_running_and_all_that_it_has_started(string framework, params string[] filter)
    {
        string assembly = CommandLineRuns.Assembly(framework + "Isolated");
        // In the directory of the test assembly, which is written through.
        string waits = Path.Combine(Path.GetDirectoryName(assembly)!, $"waits-{Guid.NewGuid():N}");
        var start = new ProcessStartInfo("dotnet", ["exec", assembly, "--no-ansi", "--no-progress", .. filter])
        {
            RedirectStandardOutput = true,
            Environment = { ["COMMANDLINE_WAITS"] = waits, ["NSFIXTURE_REQUIRE"] = "1", ["NSFIXTURE_DEADLINE"] = "600000" },
        };
        using Process run = Process.Start(start)!;
        Task<string> output = run.StandardOutput.ReadToEndAsync();
        try
        {
            for (long end = Environment.TickCount64 + 60_000; !File.Exists(waits) && !run.HasExited && Environment.TickCount64 < end;)
                await Task.Delay(20);
            Assert.True(File.Exists(waits), "the test did not start");
            Assert.Equal(0, Command.Run(["kill", "-INT", $"{run.Id}"]).ExitCode);
            Assert.False(string.IsNullOrWhiteSpace(await output.WaitAsync(TimeSpan.FromSeconds(60))));
            await run.WaitForExitAsync();
            Assert.Equal(framework == "NUnit.", run.ExitCode == 0); // which NUnit has for its plain tests too
            Assert.Empty(Processes.LeftOf(waits, TimeSpan.FromSeconds(10)));
        }
        finally
        {
            run.Kill();
            File.Delete(waits);
        }
    }

    // Tests end as they do, and none takes as long as another; the results stand in an order of their own.
    private static List<string> Lines(Command command) =>
        [.. StackFrames.WithoutForeign(Varying().Replace(command.Output, "")).Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0).Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"\(\d[\w. ]*s\)|duration: .*|/\S*/bin/\S*|CommandLine\.(V3|NUnit|MSTest)\.(Plain|Isolated)")]
    private static partial Regex Varying();
}
