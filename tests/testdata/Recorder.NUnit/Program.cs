using System.Reflection;
using NUnit.Framework;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using Recorder;

// Runs the tests of an assembly as NUnit's runners do, and records every event.
//   Recorder ASSEMBLY RECORDING [--only PREFIX]… [--except PREFIX]… [--workers N]
// A prefix is of a test's full name: namespace, class, method.
Dictionary<string, object> settings = new() { ["WorkDirectory"] = Path.GetDirectoryName(Path.GetFullPath(args[0]))!, ["TestParametersDictionary"] = new Dictionary<string, string> { ["colour"] = "blue" } };
List<string> only = [], except = [];
for (int i = 2; i < args.Length; i += 2)
{
    switch (args[i])
    {
        case "--only": only.Add(args[i + 1]); break;
        case "--except": except.Add(args[i + 1]); break;
        case "--workers": settings["NumberOfTestWorkers"] = int.Parse(args[i + 1]); break;
        default: throw new ArgumentException($"unknown option {args[i]}");
    }
}
using var recording = new Recording(args[1]);
var runner = new NUnitTestAssemblyRunner(new DefaultTestAssemblyBuilder());
ITest root = runner.Load(Assembly.Load(AssemblyName.GetAssemblyName(args[0])), settings);
var chosen = new Chosen(only, except);
if (runner.CountTestCases(chosen) == 0)
{
    Console.Error.WriteLine("no test was chosen");
    return 2;
}
runner.Run(recording, chosen);
if (Environment.GetEnvironmentVariable("CONFORMANCE_RUN") is { } run && Path.Combine(Path.GetTempPath(), run) is var temporary && Directory.Exists(temporary))
    Directory.Delete(temporary, recursive: true);
return 0;

internal sealed class Chosen(List<string> only, List<string> except) : ITestFilter
{
    public bool Pass(ITest test) => test.IsSuite ? test.Tests.Any(Pass) : Includes(test);

    // What is explicit runs where it is named, as with NUnit's own filters.
    public bool IsExplicitMatch(ITest test) => only.Exists(p => test.FullName.StartsWith(p, StringComparison.Ordinal));

    public TNode ToXml(bool recursive) => new("filter");

    public TNode AddToXml(TNode parentNode, bool recursive) => parentNode.AddElement("filter");

    private bool Includes(ITest test)
    {
        string name = $"{test.ClassName}.{test.MethodName}";
        return (only.Count == 0 || only.Exists(p => name.StartsWith(p, StringComparison.Ordinal))) && !except.Exists(p => name.StartsWith(p, StringComparison.Ordinal));
    }
}

/// <summary>Writes down every event, in the order in which they come.</summary>
internal sealed class Recording(string path) : ITestListener, IDisposable
{
    private readonly StreamWriter writer = new(path);
    private readonly Lock gate = new();

    public void TestStarted(ITest test) => Write(Of(test.IsSuite ? "SuiteStarted" : "TestStarted", test));

    public void TestFinished(ITestResult result) => Write(Of(result.Test.IsSuite ? "SuiteFinished" : "TestFinished", result.Test) with
    {
        State = $"{result.ResultState} at {result.ResultState.Site}",
        Text = result.Output,
        ExceptionMessages = [result.Message],
        Stacks = [result.StackTrace],
        Assertions = [.. result.AssertionResults.Select(a => $"{a.Site} {a.Status}: {a.Message}\n{a.StackTrace}")],
        Attachments = [.. result.TestAttachments.Select(a => $"{a.FilePath} | {(File.Exists(a.FilePath) ? File.ReadAllText(a.FilePath) : "is not there")} | {a.Description}")],
        Counts = [result.TotalCount, result.PassCount, result.FailCount, result.SkipCount, result.InconclusiveCount, result.WarningCount, result.AssertCount],
        Time = (decimal)result.Duration,
    });

    public void TestOutput(TestOutput output) => Write(new RecordedMessage("Output") { Case = output.TestName, CaseId = output.TestId, Class = ClassOf(output.TestName), Collection = output.Stream, Text = output.Text });

    public void SendMessage(TestMessage message) => Write(new RecordedMessage("Message") { CaseId = message.TestId, Collection = message.Destination, Text = message.Message });

    public void Dispose() => writer.Dispose();

    private static RecordedMessage Of(string kind, ITest test) => new(kind)
    {
        Case = test.FullName,
        CaseId = test.Id,
        Test = test.Name,
        Class = test.ClassName,
        Method = test.MethodName,
        Collection = test.TestType,
        Traits = [.. from key in test.Properties.Keys where key[0] != '_' from object value in test.Properties[key] orderby key select $"{key}={value}"],
    };

    private static string? ClassOf(string? name) => name?.Split('(')[0] is { } plain && plain.LastIndexOf('.') is > 0 and var dot ? plain[..dot] : null;

    private void Write(RecordedMessage message)
    {
        lock (gate)
        {
            writer.WriteLine(message.ToJson());
            writer.Flush();
        }
    }
}
