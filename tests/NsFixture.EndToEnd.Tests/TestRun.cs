using System.Globalization;
using System.Xml.Linq;

namespace NsFixture.EndToEnd.Tests;

/// <summary>What a TRX file says of one test.</summary>
internal sealed record TestOutcome(string Name, string Outcome, TimeSpan Duration, string Output, string Message, string StackTrace);

/// <summary>One <c>dotnet test</c> or <c>dotnet vstest</c> with all that it left.</summary>
internal sealed record TestRun(int ExitCode, string Output, ILookup<string, TestOutcome> ByAssembly)
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>Of all assemblies that were run.</summary>
    public IReadOnlyList<TestOutcome> Outcomes { get; } = [.. ByAssembly.SelectMany(o => o)];

    public TestOutcome this[string name] => Outcomes.Single(o => o.Name.EndsWith("." + name, StringComparison.Ordinal));

    /// <summary><c>dotnet test</c> of a built assembly, with a TRX logger; <paramref name="wrap"/> is put before it.</summary>
    public static TestRun Of(string assembly, IEnumerable<string> arguments, string[]? wrap = null, params (string, string)[] environment) =>
        Together("test", [assembly], arguments, wrap, null, environment);

    /// <summary><c>dotnet test</c> or <c>dotnet vstest</c> of built assemblies, in one run: each more costs only its own test host.</summary>
    public static TestRun Together(string command, IEnumerable<string> assemblies, IEnumerable<string> arguments, string[]? wrap = null, string? results = null, params (string, string)[] environment)
    {
        using var directory = new TemporaryDirectory();
        results ??= directory.Path;
        Command run = Command.Run([.. wrap ?? [], "dotnet", command, .. assemblies, "--logger:trx;LogFileName=results.trx",
            .. command == "test" ? (string[])["--results-directory", results] : ["--ResultsDirectory:" + results], .. arguments], environment: environment);
        string trx = Path.Combine(results, "results.trx");
        return new TestRun(run.ExitCode, run.Output, File.Exists(trx) ? Read(trx) : Enumerable.Empty<TestOutcome>().ToLookup(_ => ""));
    }

    /// <summary>What a TRX file says, by the assembly's path, in the order of names.</summary>
    public static ILookup<string, TestOutcome> Read(string trx)
    {
        XElement root = XDocument.Load(trx).Root!;
        var assemblies = root.Descendants(Trx + "UnitTest").ToDictionary(t => (string)t.Attribute("id")!, t => (string)t.Element(Trx + "TestMethod")!.Attribute("codeBase")!);
        return (from result in root.Descendants(Trx + "UnitTestResult")
                let name = (string)result.Attribute("testName")!
                orderby name
                select (Assembly: assemblies[(string)result.Attribute("testId")!], Test: new TestOutcome(name, (string)result.Attribute("outcome")!,
                    TimeSpan.TryParse((string?)result.Attribute("duration"), CultureInfo.InvariantCulture, out TimeSpan duration) ? duration : default,
                    (string?)result.Element(Trx + "Output")?.Element(Trx + "StdOut") ?? "",
                    (string?)result.Descendants(Trx + "Message").FirstOrDefault() ?? "",
                    (string?)result.Descendants(Trx + "StackTrace").FirstOrDefault() ?? ""))).ToLookup(r => r.Assembly, r => r.Test);
    }
}
