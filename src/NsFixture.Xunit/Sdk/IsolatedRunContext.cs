using NsFixture.Launching;
using Xunit.Abstractions;

namespace NsFixture.Xunit.Sdk;

/// <summary>What the chain of runners carries down to where a test case is handed to a sandbox.</summary>
internal sealed record IsolatedRunContext(TestLauncher Launcher, ITestFrameworkExecutionOptions Options);
