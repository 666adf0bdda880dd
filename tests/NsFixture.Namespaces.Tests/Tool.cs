using System.Diagnostics;

namespace NsFixture.Namespaces.Tests;

/// <summary>util-linux's and iproute2's programs, which the product is compared with and never runs itself.</summary>
internal static class Tool
{
    public sealed record Outcome(int ExitCode, string Output, string Error);

    /// <summary>Runs one to its end. One that is missing fails the test, and says what to install.</summary>
    public static Outcome Run(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output, error.Result);
    }

    /// <summary>Runs one that has to succeed, and returns what it prints.</summary>
    public static string Output(string program, params string[] arguments)
    {
        Outcome outcome = Run(program, arguments);
        Assert.True(outcome.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: exit code {outcome.ExitCode}, {outcome.Error}");
        return outcome.Output;
    }

    public static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Find(program), arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;

    public static string Find(string program) => ((string[])["/usr/bin", "/usr/sbin", "/bin", "/sbin"]).Select(d => $"{d}/{program}").FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"This test compares with \"{program}\", which is not on this machine: install Debian's packages util-linux, iproute2 and iputils-ping (eng/test.sh does, as root).");
}

/// <summary>A program of util-linux's that goes on in namespaces of its own until it is disposed of.</summary>
internal sealed class Sleeper : IDisposable
{
    private readonly Process process;

    /// <param name="unshare">Options of unshare(1).</param>
    public Sleeper(params string[] unshare)
    {
        process = Tool.Start("unshare", [.. unshare, "sh", "-c", "echo $$; exec cat"]);
        if (process.StandardOutput.ReadLine() == null)
            throw new InvalidOperationException("unshare: " + process.StandardError.ReadToEnd());
    }

    public int Id => process.Id;

    /// <summary>The child of unshare --fork.</summary>
    public int ChildId => int.Parse(File.ReadAllText($"/proc/{Id}/task/{Id}/children").Trim());

    public void Dispose()
    {
        process.StandardInput.Close(); // cat ends
        process.WaitForExit();
        process.Dispose();
    }
}
