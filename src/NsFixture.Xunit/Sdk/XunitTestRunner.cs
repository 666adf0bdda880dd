using System.Reflection;
using NsFixture.Launching;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>The half of the adapter that lives in a test's process: runs the cases with xUnit.net's own executor.</summary>
internal sealed class XunitTestRunner : ITestRunner
{
    // The same before the fork and after it: xUnit.net keeps the objects it extends itself with by their type and this sink, and
    // makes those that take no sink by way of an exception, half a millisecond each.
    private static readonly DiagnosticForwarder Diagnostics = new();
    private static (Assembly? Assembly, bool Ours) known;

    public void WarmUp(Func<byte[], TestRequest> request, ITestReportSink sink)
    {
        Assembly own = typeof(WarmUpTests).Assembly;
        var nothing = new NothingSink();
        var collection = new TestCollection(new TestAssembly(Reflector.Wrap(own)), null, "warm-up");
        var testClass = new TestClass(collection, Reflector.Wrap(typeof(WarmUpTests)));
        IXunitTestCase[] cases = [.. WarmUpTests.Cases.Select(c =>
            new XunitTestCase(nothing, TestMethodDisplay.ClassAndMethod, TestMethodDisplayOptions.None,
                new TestMethod(testClass, Reflector.Wrap(typeof(WarmUpTests).GetMethod(c.Method)!)), c.Arguments))];
        TestRequest warmUp = request(TestCasePayload.Write(cases, new ExecutionOptions()));
        // What the warm-up does not pass through: the threads that stand in for the pump.
        Type waiting = typeof(AsyncTestSyncContext);
        Type?[] workers = [typeof(XunitTestRunner), typeof(Continuations), waiting, waiting.Assembly.GetType("Xunit.Sdk.XunitWorkerThread")];
        ForkServerProcess.CompileAhead([.. workers.OfType<Type>()]);
        WarmUpPump.Around(() => Run(warmUp with { AssemblyPath = own.Location }, sink));
        Assembly assembly = Assembly.LoadFrom(warmUp.AssemblyPath);
        _ = HasOurFramework(assembly);
        Traits.ReadAhead(assembly);
    }

    public void Run(TestRequest request, ITestReportSink sink)
    {
        var options = new ExecutionOptions();
        string[] cases = TestCasePayload.Read(request.Payload, options);
        Diagnostics.Target = sink;
        Run(Assembly.LoadFrom(request.AssemblyPath), cases, options, sink.Send);
    }

    private static void Run(Assembly assembly, string[] serialized, ITestFrameworkExecutionOptions options, Action<TestReport> send)
    {
        // Not disposed of: xUnit.net does that after a Task.Delay, and the timer thread it takes would be lost in a fork.
        ITestFramework framework = HasOurFramework(assembly)
            ? new IsolatedTestFramework(Diagnostics) { SourceInformationProvider = new NoSourceInformation() }
            : new TestFrameworkProxy(Reflector.Wrap(assembly), new NoSourceInformation(), Diagnostics);
        ITestFrameworkExecutor executor = framework.GetExecutor(assembly.GetName());
        ITestCase[] cases = [.. serialized.Select(executor.Deserialize)];
        var continuations = new Continuations();
        var forwarder = new MessageForwarder(cases, continuations, send);
        // Else xUnit.net reports from a thread of its own, some time later: what a test prints or attaches overtakes its start,
        // what a crashing test last said is lost, and the test before it blamed.
        options.SetValue<bool?>("xunit.execution.SynchronousMessageReporting", true);
        // It runs one collection: what xUnit.net takes to run several would be threads for nothing.
        options.SetValue<bool?>("xunit.execution.DisableParallelization", true);
        continuations.Around(() => executor.RunTests(cases, forwarder, options));
        WarmUpPump.Continue();
        continuations.RunToEnd();
    }

    /// <summary>
    /// Whether the assembly's test framework is <see cref="IsolatedTestFramework"/> itself and no other derived from it. The
    /// answer is known before the fork; xUnit.net's proxy would find it out anew for every test, by way of an exception.
    /// </summary>
    private static bool HasOurFramework(Assembly assembly)
    {
        if (known.Assembly != assembly)
            known = (assembly, assembly.CustomAttributes.Any(a => a.AttributeType == typeof(TestFrameworkAttribute)
                && (string?)a.ConstructorArguments[0].Value == typeof(IsolatedTestFramework).FullName
                && (string?)a.ConstructorArguments[1].Value == typeof(IsolatedTestFramework).Assembly.GetName().Name));
        return known.Ours;
    }

    private sealed class NoSourceInformation : ISourceInformationProvider
    {
        public ISourceInformation GetSourceInformation(ITestCase testCase) => new SourceInformation();

        public void Dispose()
        {
        }
    }

    private sealed class NothingSink : IMessageSink
    {
        public bool OnMessage(IMessageSinkMessage message) => true;
    }

    private sealed class DiagnosticForwarder : IMessageSink
    {
        public ITestReportSink? Target { get; set; }

        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is IDiagnosticMessage diagnostic)
                Target?.Send(new TestReport(TestReportKind.Diagnostic) { Text = diagnostic.Message });
            return true;
        }
    }

    private sealed class ExecutionOptions : ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> values = [];

        public TValue GetValue<TValue>(string name) => values.TryGetValue(name, out object? value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => values[name] = value;
    }
}
