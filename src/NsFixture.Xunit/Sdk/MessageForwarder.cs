using NsFixture.Launching;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// Takes xUnit.net's messages in the test's process and sends what the test host cannot know: everything from the start of a
/// test case to its finish, and failures of clean-up. Starts and finishes of methods, classes and collections are the test host's.
/// </summary>
internal sealed class MessageForwarder(ITestCase[] cases, Continuations continuations, Action<TestReport> send) : IMessageSink
{
    private readonly Dictionary<ITest, int> tests = [];
    private readonly Lock gate = new();

    public bool OnMessage(IMessageSinkMessage message)
    {
        if (Translate(message) is { } translated)
            send(translated);
        if (message is ITestAssemblyFinished)
            continuations.End();
        return true;
    }

    private TestReport? Translate(IMessageSinkMessage message)
    {
        if (TestSteps.CleanupOf(message) is { } what)
        {
            var failure = (IFailureInformation)message;
            return new TestReport(TestReportKind.CleanupFailure)
            {
                Text = what,
                Case = message is ITestCaseMessage { TestCase: { } testCase } ? IndexOf(testCase) : 0,
                Test = message is ITestMessage of ? NumberOf(of.Test) : -1,
                Failure = Flatten(failure),
            };
        }
        if (message is ITestMessage about)
        {
            var head = new TestReport(TestReportKind.Step) { Case = IndexOf(about.TestCase), Test = NumberOf(about.Test) };
            return message switch
            {
                ITestStarting m => head with { Kind = TestReportKind.TestStarting, Text = m.Test.DisplayName },
                ITestOutput m => head with { Kind = TestReportKind.Output, Text = m.Output },
                ITestPassed m => head with { Kind = TestReportKind.Passed, Time = m.ExecutionTime, Text = m.Output },
                ITestFailed m => head with { Kind = TestReportKind.Failed, Time = m.ExecutionTime, Text = m.Output, Failure = Flatten(m) },
                ITestSkipped m => head with { Kind = TestReportKind.Skipped, Text = m.Reason },
                ITestFinished m => head with { Kind = TestReportKind.TestFinished, Time = m.ExecutionTime, Text = m.Output },
                _ => TestSteps.NameOf(message) is { } step ? head with { Text = step } : null,
            };
        }
        return message switch
        {
            ITestCaseStarting m => new TestReport(TestReportKind.CaseStarting) { Case = IndexOf(m.TestCase) },
            ITestCaseFinished m => new TestReport(TestReportKind.CaseFinished) { Case = IndexOf(m.TestCase), Time = m.ExecutionTime },
            _ => null,
        };
    }

    private static FailureInfo Flatten(IFailureInformation f) => new(f.ExceptionTypes, f.Messages, f.StackTraces, f.ExceptionParentIndices);

    private int IndexOf(ITestCase testCase)
    {
        int index = Array.IndexOf(cases, testCase);
        return index >= 0 ? index : Math.Max(0, Array.FindIndex(cases, c => c.UniqueID == testCase.UniqueID));
    }

    private int NumberOf(ITest test)
    {
        lock (gate)
        {
            if (!tests.TryGetValue(test, out int number))
                tests.Add(test, number = tests.Count);
            return number;
        }
    }
}
