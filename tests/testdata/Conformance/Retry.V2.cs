namespace Conformance;

[XunitTestCaseDiscoverer("Conformance.RetryFactDiscoverer", "Conformance")]
public sealed class RetryFactAttribute(int times) : FactAttribute
{
    public int Times { get; } = times;
}

public sealed class RetryFactDiscoverer(IMessageSink diagnosticMessageSink) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions options, ITestMethod testMethod, IAttributeInfo fact)
    {
        yield return new RetryTestCase(diagnosticMessageSink, options.MethodDisplayOrDefault(), options.MethodDisplayOptionsOrDefault(), testMethod,
            (int)fact.GetConstructorArguments().Single());
    }
}

public sealed class RetryTestCase : XunitTestCase
{
    private int times;

    [Obsolete("For deserialization.")]
    public RetryTestCase()
    {
    }

    public RetryTestCase(IMessageSink sink, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method, int times)
        : base(sink, display, options, method) => this.times = times;

    public override async Task<RunSummary> RunAsync(
        IMessageSink diagnosticMessageSink, IMessageBus messageBus, object[] constructorArguments, ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource)
    {
        for (int attempt = 1; ; attempt++)
        {
            var delayed = new DelayedBus(messageBus);
            RunSummary summary = await base.RunAsync(diagnosticMessageSink, delayed, constructorArguments, aggregator, cancellationTokenSource);
            if (aggregator.HasExceptions || summary.Failed == 0 || attempt == times)
            {
                delayed.Send();
                return summary;
            }
            diagnosticMessageSink.OnMessage(new DiagnosticMessage("{0}: attempt {1} failed", DisplayName, attempt));
        }
    }

    public override void Serialize(IXunitSerializationInfo data)
    {
        base.Serialize(data);
        data.AddValue("times", times);
    }

    public override void Deserialize(IXunitSerializationInfo data)
    {
        base.Deserialize(data);
        times = data.GetValue<int>("times");
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

[XunitTestCaseDiscoverer("Conformance.ThreeTimesDiscoverer", "Conformance")]
public sealed class ThreeTimesFactAttribute : FactAttribute;

public sealed class ThreeTimesDiscoverer(IMessageSink diagnosticMessageSink) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions options, ITestMethod testMethod, IAttributeInfo fact) =>
        Enumerable.Range(0, 3).Select(n => new XunitTestCase(diagnosticMessageSink, options.MethodDisplayOrDefault(), options.MethodDisplayOptionsOrDefault(), testMethod, [n]));
}
