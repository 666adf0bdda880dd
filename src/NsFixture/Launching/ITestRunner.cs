namespace NsFixture.Launching;

/// <summary>
/// What an adapter contributes to the process of a test: it knows the framework, the core does not. Named to the fork server
/// by its assembly-qualified type name; has a public parameterless constructor.
/// </summary>
internal interface ITestRunner
{
    /// <summary>
    /// Runs the framework once over a test of NsFixture's own, in the fork server, so that a forked test need not compile that
    /// path again. Must not run any user code, and must leave no thread or timer behind.
    /// </summary>
    /// <param name="request">Makes a request like a real one, of the runner's own payload.</param>
    /// <param name="sink">Takes the reports through the wire format, into nothing.</param>
    void WarmUp(Func<byte[], TestRequest> request, ITestReportSink sink);

    /// <summary>Runs the test cases that the adapter's other half described in <see cref="TestRequest.Payload"/>.</summary>
    void Run(TestRequest request, ITestReportSink sink);
}

/// <summary>Takes the reports of a running test, from any thread, and keeps their order.</summary>
internal interface ITestReportSink
{
    void Send(TestReport message);
}
