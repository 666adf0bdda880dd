using System.Xml.Linq;

namespace NsFixture.EndToEnd.Tests;

/// <summary>What a TRX file says of one test.</summary>
internal sealed record TestOutcome(string Name, string Outcome, string Output, string Message, string StackTrace);

/// <summary>One <c>dotnet test</c> or <c>dotnet vstest</c> with all that it left.</summary>
internal sealed record TestRun(int ExitCode, string Output, IReadOnlyList<TestOutcome> Outcomes)
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    public TestOutcome this[string name] => Outcomes.Single(o => o.Name.EndsWith("." + name, StringComparison.Ordinal));

    /// <summary><c>dotnet test</c> of a built assembly, with a TRX logger; <paramref name="wrap"/> is put before it.</summary>
    public static TestRun Of(string assembly, IEnumerable<string> arguments, string[]? wrap = null, string? results = null, params (string, string)[] environment)
    {
        using var directory = new TemporaryDirectory();
        results ??= directory.Path;
        Command command = Command.Run(
            [.. wrap ?? [], "dotnet", "test", assembly, "--logger", "trx;LogFileName=results.trx", "--results-directory", results, .. arguments],
            environment: environment);
        string trx = Path.Combine(results, "results.trx");
        return new TestRun(command.ExitCode, command.Output, File.Exists(trx) ? Read(trx) : []);
    }

    /// <summary>What a TRX file says, by names.</summary>
    public static List<TestOutcome> Read(string trx) =>
        [.. from result in XDocument.Load(trx).Descendants(Trx + "UnitTestResult")
            let name = (string)result.Attribute("testName")!
            orderby name
            select new TestOutcome(name, (string)result.Attribute("outcome")!,
                (string?)result.Element(Trx + "Output")?.Element(Trx + "StdOut") ?? "",
                (string?)result.Descendants(Trx + "Message").FirstOrDefault() ?? "",
                (string?)result.Descendants(Trx + "StackTrace").FirstOrDefault() ?? "")];
}
