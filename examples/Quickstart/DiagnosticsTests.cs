using Xunit.Abstractions;

namespace Quickstart;

[IsolatedNetwork]
public class DiagnosticsTests(ITestOutputHelper output)
{
    [Fact]
    public void The_test_knows_how_it_was_started()
    {
        foreach (string line in IsolatedNetwork.Current.Diagnostics)
            output.WriteLine(line);
        Assert.True(IsolatedNetwork.IsIsolated);
    }

    [Fact]
    public void A_file_can_be_kept()
    {
        File.WriteAllText("/tmp/report.txt", $"written on host {Environment.MachineName} by process {Environment.ProcessId}\n");
        IsolatedNetwork.Current.Attach("/tmp/report.txt"); // /tmp is gone with the test, the attachment is not
    }
}
