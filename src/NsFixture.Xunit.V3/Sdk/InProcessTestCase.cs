using NsFixture.Launching;
using Xunit.Sdk;
using Xunit.v3;

namespace NsFixture.Xunit.Sdk;

/// <summary>A test case that carries [IsolatedNetwork] and runs without: a warning stands at the head of its output.</summary>
internal sealed class InProcessTestCase(IXunitTestCase inner, string reason) : DelegatingTestCase(inner)
{
    public override async ValueTask<RunSummary> Run(
        ExplicitOption explicitOption, IMessageBus messageBus, object?[] constructorArguments, ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource)
    {
        IsolatedNetwork.EnterInProcess(reason);
        using var bus = new WarningBus(messageBus, TestLauncher.InProcessWarning(reason) + Environment.NewLine);
        return Inner is ISelfExecutingXunitTestCase own
            ? await own.Run(explicitOption, bus, constructorArguments, aggregator, cancellationTokenSource)
            : await XunitRunnerHelper.RunXunitTestCase(Inner, bus, cancellationTokenSource, aggregator, explicitOption, constructorArguments);
    }

    private sealed class WarningBus(IMessageBus inner, string warning) : IMessageBus
    {
        public bool QueueMessage(IMessageSinkMessage message)
        {
            if (message is TestResultMessage and not TestSkipped and not TestNotRun)
                ((TestResultMessage)message).Output = warning + ((TestResultMessage)message).Output;
            bool goOn = inner.QueueMessage(message);
            return message is not TestStarting starting ? goOn : goOn & inner.QueueMessage(new TestOutput
            {
                AssemblyUniqueID = starting.AssemblyUniqueID,
                TestCollectionUniqueID = starting.TestCollectionUniqueID,
                TestClassUniqueID = starting.TestClassUniqueID,
                TestMethodUniqueID = starting.TestMethodUniqueID,
                TestCaseUniqueID = starting.TestCaseUniqueID,
                TestUniqueID = starting.TestUniqueID,
                Output = warning,
            });
        }

        // The inner bus is not ours.
        public void Dispose()
        {
        }
    }
}
