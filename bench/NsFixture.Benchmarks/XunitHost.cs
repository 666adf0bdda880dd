using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Benchmarks;

/// <summary>Runs single tests of this assembly as a runner would, through the registered test framework.</summary>
internal sealed class XunitHost
{
    private readonly ITestFrameworkExecutor executor;
    private readonly ILookup<string, IXunitTestCase> cases;

    public XunitHost()
    {
        Assembly assembly = typeof(XunitHost).Assembly;
        var framework = new TestFrameworkProxy(Reflector.Wrap(assembly), new NoSourceInformation(), new NullMessageSink());
        executor = framework.GetExecutor(assembly.GetName());
        var discovered = new Discovery();
        framework.GetDiscoverer(Reflector.Wrap(assembly)).Find(includeSourceInformation: false, discovered, new Options());
        discovered.Finished.Wait();
        cases = discovered.Cases.ToLookup(c => c.TestMethod.Method.Name);
    }

    /// <summary>
    /// Runs the rows of a theory, in one run of the framework, and returns the milliseconds from the end of each to the end
    /// of the next: all that a test costs, its sandbox's making and ending included where they are in its way.
    /// </summary>
    /// <param name="method">The theory.</param>
    /// <param name="count">How many are measured.</param>
    /// <param name="warmUp">How many are run before, at least one.</param>
    /// <exception cref="InvalidOperationException">One did not pass.</exception>
    public List<double> Run(string method, int count, int warmUp = 10) => [.. RunAll(method, count, warmUp).Select(t => Stopwatch.GetElapsedTime(t.Start, t.End).TotalMilliseconds)];

    /// <summary>
    /// The same, but to a moment in each test: it prints the time stamp of it, and nothing else.
    /// </summary>
    public List<double> RunToMoment(string method, int count, int warmUp) =>
        [.. RunAll(method, count, warmUp).Select(t => Stopwatch.GetElapsedTime(t.Start, long.Parse(t.Output, CultureInfo.InvariantCulture)).TotalMilliseconds)];

    private IEnumerable<(long Start, long End, string Output)> RunAll(string method, int count, int warmUp)
    {
        var execution = new Execution();
        executor.RunTests(cases[method].Take(warmUp + count), execution, new Options());
        execution.Finished.Wait();
        if (execution.Problem != null || execution.Ends.Count != warmUp + count)
            throw new InvalidOperationException($"The test {method} did not pass: {execution.Problem ?? $"it ran {execution.Ends.Count} times"}");
        return execution.Ends.Skip(warmUp - 1).Zip(execution.Ends.Skip(warmUp), (a, b) => (a.Time, b.Time, b.Output));
    }

    private sealed class Discovery : IMessageSink
    {
        public List<IXunitTestCase> Cases { get; } = [];

        public ManualResetEventSlim Finished { get; } = new();

        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is ITestCaseDiscoveryMessage { TestCase: IXunitTestCase found })
                Cases.Add(found);
            if (message is IDiscoveryCompleteMessage)
                Finished.Set();
            return true;
        }
    }

    private sealed class Execution : IMessageSink
    {
        private string output = "";

        public List<(long Time, string Output)> Ends { get; } = [];

        public string? Problem { get; private set; }

        public ManualResetEventSlim Finished { get; } = new();

        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is ITestPassed passed)
                output = passed.Output;
            if (message is ITestCaseFinished)
                Ends.Add((Stopwatch.GetTimestamp(), output));
            if (message is ITestSkipped skipped)
                Problem ??= skipped.Reason;
            if (message is IFailureInformation failure)
                Problem ??= string.Join(" ", failure.Messages);
            if (message is ITestAssemblyFinished)
                Finished.Set();
            return true;
        }
    }

    private sealed class NoSourceInformation : ISourceInformationProvider
    {
        public ISourceInformation GetSourceInformation(ITestCase testCase) => new SourceInformation();

        public void Dispose()
        {
        }
    }

    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> values = new() { ["xunit.execution.DisableParallelization"] = true };

        public TValue GetValue<TValue>(string name) => values.TryGetValue(name, out object? value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => values[name] = value;
    }
}
