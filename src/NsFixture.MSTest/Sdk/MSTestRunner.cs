using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.VisualStudio.TestPlatform.MSTestAdapter.PlatformServices.SourceGeneration;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using NsFixture.Launching;

namespace NsFixture.MSTest.Sdk;

/// <summary>The half of the adapter that lives in a test's process: runs the one test with MSTest's own runner.</summary>
internal sealed class MSTestRunner : ITestRunner
{
    // Those that MSTest has been told of; it adds up what it is told.
    private static readonly HashSet<Type> Registered = [];

    public void WarmUp(Func<byte[], TestRequest> request, ITestReportSink sink)
    {
        // What the warm-up, whose assembly is not as a user's is, does not pass through.
        if (MSTestInternals.TypeCache is { } cache)
            ForkServerProcess.CompileAhead(cache);
        foreach (var (method, name) in WarmUpTests.Cases)
        {
            TestPayload payload = TestPayload.Of(typeof(WarmUpTests).GetMethod(method)!, typeof(WarmUpTests)) with { DisplayName = name, Properties = [("warm", "warm")] };
            Run(request(payload.Write()) with { AssemblyPath = typeof(WarmUpTests).Assembly.Location }, sink);
        }
    }

    public void Run(TestRequest request, ITestReportSink sink)
    {
        TestPayload payload = TestPayload.Read(request.Payload);
        sink.Send(new TestReport(TestReportKind.CaseStarting) { Case = 0 });
        sink.Send(new TestReport(TestReportKind.TestStarting) { Case = 0, Test = 0, Text = payload.DisplayName });
        TestResult[] results;
        try
        {
            results = Run(request.AssemblyPath, payload, sink);
        }
        catch (Exception e) when (MSTestInternals.Explain(e) is var explained && explained != e)
        {
            throw explained;
        }
        bool failed = results.Any(r => r.TestFailureException != null);
        sink.Send(new TestReport(failed ? TestReportKind.Failed : TestReportKind.Passed)
        {
            Case = 0, Test = 0, Data = ResultPayload.Write(results, file => Attachments.Keep(request, $"{payload.TestClass}.{payload.DisplayName}", file)),
        });
        sink.Send(new TestReport(TestReportKind.TestFinished) { Case = 0, Test = 0 });
        sink.Send(new TestReport(TestReportKind.CaseFinished) { Case = 0 });
    }

    private static TestResult[] Run(string assemblyPath, TestPayload payload, ITestReportSink sink)
    {
        string? capture = payload.Settings.FirstOrDefault(s => s.Name == MSTestInternals.OutputCaptureMode).Value;
        object settings = MSTestInternals.Settings(capture == MSTestInternals.NoCapture ? payload.Settings : [.. payload.Settings, (MSTestInternals.OutputCaptureMode, MSTestInternals.LiveCapture)]);
        object element = Find(settings, assemblyPath, payload);
        object runner = capture == MSTestInternals.NoCapture ? MSTestInternals.Runner(settings, element)
            : LiveOutput.Route(sink, printAll: capture == MSTestInternals.LiveCapture, () => MSTestInternals.Runner(settings, element));
        var properties = payload.Properties.ToDictionary(p => p.Name, object? (p) => p.Value);
        return MSTestInternals.RunAsync(runner, element, properties, new Dictionary<string, object?>(properties), DisplayedMessages.To(sink)).GetAwaiter().GetResult();
    }

    /// <summary>The test or row, among those that MSTest finds of the one method.</summary>
    private static object Find(object settings, string assemblyPath, TestPayload payload)
    {
        Register(Assembly.LoadFrom(assemblyPath), payload);
        var (elements, warnings) = MSTestInternals.Discover(settings, assemblyPath);
        object[] same = [.. elements.Where(e => MSTestInternals.DisplayName(e) == payload.DisplayName && !MSTestInternals.IsIgnored(e))];
        return same.Length > 0 ? same[payload.Ordinal % same.Length] : throw new SandboxException(
            $"In its sandbox, MSTest did not find \"{payload.DisplayName}\" of {payload.TestClass} again, but {(elements.Length == 0 ? "no test at all" : $"\"{string.Join("\", \"", elements.Take(5).Select(MSTestInternals.DisplayName))}\"")}: " +
            $"a data source must have the same rows, with the same names, each time that it is asked. {string.Join(' ', warnings)}");
    }

    /// <summary>Has MSTest see of the assembly the one method and what initializes and cleans up for all: it would read the attributes of all classes and methods.</summary>
    private static void Register(Assembly assembly, TestPayload payload)
    {
        Type testClass = assembly.GetType(payload.TestClass, throwOnError: true)!;
        MethodInfo method = payload.FindMethod(testClass);
        Attribute[] attributes = Isolation.AttributesOf(method);
        // The test host may run the rows as one test. Here there is one row.
        foreach (TestMethodAttribute attribute in attributes.OfType<TestMethodAttribute>())
            attribute.UnfoldingStrategy = TestDataSourceUnfoldingStrategy.Unfold;
        Type[] types = [.. payload.Fixtures.Select(f => assembly.GetType(f, throwOnError: true)!).Append(testClass).Where(Registered.Add)];
        ReflectionMetadataHook.Register(assembly, types, new Dictionary<Type, MethodInfo[]>(), new Dictionary<Type, Attribute[]>(), [],
            new Dictionary<MethodInfo, Attribute[]> { [method] = attributes }, new Dictionary<MethodInfo, Func<object?, object?[]?, object?>>(),
            new Dictionary<Type, ConstructorInvokerInfo[]>(), new Dictionary<PropertyInfo, Action<object?, object?>>(), new Dictionary<Type, MethodInfo[]> { [testClass] = [method] }, [testClass]);
    }

    /// <summary>MSTest's logger of what a test displays while it runs; its interface is internal.</summary>
    [SuppressMessage("Performance", "CA1852", Justification = "The runtime derives from it.")]
    private class DisplayedMessages : DispatchProxy
    {
        private ITestReportSink? sink;

        public static object To(ITestReportSink sink)
        {
            object logger = Create(MSTestInternals.MessageLogger, typeof(DisplayedMessages));
            ((DisplayedMessages)logger).sink = sink;
            return logger;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            sink!.Send(new TestReport(TestReportKind.Step) { Case = 0, Test = 0, Text = "message", Data = ResultPayload.WriteMessage((int)args![0]!, (string)args[1]!) });
            return null;
        }
    }
}
