using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NsFixture.Cli.Tests;

/// <summary>The real program, as a process.</summary>
internal sealed partial class Cli : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Task<string> error;

    public sealed record Outcome(int ExitCode, string Output, string Error);

    private Cli(string[] arguments)
    {
        process = Process.Start(new ProcessStartInfo(Dotnet, [Assembly, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The tool's assembly lies beside this one.</summary>
    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "NsFixture.Cli.dll");

    public static string Dotnet => Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet";

    public int Id => process.Id;

    public static Cli Start(params string[] arguments) => new(arguments);

    /// <summary>Runs it to its end, with nothing to read.</summary>
    public static Outcome Run(params string[] arguments)
    {
        using Cli cli = Start(arguments);
        return cli.End();
    }

    public void WriteLine(string line)
    {
        process.StandardInput.WriteLine(line);
        process.StandardInput.Flush();
    }

    /// <summary>Reads lines up to one that holds a text, which is returned.</summary>
    public string ReadUntil(string text)
    {
        while (process.StandardOutput.ReadLine() is { } line)
            if (line.Contains(text, StringComparison.Ordinal))
                return line;
        throw new InvalidOperationException($"It ended without \"{text}\": {error.Result}");
    }

    public void Interrupt() => Assert.Equal(0, Kill(process.Id, 2));

    public void Signal(int signal) => Assert.Equal(0, Kill(process.Id, signal));

    public Outcome End()
    {
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(Limit), "It does not end.");
        return new Outcome(process.ExitCode, output, error.Result);
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
