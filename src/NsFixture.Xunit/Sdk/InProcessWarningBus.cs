using NsFixture.Launching;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>Puts a warning at the head of a test's output: it carries [IsolatedNetwork] and runs without.</summary>
internal sealed class InProcessWarningBus(IMessageBus inner, string reason) : IMessageBus
{
    private readonly string warning = TestLauncher.InProcessWarning(reason) + Environment.NewLine;

    public bool QueueMessage(IMessageSinkMessage message) => message switch
    {
        ITestStarting starting => inner.QueueMessage(message) && inner.QueueMessage(new TestOutput(starting.Test, warning)),
        ITestPassed m => inner.QueueMessage(new TestPassed(m.Test, m.ExecutionTime, warning + m.Output)),
        ITestFailed m => inner.QueueMessage(new TestFailed(m.Test, m.ExecutionTime, warning + m.Output, m.ExceptionTypes, m.Messages, m.StackTraces, m.ExceptionParentIndices)),
        ITestFinished m => inner.QueueMessage(new TestFinished(m.Test, m.ExecutionTime, warning + m.Output)),
        _ => inner.QueueMessage(message),
    };

    // The inner bus is not ours.
    public void Dispose()
    {
    }
}
