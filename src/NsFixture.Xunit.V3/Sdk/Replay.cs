using NsFixture.Launching;
using Xunit.Sdk;
using Xunit.v3;

namespace NsFixture.Xunit.Sdk;

/// <summary>Tells xUnit.net of one test case what its process has reported, and what it no longer could.</summary>
internal sealed class Replay(IXunitTestCase testCase, IMessageBus bus, CancellationTokenSource cancellation)
{
    private readonly Dictionary<int, string> tests = [];
    private RunSummary summary;
    private bool hasLeft;

    /// <summary>The counts, once the case has run.</summary>
    public RunSummary Summary => summary;

    /// <summary>Whether anything was reported.</summary>
    public bool HasBegun { get; private set; }

    public void Handle(TestReport report)
    {
        HasBegun = true;
        // A test that passed and left something in its sandbox: xUnit.net there did not know, nor does its summary of the case.
        hasLeft |= report is { Kind: TestReportKind.Failed, Failure: not null };
        bool isOutdated = hasLeft && ((report.Kind == TestReportKind.Failed && report.Failure != null) || report.Kind == TestReportKind.CaseFinished);
        IMessageSinkMessage? message = isOutdated ? Make(report) : MessageCodec.Read(report) ?? (report.Data == null ? Make(report) : null);
        switch (message)
        {
            case null:
                return;
            case ITestStarting starting:
                tests[report.Test] = starting.TestUniqueID;
                break;
            case ITestPassed:
                summary.Total++;
                break;
            case ITestFailed:
                summary.Total++;
                summary.Failed++;
                break;
            case ITestSkipped:
                summary.Total++;
                summary.Skipped++;
                break;
            case ITestNotRun:
                summary.Total++;
                summary.NotRun++;
                break;
            case ITestFinished finished:
                summary.Time += finished.ExecutionTime;
                break;
        }
        if (!bus.QueueMessage(message))
            cancellation.Cancel();
    }

    /// <summary>The message that the process of a test did not come to send: it has crashed, or there was none.</summary>
    private IMessageSinkMessage? Make(TestReport report)
    {
        string assembly = testCase.TestCollection.TestAssembly.UniqueID, collection = testCase.TestCollection.UniqueID, ofCase = testCase.UniqueID;
        string? @class = testCase.TestClass.UniqueID, method = testCase.TestMethod.UniqueID;
        string test = tests.GetValueOrDefault(report.Test) ?? UniqueIDGenerator.ForTest(ofCase, 0);
        FailureInfo? failure = report.Failure;
        return report.Kind switch
        {
            TestReportKind.CaseStarting => new TestCaseStarting
            {
                AssemblyUniqueID = assembly, TestCollectionUniqueID = collection, TestClassUniqueID = @class, TestMethodUniqueID = method, TestCaseUniqueID = ofCase,
                Explicit = testCase.Explicit, SkipReason = ((ITestCaseMetadata)testCase).SkipReason,
                SourceFilePath = testCase.SourceFilePath, SourceLineNumber = testCase.SourceLineNumber,
                TestCaseDisplayName = testCase.TestCaseDisplayName, Traits = testCase.Traits,
                TestClassMetadataToken = testCase.TestClassMetadataToken, TestClassName = testCase.TestClassName,
                TestClassNamespace = testCase.TestClassNamespace, TestClassSimpleName = testCase.TestClassSimpleName,
                TestMethodArity = testCase.TestMethodArity, TestMethodMetadataToken = testCase.TestMethodMetadataToken, TestMethodName = testCase.TestMethodName,
                TestMethodParameterTypesVSTest = testCase.TestMethodParameterTypesVSTest, TestMethodReturnTypeVSTest = testCase.TestMethodReturnTypeVSTest,
            },
            TestReportKind.TestStarting => new TestStarting
            {
                AssemblyUniqueID = assembly, TestCollectionUniqueID = collection, TestClassUniqueID = @class, TestMethodUniqueID = method, TestCaseUniqueID = ofCase,
                TestUniqueID = test, TestDisplayName = report.Text!, Explicit = testCase.Explicit, StartTime = DateTimeOffset.UtcNow, Timeout = testCase.Timeout, Traits = testCase.Traits,
            },
            TestReportKind.Output => new TestOutput
            {
                AssemblyUniqueID = assembly, TestCollectionUniqueID = collection, TestClassUniqueID = @class, TestMethodUniqueID = method, TestCaseUniqueID = ofCase,
                TestUniqueID = test, Output = report.Text!,
            },
            TestReportKind.Failed => new TestFailed
            {
                AssemblyUniqueID = assembly, TestCollectionUniqueID = collection, TestClassUniqueID = @class, TestMethodUniqueID = method, TestCaseUniqueID = ofCase,
                TestUniqueID = test, ExecutionTime = report.Time, FinishTime = DateTimeOffset.UtcNow, Output = report.Text ?? "", Warnings = null,
                Cause = failure!.Types[0] == typeof(TestDeadlineException).FullName ? FailureCause.Timeout : FailureCause.Exception,
                ExceptionTypes = failure.Types, Messages = Text(failure.Messages), StackTraces = failure.StackTraces, ExceptionParentIndices = failure.Parents,
            },
            TestReportKind.Skipped => new TestSkipped
            {
                AssemblyUniqueID = assembly, TestCollectionUniqueID = collection, TestClassUniqueID = @class, TestMethodUniqueID = method, TestCaseUniqueID = ofCase,
                TestUniqueID = test, ExecutionTime = 0, FinishTime = DateTimeOffset.UtcNow, Output = "", Warnings = null, Reason = report.Text!,
            },
            TestReportKind.TestFinished => new TestFinished
            {
                AssemblyUniqueID = assembly, TestCollectionUniqueID = collection, TestClassUniqueID = @class, TestMethodUniqueID = method, TestCaseUniqueID = ofCase,
                TestUniqueID = test, ExecutionTime = report.Time, FinishTime = DateTimeOffset.UtcNow, Output = report.Text ?? "", Warnings = null,
                Attachments = new Dictionary<string, TestAttachment>(),
            },
            TestReportKind.CaseFinished => new TestCaseFinished
            {
                AssemblyUniqueID = assembly, TestCollectionUniqueID = collection, TestClassUniqueID = @class, TestMethodUniqueID = method, TestCaseUniqueID = ofCase,
                ExecutionTime = summary.Time, TestsTotal = summary.Total, TestsFailed = summary.Failed, TestsSkipped = summary.Skipped, TestsNotRun = summary.NotRun,
            },
            TestReportKind.CleanupFailure => new TestCaseCleanupFailure
            {
                AssemblyUniqueID = assembly, TestCollectionUniqueID = collection, TestClassUniqueID = @class, TestMethodUniqueID = method, TestCaseUniqueID = ofCase,
                ExceptionTypes = failure!.Types, Messages = Text(failure.Messages), StackTraces = failure.StackTraces, ExceptionParentIndices = failure.Parents,
            },
            _ => null,
        };

        static string[] Text(string?[] messages) => Array.ConvertAll(messages, m => m ?? "");
    }
}
