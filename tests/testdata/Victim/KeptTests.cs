using NsFixture;
using NsFixture.Xunit;
using Xunit;

namespace Victim;

/// <summary>Isolated tests whose sandboxes stay if they fail.</summary>
[IsolatedNetwork(Keep = Keep.OnFailure, Hosts = ["db"], HostName = "web")]
public class Kept
{
    [Fact]
    public void Passes() => File.WriteAllText("/tmp/evidence", "none");

    [Fact]
    public async Task Fails()
    {
        File.WriteAllText("/tmp/evidence", "it was the gardener\n");
        await IsolatedNetwork.Current.Network["db"].Command("sleep").WithArguments("1008").StartAsync(); // and goes on
        Assert.Fail("as ever");
    }
}

/// <summary>One that is ended at its deadline, and then at its time.</summary>
public class GreedyForTime
{
    [Fact, IsolatedNetwork(Keep = Keep.OnFailure, Memory = "256M", Deadline = 1000)]
    public void Hangs() => Thread.Sleep(Timeout.Infinite);

    [Fact, IsolatedNetwork(Keep = Keep.Always)]
    public void Passes()
    {
    }

    [Fact, IsolatedNetwork(Keep = Keep.OnFailure)]
    public void Ends() => Environment.FailFast("as ever");
}
