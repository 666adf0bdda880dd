using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NsFixture.Teardown.Tests;

/// <summary>A run of <c>dotnet test</c> on the victim assembly, to be watched and killed.</summary>
internal sealed partial class VictimRun : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("teardown-test-");
    private readonly Process process;
    private readonly Task<string> output;

    public VictimRun(string testClass, string launcher = "fork", params (string Name, string Value)[] environment)
    {
        string assembly = Path.Combine(Build, "Victim.dll");
        // Signals go through the assembly's own directory, which every sandbox writes through.
        Signals = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(assembly)!, "signals-" + Guid.NewGuid().ToString("N")));
        var start = new ProcessStartInfo("dotnet", ["test", assembly, "--filter", "FullyQualifiedName~" + testClass, "--results-directory", directory.FullName])
        {
            RedirectStandardOutput = true,
            Environment =
            {
                [Residue.MarkName] = Residue.MarkValue, ["VICTIM_SIGNALS"] = Signals.FullName, ["NSFIXTURE_LAUNCHER"] = launcher,
                ["NSFIXTURE_REQUIRE"] = "1", ["TMPDIR"] = directory.FullName,
            },
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        process = Process.Start(start)!;
        output = process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>Where the victim assembly lies.</summary>
    public static string Build
    {
        get
        {
            // …/tests/NsFixture.Teardown.Tests/bin/CONFIGURATION/FRAMEWORK/, beside …/tests/testdata/Victim/bin/CONFIGURATION/FRAMEWORK/.
            string here = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory), framework = Path.GetFileName(here), configuration = Path.GetFileName(Path.GetDirectoryName(here)!);
            return Path.GetFullPath(Path.Combine(here, "../../../../testdata/Victim/bin", configuration, framework));
        }
    }

    public Residue Residue { get; } = new();

    private DirectoryInfo Signals { get; }

    /// <summary>The test host's process.</summary>
    public int TestHost => Residue.Processes("testhost").Single(pid => !Residue.Processes("vstest.console").Contains(pid));

    /// <summary>Waits until all four busy tests are in the middle of it.</summary>
    public void WaitUntilBusy() => WaitFor("busy-*", 4);

    /// <summary>Waits until so many stepwise tests have started.</summary>
    public void WaitForStep(int number) => WaitFor("step-*", number);

    /// <summary>How many stepwise tests have started.</summary>
    public int Steps => Signals.GetFiles("step-*").Length;

    /// <summary>Lets a stepwise test end.</summary>
    public void EndStep(int number) => File.WriteAllText(Path.Combine(Signals.FullName, $"go-{number}"), "");

    private void WaitFor(string signal, int count)
    {
        DateTime deadline = DateTime.UtcNow + Patience;
        while (Signals.GetFiles(signal).Length < count)
        {
            if (DateTime.UtcNow > deadline || process.HasExited)
                throw new TimeoutException($"There are not {count} tests that have said {signal}: {(output.IsCompleted ? output.Result : "")}");
            Thread.Sleep(20);
        }
    }

    /// <summary>Waits for the end of the run, and returns its output.</summary>
    public string WaitForEnd() => output.Wait(Patience) && process.WaitForExit(Patience) ? output.Result : throw new TimeoutException("The run did not end.");

    public static void Kill(int pid, int signal = 9)
    {
        if (KillProcess(pid, signal) != 0)
            throw new InvalidOperationException($"kill {pid}: errno {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Kills a process that may have ended.</summary>
    public static void TryKill(int pid) => _ = KillProcess(pid, 9);

    public void Dispose()
    {
        foreach (int pid in Residue.Processes())
            TryKill(pid);
        process.Dispose();
        directory.Delete(recursive: true);
        Signals.Delete(recursive: true);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int KillProcess(int pid, int signal);
}
