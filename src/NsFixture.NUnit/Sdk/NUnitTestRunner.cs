using System.Reflection;
using NsFixture.Launching;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace NsFixture.NUnit.Sdk;

/// <summary>The half of the adapter that lives in a test's process: runs the one test with NUnit's own runner.</summary>
internal sealed class NUnitTestRunner : ITestRunner
{
    public void WarmUp(Func<byte[], TestRequest> request, ITestReportSink sink)
    {
        Assembly own = typeof(WarmUpTests).Assembly;
        // What the warm-up does not pass through: this way in, and NUnit's own builder, which asks for the process's id.
        string[] builder = ["Api.DefaultTestAssemblyBuilder", "TestParameters", "TestFixtureAttribute", "Internal.PreFilter", "Internal.Logger", "Internal.InternalTrace",
            "Internal.AssemblyHelper", "Internal.PropertyBag", "Internal.TestSuite", "Internal.Builders.NUnitTestFixtureBuilder"];
        ForkServerProcess.CompileAhead([typeof(NUnitTestRunner), .. builder.Select(t => typeof(Test).Assembly.GetType("NUnit.Framework." + t)).OfType<Type>()]);
        // The runner captures the console, and the real one comes with a thread.
        Console.SetOut(TextWriter.Null);
        Console.SetError(TextWriter.Null);
        foreach (var (method, name) in WarmUpTests.Cases)
        {
            var payload = new TestPayload(typeof(WarmUpTests).FullName!, typeof(WarmUpTests).GetMethod(method)!.MetadataToken, $"{typeof(WarmUpTests).FullName}.{name}")
            {
                NamePattern = TestNameGenerator.DefaultTestNamePattern,
            };
            TestRequest one = request(payload.Write()) with { AssemblyPath = own.Location };
            Run(own, TestPayload.Read(one.Payload), one, sink);
        }
    }

    public void Run(TestRequest request, ITestReportSink sink)
    {
        TestPayload payload = TestPayload.Read(request.Payload);
        ApplySettings(payload);
        Run(Assembly.LoadFrom(request.AssemblyPath), payload, request, sink);
    }

    private static void Run(Assembly assembly, TestPayload payload, TestRequest request, ITestReportSink sink)
    {
        sink.Send(new TestReport(TestReportKind.CaseStarting) { Case = 0 });
        sink.Send(new TestReport(TestReportKind.TestStarting) { Case = 0, Test = 0, Text = payload.FullName });
        TestNameGenerator.DefaultTestNamePattern = payload.NamePattern;
        LiveOutputCommand.Sink = sink;
        var runner = new NUnitTestAssemblyRunner(new SandboxTreeBuilder(payload));
        // On this thread and no other, and told at once: else what a crashing test last said is lost.
        var settings = new Dictionary<string, object> { ["RunOnMainThread"] = true, ["SynchronousEvents"] = true, ["RandomSeed"] = payload.InitialSeed };
        Test test = payload.Find(runner.Load(assembly, settings));
        runner.Run(new ResultForwarder(test, request, sink), new OneTest(test));
    }

    /// <summary>Work directory and parameters can be set by NUnit's own builder alone: it is given an assembly with nothing to build.</summary>
    private static void ApplySettings(TestPayload payload) =>
        new DefaultTestAssemblyBuilder().Build(typeof(NUnitTestRunner).Assembly, new Dictionary<string, object>
        {
            ["WorkDirectory"] = payload.WorkDirectory,
            ["TestParametersDictionary"] = payload.Parameters,
            ["LOAD"] = new List<string> { "nothing" },
        });

    /// <summary>Passes one test and what is above it, explicit or not: the test host has decided.</summary>
    private sealed class OneTest(ITest chosen) : ITestFilter
    {
        public bool Pass(ITest test)
        {
            for (ITest? t = chosen; t != null; t = t.Parent)
                if (t == test)
                    return true;
            return false;
        }

        public bool IsExplicitMatch(ITest test) => Pass(test);

        public TNode ToXml(bool recursive) => new("filter");

        public TNode AddToXml(TNode parentNode, bool recursive) => parentNode.AddElement("filter");
    }
}
