using System.Reflection;
using Recorder;
using Xunit.Abstractions;
using Xunit.Sdk;

// Discovers and runs the tests of an assembly as xUnit.net's runners do, and records every message.
//   Recorder ASSEMBLY RECORDING [--only PREFIX]… [--except PREFIX]… [--threads N] [--sequential] [--late-theories] [--serialize] [--stop-on-fail]
// A prefix is of a test's full name: namespace, class, method.
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
var chosen = recording.Discovered.Where(options.Chooses).ToList();
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

internal sealed class Options
{
    public Options(string[] args)
    {
        (Assembly, Recording) = (args[0], args[1]);
        for (int i = 2; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--only": only.Add(args[++i]); break;
                case "--except": except.Add(args[++i]); break;
                case "--threads": Threads = int.Parse(args[++i]); break;
                case "--sequential": Sequential = true; break;
                case "--late-theories": LateTheories = true; break;
                case "--serialize": Serialize = true; break;
                case "--stop-on-fail": StopOnFail = true; break;
                default: throw new ArgumentException($"unknown option {args[i]}");
            }
        }
    }

    private readonly List<string> only = [], except = [];

    public string Assembly { get; }

    public string Recording { get; }

    public int? Threads { get; }

    public bool Sequential { get; }

    public bool LateTheories { get; }

    public bool Serialize { get; }

    public bool StopOnFail { get; }

    public bool Chooses(ITestCase testCase)
    {
        string name = $"{testCase.TestMethod.TestClass.Class.Name}.{testCase.TestMethod.Method.Name}";
        return (only.Count == 0 || only.Exists(p => name.StartsWith(p, StringComparison.Ordinal))) &&
               !except.Exists(p => name.StartsWith(p, StringComparison.Ordinal));
    }
}
