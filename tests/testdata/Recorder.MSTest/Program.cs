using System.Reflection;
using Microsoft.Testing.Platform.Builder;
using Microsoft.Testing.Platform.Extensions;
using Microsoft.Testing.Platform.Extensions.Messages;
using Microsoft.Testing.Platform.Extensions.TestHost;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Recorder;

// Runs the tests of an assembly with MSTest on Microsoft.Testing.Platform, and records every message about a test.
//   Recorder ASSEMBLY RECORDING [--only PART]… [--except PART]… [--workers N]
// A part is of a test's full name: namespace, class, method.
List<string> only = [], filter = [];
string workers = "";
for (int i = 2; i < args.Length; i += 2)
{
    switch (args[i])
    {
        case "--only": only.Add($"FullyQualifiedName~{args[i + 1]}"); break;
        case "--except": filter.Add($"FullyQualifiedName!~{args[i + 1]}"); break;
        case "--workers": workers = $"<Parallelize><Workers>{args[i + 1]}</Workers><Scope>MethodLevel</Scope></Parallelize>"; break;
        default: throw new ArgumentException($"unknown option {args[i]}");
    }
}
if (only.Count > 0)
    filter.Add($"({string.Join('|', only)})");
string scratch = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), Environment.GetEnvironmentVariable("CONFORMANCE_RUN")!)).FullName;
try
{
    string settings = Path.Combine(scratch, "test.runsettings");
    File.WriteAllText(settings, $"""<RunSettings><MSTest>{workers}</MSTest><TestRunParameters><Parameter name="colour" value="blue" /></TestRunParameters></RunSettings>""");
    ITestApplicationBuilder builder = await TestApplication.CreateBuilderAsync(
    [
        "--settings", settings, "--results-directory", Path.Combine(scratch, "results"), "--no-banner", "--no-progress", "--output", "Detailed",
        .. filter.Count == 0 ? Array.Empty<string>() : ["--filter", string.Join('&', filter)],
    ]);
    Assembly assembly = Assembly.Load(AssemblyName.GetAssemblyName(args[0]));
    builder.AddMSTest(() => [assembly]);
    using var recording = new Recording(args[1]);
    builder.TestHost.AddDataConsumer(_ => recording);
    using ITestApplication application = await builder.BuildAsync();
    int exitCode = await application.RunAsync();
    return exitCode is 0 or 2 ? 0 : exitCode; // 2: tests have failed
}
finally
{
    Directory.Delete(scratch, recursive: true);
}

/// <summary>Writes down every message about a test, in the order in which they come.</summary>
internal sealed class Recording(string path) : IDataConsumer, IDisposable
{
    private readonly StreamWriter writer = new(path);

    public Type[] DataTypesConsumed => [typeof(TestNodeUpdateMessage)];

    public string Uid => nameof(Recording);

    public string Version => "1";

    public string DisplayName => Uid;

    public string Description => "Writes down every message about a test.";

    public Task<bool> IsEnabledAsync() => Task.FromResult(true);

    public Task ConsumeAsync(IDataProducer dataProducer, IData value, CancellationToken cancellationToken)
    {
        TestNode node = ((TestNodeUpdateMessage)value).TestNode;
        T? Of<T>() where T : class, IProperty => node.Properties.OfType<T>().FirstOrDefault();
        TestNodeStateProperty? state = Of<TestNodeStateProperty>();
        Exception? exception = state switch { FailedTestNodeStateProperty f => f.Exception, ErrorTestNodeStateProperty e => e.Exception, _ => null };
        TestMethodIdentifierProperty? method = Of<TestMethodIdentifierProperty>();
        RetryAttemptProperty? retry = Of<RetryAttemptProperty>();
        AssertionFailureProperty? assertion = Of<AssertionFailureProperty>();
        var message = new RecordedMessage(state is InProgressTestNodeStateProperty ? "TestStarted" : "TestFinished")
        {
            Class = method == null ? null : $"{method.Namespace}.{method.TypeName}",
            Method = method?.MethodName,
            Case = $"{method?.Namespace}.{method?.TypeName}.{node.DisplayName}",
            CaseId = node.Uid.Value,
            Test = node.DisplayName,
            State = $"{state?.GetType().Name.Replace("TestNodeStateProperty", "", StringComparison.Ordinal)}{(retry == null ? "" : $" {retry}")}",
            ExceptionMessages = [exception?.Message ?? state?.Explanation],
            Stacks = [exception?.StackTrace],
            Assertions = assertion == null ? null : [$"expected {assertion.Expected}, actual {assertion.Actual}"],
            Text = Of<StandardOutputProperty>()?.StandardOutput,
            ErrorText = Of<StandardErrorProperty>()?.StandardError,
            Traits = [.. node.Properties.OfType<TestMetadataProperty>().Select(p => $"{p.Key}={p.Value}")],
            Attachments = [.. node.Properties.OfType<FileArtifactProperty>().Select(f => $"{f.FileInfo.FullName} | {(f.FileInfo.Exists ? File.ReadAllText(f.FileInfo.FullName) : "is not there")}")],
            Time = (decimal?)Of<TimingProperty>()?.GlobalTiming.Duration.TotalSeconds,
        };
        writer.WriteLine(message.ToJson());
        writer.Flush();
        return Task.CompletedTask;
    }

    public void Dispose() => writer.Dispose();
}
