using System.Diagnostics;
using System.Reflection;
using NsFixture.Launching;
using NUnit.Framework.Internal;
using NUnit.Framework.Internal.Commands;

namespace NsFixture.NUnit.Sdk;

/// <summary>Tells in the test's process what is printed as it is printed: it is part of the result, and a test that crashes has none.</summary>
internal sealed class LiveOutputCommand(TestCommand inner) : DelegatingTestCommand(inner)
{
    // Where a version of NUnit keeps it otherwise, a crashing test's output is lost.
    private static readonly FieldInfo? OutWriter = typeof(TestResult).GetField($"<{nameof(TestResult.OutWriter)}>k__BackingField", BindingFlags.NonPublic | BindingFlags.Instance);

    /// <summary>Hears of the output of this process's test.</summary>
    public static ITestReportSink? Sink { get; set; }

    [StackTraceHidden]
    public override TestResult Execute(TestExecutionContext context)
    {
        if (Sink is { } sink)
            Forward(context, sink);
        return innerCommand.Execute(context);
    }

    private static void Forward(TestExecutionContext context, ITestReportSink sink)
    {
        TestResult result = context.CurrentResult;
        TextWriter own = result.OutWriter;
        // Synchronized, since NUnit locks the writer to read what was written.
        OutWriter?.SetValue(result, TextWriter.Synchronized(new ForwardingWriter(text =>
        {
            own.Write(text);
            sink.Send(new TestReport(TestReportKind.Output) { Case = 0, Test = 0, Text = text });
        })));
        context.CurrentResult = result; // from which it takes what TestContext.Out is
    }
}
