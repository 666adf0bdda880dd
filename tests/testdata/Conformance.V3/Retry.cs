namespace Conformance;

[XunitTestCaseDiscoverer(typeof(RetryFactDiscoverer))]
public sealed class RetryFactAttribute(int times) : FactAttribute
{
    public int Times { get; } = times;
}

public sealed class RetryFactDiscoverer : IXunitTestCaseDiscoverer
{
    public ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions options, IXunitTestMethod testMethod, IFactAttribute fact)
    {
        var details = TestIntrospectionHelper.GetTestCaseDetails(options, testMethod, fact);
        return new([new RetryTestCase(details.ResolvedTestMethod, details.TestCaseDisplayName, details.UniqueID, details.SkipReason, ((RetryFactAttribute)fact).Times)]);
    }
}

public sealed class RetryTestCase : XunitTestCase, ISelfExecutingXunitTestCase
{
    private int times;

    [Obsolete("For deserialization.")]
    public RetryTestCase()
    {
    }

    public RetryTestCase(IXunitTestMethod method, string displayName, string uniqueId, string? skipReason, int times)
        : base(method, displayName, uniqueId, @explicit: false, skipReason: skipReason) => this.times = times;

    public async ValueTask<RunSummary> Run(
        ExplicitOption explicitOption, IMessageBus messageBus, object?[] constructorArguments, ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource)
    {
        for (int attempt = 1; ; attempt++)
        {
            var delayed = new DelayedBus(messageBus);
            RunSummary summary = await XunitTestCaseRunner.Instance.Run(
                this, await CreateTests(), delayed, aggregator.Clone(), cancellationTokenSource, TestCaseDisplayName, SkipReason, explicitOption, constructorArguments);
            if (summary.Failed == 0 || attempt == times)
            {
                delayed.Send();
                return summary;
            }
            TestContext.Current.SendDiagnosticMessage("{0}: attempt {1} failed", TestCaseDisplayName, attempt);
        }
    }

    protected override void Serialize(IXunitSerializationInfo info)
    {
        base.Serialize(info);
        info.AddValue("times", times);
    }

    protected override void Deserialize(IXunitSerializationInfo info)
    {
        base.Deserialize(info);
        times = info.GetValue<int>("times");
    }

    private sealed class DelayedBus(IMessageBus inner) : IMessageBus
    {
        private readonly List<IMessageSinkMessage> messages = [];

        public bool QueueMessage(IMessageSinkMessage message)
        {
            lock (messages)
                messages.Add(message);
            return true;
        }

        public void Send() => messages.ForEach(m => inner.QueueMessage(m));

        public void Dispose()
        {
        }
    }
}

[XunitTestCaseDiscoverer(typeof(ThreeTimesDiscoverer))]
public sealed class ThreeTimesFactAttribute : FactAttribute;

public sealed class ThreeTimesDiscoverer : IXunitTestCaseDiscoverer
{
    public ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions options, IXunitTestMethod testMethod, IFactAttribute fact) => new(
    [
        .. Enumerable.Range(0, 3).Select(n =>
        {
            var details = TestIntrospectionHelper.GetTestCaseDetails(options, testMethod, fact, [n]);
            return new XunitTestCase(details.ResolvedTestMethod, details.TestCaseDisplayName, details.UniqueID, @explicit: false, testMethodArguments: [n]);
        }),
    ]);
}
