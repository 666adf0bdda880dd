using FluentAssertions;
using NsFixture.Launching;

namespace NsFixture.Tests;

public class EventLoopTests
{
    [Fact]
    public async Task The_pool_has_a_thread_for_every_processor_beside_those_that_a_test_host_holds()
    {
        await EventLoop.Shared.Invoke(() => 0);
        ThreadPool.GetMinThreads(out int workers, out _);
        workers.Should().BeGreaterThanOrEqualTo(Environment.ProcessorCount + 2);
    }
}
