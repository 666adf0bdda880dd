using System.Diagnostics;
using NsFixture.Tests.Recording;

namespace NsFixture.Xunit.Tests;

public class ProcessesTests
{
    [Fact]
    public void A_process_that_is_left_behind_is_found()
    {
        string marker = $"conformance-{Guid.NewGuid():N}";
        using var process = Process.Start(new ProcessStartInfo("/bin/sleep", "60") { Environment = { ["CONFORMANCE_RUN"] = marker } })!;
        try
        {
            Assert.Equal([$"{process.Id}: /bin/sleep 60 "], Processes.LeftOf(marker, TimeSpan.Zero));
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
        Assert.Empty(Processes.LeftOf(marker, TimeSpan.FromSeconds(2)));
    }
}
