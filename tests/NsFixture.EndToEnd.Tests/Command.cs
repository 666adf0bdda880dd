using System.Diagnostics;
using System.Text;

namespace NsFixture.EndToEnd.Tests;

/// <summary>A program that has run to its end.</summary>
internal sealed record Command(int ExitCode, string Output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Runs a program, with standard output and error in one text.</summary>
    public static Command Run(IEnumerable<string> argv, string? directory = null, params (string Name, string Value)[] environment)
    {
        string[] words = [.. argv];
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "/",
        };
        // What the run of these very tests has set is not for the runs that they make.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("NSFIXTURE_", StringComparison.Ordinal) || k.StartsWith("VSTEST_", StringComparison.Ordinal) || k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        var output = new StringBuilder();
        DataReceivedEventHandler append = (_, line) => { lock (output) output.AppendLine(line.Data); };
        process.OutputDataReceived += append;
        process.ErrorDataReceived += append;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{string.Join(' ', words)} took longer than {Limit}:\n{output}");
        }
        process.WaitForExit(); // for the last of the output
        return new Command(process.ExitCode, output.ToString());
    }
}
