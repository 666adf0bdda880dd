using NsFixture.Launching;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>What all isolated tests of a run have in common.</summary>
internal sealed record IsolatedRunContext(TestLauncher Launcher, ITestFrameworkExecutionOptions Options, IMessageSink? DiagnosticMessageSink, CancellationToken Cancellation);
