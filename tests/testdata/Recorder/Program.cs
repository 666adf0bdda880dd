using System.Reflection;
using Recorder;
using Xunit.Abstractions;
using Xunit.Sdk;

// Discovers and runs the tests of an assembly as xUnit.net's runners do, and records every message.
var options = new Options(args);
using var recording = new Recording(options.Recording);
Assembly assembly = Assembly.Load(AssemblyName.GetAssemblyName(options.Assembly));
// Where xUnit.net's own runners enter: their front controller makes this proxy by its name.
var framework = new TestFrameworkProxy(Reflector.Wrap(assembly), new NoSourceInformation(), recording);

var discovery = new FrameworkOptions
{
    ["xunit.discovery.PreEnumerateTheories"] = !options.LateTheories,
    ["xunit.discovery.DiagnosticMessages"] = true,
};
using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
discoverer.Find(includeSourceInformation: false, recording, discovery);
var chosen = recording.Discovered.Where(c => options.Chooses($"{c.TestMethod.TestClass.Class.Name}.{c.TestMethod.Method.Name}")).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine("no test was chosen");
    return 2;
}

using ITestFrameworkExecutor executor = framework.GetExecutor(assembly.GetName());
if (options.Serialize)
    chosen = chosen.ConvertAll(c => executor.Deserialize(discoverer.Serialize(c)));
var execution = new FrameworkOptions
{
    ["xunit.execution.DisableParallelization"] = options.Sequential,
    ["xunit.execution.StopOnFail"] = options.StopOnFail,
    ["xunit.execution.MaxParallelThreads"] = options.Threads,
    ["xunit.execution.DiagnosticMessages"] = true,
};
executor.RunTests(chosen, recording, execution);
recording.WaitForRun();
return 0;
