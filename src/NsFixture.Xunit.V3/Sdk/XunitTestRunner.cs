using System.Globalization;
using System.Reflection;
using NsFixture.Launching;
using Xunit;
using Xunit.Internal;
using Xunit.Runner.Common;
using Xunit.Sdk;
using Xunit.v3;

namespace NsFixture.Xunit.Sdk;

/// <summary>The half of the adapter that lives in a test's process: runs the cases with xUnit.net's own executor.</summary>
internal sealed class XunitTestRunner : ITestRunner
{
    private static Extensions? known;

    public void WarmUp(Func<byte[], TestRequest> request, ITestReportSink sink)
    {
        Assembly own = typeof(WarmUpTests).Assembly;
        var collection = new XunitTestCollection(new XunitTestAssembly(own), collectionDefinition: null, disableParallelization: false, "warm-up");
        var testClass = new XunitTestClass(typeof(WarmUpTests), collection);
        IXunitTestCase[] cases = [.. WarmUpTests.Cases.Select((c, i) => new XunitTestCase(
            new XunitTestMethod(testClass, typeof(WarmUpTests).GetMethod(c.Method)!, []), c.Method, $"warm-up {i}", @explicit: false, testMethodArguments: c.Arguments))];
        TestRequest warmUp = request(TestCasePayload.Write(cases, TestFrameworkOptions.Empty()));
        WarmUpPump.Around(() => Run(warmUp with { AssemblyPath = own.Location }, sink));
        known = Extensions.Of(Assembly.LoadFrom(warmUp.AssemblyPath));
    }

    public void Run(TestRequest request, ITestReportSink sink)
    {
        TestCasePayload payload = TestCasePayload.Read(request.Payload);
        var (options, seed) = (payload.Options, payload.Seed);
        Assembly assembly = Assembly.LoadFrom(request.AssemblyPath);
        Extensions extensions = known?.Assembly == assembly ? known : Extensions.Of(assembly);
        // What xUnit.net's runners do, in their order.
        using var asserts = new TraceAssertOverrideListener();
        if (extensions.HasSerializers)
            SerializationHelper.Instance.AddRegisteredSerializers(assembly);
        var forwarder = new MessageForwarder(sink);
        TestContext.SetForInitialization(forwarder, options.DiagnosticMessagesOrDefault(), options.GetInternalDiagnosticMessagesOrDefault());
        ITestPipelineStartup? startup = extensions.HasStartup ? Start(assembly, forwarder) : null;
        Randomizer.Seed = seed;
        if (options.Culture() is { } culture)
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = new CultureInfo(culture, useUserOverride: false);
        // Else xUnit.net reports from a thread of its own, some time later: what a test prints or attaches overtakes its start,
        // what a crashing test last said is lost, and the test before it blamed.
        options.SetSynchronousMessageReporting(true);
        // It runs one collection: what xUnit.net takes to run several would be threads for nothing.
        options.SetDisableParallelization(true);
        // Not disposed of: it has nothing to dispose of but what ends with the process.
        ITestFramework framework = extensions.HasOurFramework ? new IsolatedTestFramework() : ExtensibilityPointFactory.GetTestFramework(assembly);
        if (startup != null)
            framework.SetTestPipelineStartup(startup);
        IXunitTestCase[] cases = [.. payload.Cases.Select(c => SerializationHelper.Instance.Deserialize<IXunitTestCase>(c)
            ?? throw new SandboxException($"xUnit.net could not make a test case again of what it wrote itself: {c}"))];
        forwarder.Expect(cases.Select(c => c.UniqueID));
        ITestFrameworkExecutor executor = framework.GetExecutor(assembly);
        // Ours on this thread: xUnit.net's own way in takes one of the thread pool, which would not leave again before the fork.
        ValueTask run = executor is IsolatedTestFrameworkExecutor own
            ? own.RunTestCases(cases, forwarder, options, CancellationToken.None)
            : executor.RunTestCases(cases, forwarder, options, CancellationToken.None);
        WarmUpPump.Continue();
        run.AsTask().GetAwaiter().GetResult();
        startup?.StopAsync().AsTask().GetAwaiter().GetResult();
    }

    private static ITestPipelineStartup Start(Assembly assembly, IMessageSink sink)
    {
        ITestPipelineStartupAttribute attribute = assembly.GetCustomAttributes().OfType<ITestPipelineStartupAttribute>().Single();
        var startup = (ITestPipelineStartup)Activator.CreateInstance(attribute.TestPipelineStartupType)!;
        startup.StartAsync(sink).AsTask().GetAwaiter().GetResult();
        return startup;
    }

    /// <summary>What a test assembly extends xUnit.net with, by its metadata: known before the fork, and without running its code.</summary>
    private sealed record Extensions(Assembly Assembly, bool HasOurFramework, bool HasStartup, bool HasSerializers)
    {
        public static Extensions Of(Assembly assembly)
        {
            Type[] attributes = [.. assembly.CustomAttributes.Select(a => a.AttributeType)];
            Type[] frameworks = [.. attributes.Where(t => t.IsAssignableTo(typeof(ITestFrameworkAttribute)))];
            return new Extensions(assembly, frameworks is [var one] && one == typeof(IsolatedTestFrameworkAttribute),
                attributes.Any(t => t.IsAssignableTo(typeof(ITestPipelineStartupAttribute))),
                attributes.Any(t => t.IsAssignableTo(typeof(IRegisterXunitSerializerAttribute))));
        }
    }
}
