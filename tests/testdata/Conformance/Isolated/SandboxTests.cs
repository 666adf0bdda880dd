namespace Conformance.Isolated;

public class SandboxTests(ITestOutputHelper output)
{
    // Seen by the tests of NsFixture.Xunit: what they compare did run isolated, and as they asked.
    [Fact]
    public void Says_how_it_runs() =>
        output.WriteLine($"launcher {IsolatedNetwork.Current.Launcher} in process {Environment.ProcessId} on {Environment.MachineName}");
}
