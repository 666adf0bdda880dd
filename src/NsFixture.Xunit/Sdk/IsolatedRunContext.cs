using NsFixture.Launching;
using Xunit.Abstractions;

namespace NsFixture.Xunit.Sdk;

/// <summary>What the chain of runners carries down to where a test case is handed to a sandbox.</summary>
internal sealed record IsolatedRunContext(TestLauncher Launcher, ITestFrameworkExecutionOptions Options)
{
    /// <summary>Whether the run ends with the first failure.</summary>
    public bool StopsOnFail { get; } = Options.StopOnTestFailOrDefault();
}
