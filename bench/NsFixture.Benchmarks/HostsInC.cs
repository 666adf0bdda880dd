using System.Diagnostics;
using System.Globalization;

namespace NsFixture.Benchmarks;

/// <summary>hosts.c, compiled by the machine's C compiler where it has one.</summary>
internal sealed class HostsInC : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nsfixture-hosts-").FullName;

    private HostsInC()
    {
    }

    private string Program => Path.Combine(directory, "hosts");

    /// <summary>Null, and a line that says so: there is nothing to compare with.</summary>
    public static HostsInC? Compile()
    {
        var compiled = new HostsInC();
        try
        {
            Start("cc", "-O2", "-o", compiled.Program, Path.Combine(AppContext.BaseDirectory, "hosts.c"));
            return compiled;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            Console.Error.WriteLine($"There is no baseline in C: {e.Message}");
            compiled.Dispose();
            return null;
        }
    }

    /// <summary>Makes that many hosts once: milliseconds until they are up, and until they are gone.</summary>
    public (double Up, double Down) Run(int hosts)
    {
        string[] told = Start(Program, hosts.ToString(CultureInfo.InvariantCulture), "1").Split(' ');
        return (double.Parse(told[0], CultureInfo.InvariantCulture), double.Parse(told[1], CultureInfo.InvariantCulture));
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static string Start(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = process.StandardOutput.ReadToEnd(), errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {errors}");
    }
}
