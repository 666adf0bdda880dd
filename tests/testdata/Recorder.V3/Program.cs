using System.Reflection;
using Recorder;
using Xunit;
using Xunit.Internal;
using Xunit.Runner.Common;
using Xunit.Sdk;
using Xunit.v3;

// Discovers and runs the tests of an assembly as xUnit.net's in-process runner does, and records every message.
var options = new Options(args);
using var recording = new Recording(options.Recording);
Assembly assembly = Assembly.Load(AssemblyName.GetAssemblyName(options.Assembly));
using var asserts = new TraceAssertOverrideListener();
SerializationHelper.Instance.AddRegisteredSerializers(assembly);
TestContext.SetForInitialization(recording, diagnosticMessages: true, internalDiagnosticMessages: false);
ITestPipelineStartup? startup = assembly.GetCustomAttributes().OfType<ITestPipelineStartupAttribute>().SingleOrDefault() is { } attribute
    ? (ITestPipelineStartup)Activator.CreateInstance(attribute.TestPipelineStartupType)!
    : null;
if (startup != null)
    await startup.StartAsync(recording);
ITestFramework framework = ExtensibilityPointFactory.GetTestFramework(assembly);
var controller = new InProcessFrontController(framework, assembly, configFilePath: null);
using var cancellation = new CancellationTokenSource();

ITestFrameworkDiscoveryOptions discovery = TestFrameworkOptions.ForDiscovery(new TestAssemblyConfiguration { PreEnumerateTheories = !options.LateTheories, DiagnosticMessages = true });
var found = new List<ITestCase>();
await controller.Find(recording, discovery, _ => true, cancellation, discoveryCallback: (testCase, _) =>
{
    recording.Discovered(testCase);
    found.Add(testCase);
    return new(true);
});
var chosen = found.Where(c => options.Chooses($"{c.TestClassName}.{c.TestMethodName}")).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine("no test was chosen");
    return 2;
}

if (options.Serialize)
    chosen = chosen.ConvertAll(c => SerializationHelper.Instance.Deserialize<ITestCase>(SerializationHelper.Instance.Serialize(c))!);
ITestFrameworkExecutionOptions execution = TestFrameworkOptions.ForExecution(new TestAssemblyConfiguration
{
    ParallelizeTestCollections = !options.Sequential,
    StopOnFail = options.StopOnFail,
    MaxParallelThreads = options.Threads,
    DiagnosticMessages = true,
    ExplicitOption = options.Explicit ? ExplicitOption.On : ExplicitOption.Off,
    Seed = 926,
});
await controller.Run(recording, execution, chosen, cancellation);
if (startup != null)
    await startup.StopAsync();
return 0;
