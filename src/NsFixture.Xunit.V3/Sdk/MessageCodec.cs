using NsFixture.Launching;
using Xunit.Runner.Common;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// xUnit.net's messages as reports and back. A message travels whole, in xUnit.net's own JSON: its ids are the same in every
/// process. Output travels beside it, as it is, since JSON would change half a surrogate pair and takes its time for megabytes.
/// </summary>
internal static class MessageCodec
{
    /// <summary>Null for a message that the test host makes itself.</summary>
    /// <param name="message">Of a run in the test's process.</param>
    /// <param name="index">The case's index, -1 where it is about none.</param>
    /// <param name="test">The test's number, likewise.</param>
    public static TestReport? Write(IMessageSinkMessage message, int index, int test)
    {
        TestReportKind kind = message switch
        {
            ITestCaseStarting => TestReportKind.CaseStarting,
            ITestCaseFinished => TestReportKind.CaseFinished,
            ITestStarting => TestReportKind.TestStarting,
            ITestOutput => TestReportKind.Output,
            ITestPassed => TestReportKind.Passed,
            ITestFailed => TestReportKind.Failed,
            ITestSkipped or ITestNotRun => TestReportKind.Skipped,
            ITestFinished => TestReportKind.TestFinished,
            IErrorMessage or ITestCleanupFailure or ITestCaseCleanupFailure or ITestMethodCleanupFailure or ITestClassCleanupFailure
                or ITestCollectionCleanupFailure or ITestAssemblyCleanupFailure => TestReportKind.CleanupFailure,
            ITestCaseMessage => TestReportKind.Step,
            IDiagnosticMessage or IInternalDiagnosticMessage => TestReportKind.Diagnostic,
            _ => 0,
        };
        if (kind == 0)
            return null;
        var report = new TestReport(kind)
        {
            Case = kind == TestReportKind.Diagnostic ? -1 : Math.Max(0, index),
            Test = test,
            Time = (message as ITestResultMessage)?.ExecutionTime ?? 0,
            Text = (message as ITestStarting)?.TestDisplayName ?? (message as ITestResultMessage)?.Output ?? (message as ITestOutput)?.Output,
        };
        // Nobody looks at them any more.
        if (message is global::Xunit.v3.TestResultMessage result)
            result.Output = "";
        else if (message is global::Xunit.v3.TestOutput output)
            output.Output = "";
        return report with { Data = new ByteWriter().String(((IJsonSerializable)message).ToJson()).Written.ToArray() };
    }

    /// <summary>A report that xUnit.net is not to be told of.</summary>
    public static TestReport Untold(TestReportKind kind, int index) => new(kind) { Case = index, Data = [] };

    /// <summary>Null for a report that did not come of a message, or of one that this version of xUnit.net does not know.</summary>
    public static IMessageSinkMessage? Read(TestReport report)
    {
        if (report.Data is not { Length: > 0 })
            return null;
        IMessageSinkMessage? message = MessageSinkMessageDeserializer.Deserialize(new ByteReader(report.Data).Text(), diagnosticMessageSink: null);
        // With what the test host has added.
        if (message is TestResultMessage result)
            result.Output = report.Text ?? "";
        else if (message is TestOutput output)
            output.Output = report.Text ?? "";
        return message;
    }
}
