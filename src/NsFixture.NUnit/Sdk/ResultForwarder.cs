using NsFixture.Launching;
using NUnit.Framework;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace NsFixture.NUnit.Sdk;

/// <summary>
/// Listens to NUnit in the test's process and sends what the test host cannot know: the test's result, what it says meanwhile, and
/// failures of the suites above it, which exist in the sandbox only.
/// </summary>
internal sealed class ResultForwarder(Test test, TestRequest request, ITestReportSink sink) : ITestListener
{
    public void TestStarted(ITest started)
    {
    }

    public void TestFinished(ITestResult result)
    {
        if (result.Test == test)
        {
            SendResult(result);
            return;
        }
        if (result.Output.Length > 0)
            Send(NUnitEvents.SuiteOutput, result.FullName, result.Output);
        if (result.ResultState is { Status: TestStatus.Failed, Site: FailureSite.SetUp or FailureSite.TearDown })
            sink.Send(new TestReport(TestReportKind.CleanupFailure) { Case = 0, Text = result.FullName, Data = OfSuite(result).Write() });
    }

    public void TestOutput(TestOutput output) => Send(NUnitEvents.Output, output.Stream, output.Text);

    public void SendMessage(TestMessage message) => Send(NUnitEvents.Message, message.Destination, message.Message);

    private void Send(string kind, string destination, string text) =>
        sink.Send(new TestReport(TestReportKind.Step) { Case = 0, Test = 0, Text = kind, Data = NUnitEvents.Write(destination, text) });

    private void SendResult(ITestResult result)
    {
        // Passed as far as the core is concerned, which takes a skip's text to be its reason; the data says how it went.
        bool failed = result.ResultState.Status == TestStatus.Failed;
        sink.Send(new TestReport(failed ? TestReportKind.Failed : TestReportKind.Passed) { Case = 0, Test = 0, Text = result.Output, Data = ResultPayload.Of(result, Keep).Write() });
        sink.Send(new TestReport(TestReportKind.TestFinished) { Case = 0, Test = 0 });
        sink.Send(new TestReport(TestReportKind.CaseFinished) { Case = 0 });
    }

    // NUnit puts a tear-down's failure after what it says of the tests, of which this sandbox had one only: the test host does that.
    private ResultPayload OfSuite(ITestResult result) =>
        result is { ResultState.Site: FailureSite.TearDown, AssertionResults: [var only] } ? ResultPayload.Of(result, Keep) with { Message = only.Message } : ResultPayload.Of(result, Keep);

    private TestAttachment Keep(TestAttachment attachment)
    {
        string path = Attachments.Keep(request, test.FullName, attachment.FilePath);
        return path == Path.GetFullPath(attachment.FilePath) ? attachment : new TestAttachment(path, attachment.Description);
    }
}
