using System.Diagnostics;

namespace NsFixture.Teardown.Tests;

/// <summary>
/// A test host that runs a victim's tests with nothing around it: no runner whose start would take seconds. It knows the parts of a run by their parents: the host's child is
/// the fork server, that one's the zygote, the zygote's are inits, and theirs the tests.
/// </summary>
internal sealed class HostRun : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("teardown-test-");
    private readonly Process process;

    public HostRun(string testClass, params (string Name, string Value)[] environment)
    {
        Residue = new Residue { Temporary = directory };
        string build = VictimRun.Build, victim = Path.Combine(build, "Victim");
        Signals = Directory.CreateDirectory(Path.Combine(build, "signals-" + Guid.NewGuid().ToString("N")));
        var start = new ProcessStartInfo("dotnet",
        [
            "exec", "--depsfile", victim + ".deps.json", "--runtimeconfig", victim + ".runtimeconfig.json", Path.Combine(build, "Recorder.dll"),
            victim + ".dll", Path.Combine(directory.FullName, "recording"), "--only", "Victim." + testClass,
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [Residue.MarkName] = Residue.MarkValue, ["VICTIM_SIGNALS"] = Signals.FullName, ["NSFIXTURE_LAUNCHER"] = "fork", ["NSFIXTURE_REQUIRE"] = "1", ["TMPDIR"] = directory.FullName },
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        process = Process.Start(start)!;
        Output = process.StandardOutput.ReadToEndAsync();
        Errors = process.StandardError.ReadToEndAsync();
    }

    public Residue Residue { get; }

    public int Host => process.Id;

    public DirectoryInfo Signals { get; }

    public Task<string> Output { get; }

    public Task<string> Errors { get; }

    public bool HasEnded => process.HasExited;

    public List<int> Servers => Residue.ChildrenOf([Host]);

    public List<int> Inits => Residue.ChildrenOf(Residue.ChildrenOf(Servers));

    public List<int> Tests => Residue.ChildrenOf(Inits);

    /// <summary>Waits until a test's process is there.</summary>
    public void WaitForTests() => WaitFor("test", () => Tests);

    /// <summary>Waits until a fork server's process is there, which is a second before it is ready.</summary>
    public void WaitForServer() => WaitFor("fork server", () => Servers);

    private void WaitFor(string what, Func<List<int>> processes)
    {
        for (DateTime deadline = DateTime.UtcNow + Patience; processes().Count == 0; Thread.Sleep(5))
            if (DateTime.UtcNow > deadline || HasEnded)
                throw new TimeoutException($"No {what} was started: {(HasEnded ? $"the run has ended with {process.ExitCode}. " + Output.Result + Errors.Result : Residue.Describe())}");
    }

    /// <summary>Waits for the end of the run.</summary>
    public void WaitForEnd(TimeSpan limit)
    {
        if (!process.WaitForExit(limit))
            throw new TimeoutException("The run did not end.");
    }

    public void Dispose()
    {
        foreach (int pid in Residue.Processes())
            VictimRun.TryKill(pid);
        process.WaitForExit();
        process.Dispose();
        directory.Delete(recursive: true);
        Signals.Delete(recursive: true);
    }
}
