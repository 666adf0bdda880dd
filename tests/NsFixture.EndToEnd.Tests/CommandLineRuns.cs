using System.Xml.Linq;

namespace NsFixture.EndToEnd.Tests;

/// <summary>
/// The same tests in each framework, built plain and isolated. All tests of a build are run once, by <c>dotnet test</c>, and their lines
/// counted: for all tests that look at it.
/// </summary>
public sealed class CommandLineRuns : IDisposable
{
    /// <summary>Of each framework, its part of the build's name.</summary>
    internal static readonly string[] Frameworks = ["", "V3.", "NUnit.", "MSTest."];

    private readonly TemporaryDirectory directory = new();
    private readonly Dictionary<string, TestRun> runs = [];

    /// <summary>The run of a build, such as <c>V3.Plain</c>.</summary>
    internal TestRun this[string build] => runs.TryGetValue(build, out TestRun? run) ? run : runs[build] = Run(build);

    /// <summary>The assembly of a build.</summary>
    internal static string Assembly(string build) => Path.Combine(Paths.Testdata($"CommandLine.{build}"), "CommandLine.dll");

    /// <summary>What coverlet has written.</summary>
    internal XDocument Coverage(string build)
    {
        _ = this[build];
        // The TRX logger keeps a copy of every attachment, so there are two of the one report.
        return XDocument.Load(Directory.GetFiles(Results(build), "coverage.cobertura.xml", SearchOption.AllDirectories)[0]);
    }

    /// <inheritdoc/>
    public void Dispose() => directory.Dispose();

    private string Results(string build) => Path.Combine(directory.Path, "results", build);

    // One assembly at a time: coverlet counts in the first of several. In a copy: it rewrites assemblies in place. And with a temporary
    // directory whose files sandboxes show, as a build server may have it: hits are kept there.
    private TestRun Run(string build)
    {
        string copy = Path.Combine(directory.Path, build);
        TemporaryDirectory.Copy(Path.GetDirectoryName(Assembly(build))!, copy);
        return TestRun.Together("test", [Path.Combine(copy, "CommandLine.dll")],
            ["--collect", "XPlat Code Coverage", "--test-adapter-path", Paths.CoverletAdapter,
             "--", "DataCollectionRunSettings.DataCollectors.DataCollector.Configuration.IncludeTestAssembly=true"],
            results: Results(build), environment: [("NSFIXTURE_REQUIRE", "1"), ("TMPDIR", directory.Path)]);
    }
}

/// <summary>The tests that look at these runs, one after another.</summary>
[CollectionDefinition(Name)]
public class WithCommandLineRuns : ICollectionFixture<CommandLineRuns>
{
    internal const string Name = "command line runs";
}
