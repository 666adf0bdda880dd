using System.Diagnostics;
using Recorder;

namespace NsFixture.Tests.Recording;

/// <summary>A run of the conformance tests in a test host of its own, and everything the framework said of it.</summary>
public sealed class RecordedRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private RecordedRun(RunSettings settings) => Settings = settings;

    public RunSettings Settings { get; }

    public required IReadOnlyList<RecordedMessage> Messages { get; init; }

    public required int ExitCode { get; init; }

    public required IReadOnlyList<string> StandardOutput { get; init; }

    public required string StandardError { get; init; }

    /// <summary>The processes of the run that were left two seconds after its end.</summary>
    public required IReadOnlyList<string> Survivors { get; init; }

    public RecordedMessage Assembly => Messages.Single(m => m.Kind == "TestAssemblyFinished");

    /// <summary>The messages about one test class, in their order.</summary>
    public IEnumerable<RecordedMessage> OfClass(string name) => Messages.Where(m => m.Class == name);

    /// <summary>The messages about the one test whose method has this name, in their order.</summary>
    public IReadOnlyList<RecordedMessage> OfTest(string method) => [.. Messages.Where(m => m.Method == method && m.Test != null)];

    /// <summary>The outcome of the one test whose method has this name: TestPassed, TestFailed or TestSkipped.</summary>
    public RecordedMessage OutcomeOf(string method) => Assert.Single(OfTest(method), m => m.Kind is "TestPassed" or "TestFailed" or "TestSkipped");

    /// <summary>The path of a build's test assembly.</summary>
    public static string PathOf(string build)
    {
        // From tests/<project>/bin/<configuration>/<framework>/ to the same below tests/testdata/.
        var own = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string tests = own.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(tests, "testdata", $"Conformance.{build}", "bin", own.Parent.Name, own.Name, "Conformance.dll");
    }

    /// <exception cref="InvalidOperationException">The run did not come to its end.</exception>
    public static RecordedRun Record(RunSettings settings)
    {
        string build = Path.GetDirectoryName(PathOf(settings.Build))!;
        string scratch = Directory.CreateTempSubdirectory("nsfixture-conformance-").FullName;
        string marker = $"conformance-{Guid.NewGuid():N}";
        try
        {
            string recording = Path.Combine(scratch, "recording"), output = Path.Combine(scratch, "output"), error = Path.Combine(scratch, "error");
            var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : "dotnet",
            [
                "exec", "--depsfile", $"{build}/Conformance.deps.json", "--runtimeconfig", $"{build}/Conformance.runtimeconfig.json", $"{build}/Recorder.dll",
                $"{build}/Conformance.dll", recording, .. settings.Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            ])
            {
                WorkingDirectory = Path.GetTempPath(),
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            };
            foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("NSFIXTURE_", StringComparison.Ordinal)).ToList())
                start.Environment.Remove(name);
            start.Environment["CONFORMANCE_RUN"] = marker;
            start.Environment["NSFIXTURE_REQUIRE"] = "1"; // a machine without namespaces is no reason to compare skips
            if (settings.Launcher != null)
                start.Environment["NSFIXTURE_LAUNCHER"] = settings.Launcher;
            if (settings.UserMapping != null)
                start.Environment["NSFIXTURE_USER_MAPPING"] = settings.UserMapping;
            foreach (string[] pair in settings.Environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(e => e.Split('=', 2)))
                start.Environment[pair[0]] = pair[1];

            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            Task outputCopy = CopyAsync(process.StandardOutput, output), errorCopy = CopyAsync(process.StandardError, error);
            bool ended = process.WaitForExit(Limit);
            if (!ended)
                process.Kill(entireProcessTree: true);
            Task.WaitAll([outputCopy, errorCopy], TimeSpan.FromSeconds(10));
            RecordedMessage[] messages = File.Exists(recording) ? [.. File.ReadLines(recording).Select(RecordedMessage.FromJson)] : [];
            if (!ended || process.ExitCode != 0)
            {
                throw new InvalidOperationException(
                    $"The run \"{settings}\" {(ended ? $"ended with exit code {process.ExitCode}" : $"was not over after {Limit.TotalMinutes} minutes")}; " +
                    $"unfinished: {string.Join(", ", Unfinished(messages))}. Its standard error:{Environment.NewLine}{Tail(error)}");
            }
            return new RecordedRun(settings)
            {
                Messages = messages,
                ExitCode = process.ExitCode,
                StandardOutput = [.. File.ReadLines(output).Where(l => l.Length < 1000)],
                StandardError = File.ReadAllText(error),
                Survivors = Processes.LeftOf(marker, TimeSpan.FromSeconds(2)),
            };
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static async Task CopyAsync(StreamReader from, string path)
    {
        await using FileStream file = File.Create(path);
        await from.BaseStream.CopyToAsync(file);
    }

    private static IEnumerable<string> Unfinished(RecordedMessage[] messages) =>
        messages.Where(m => m.Kind == "TestCaseStarting").Select(m => m.Case!)
            .Except(messages.Where(m => m.Kind == "TestCaseFinished").Select(m => m.Case!));

    private static string Tail(string path) => File.ReadAllText(path) is { Length: > 4000 } text ? text[^4000..] : File.ReadAllText(path);
}
