using System.Net;
using System.Net.Sockets;
using NsFixture.Xunit;

namespace NsFixture.Isolated.V3.Tests;

/// <summary>Isolated tests of xUnit.net v3, beside a plain one.</summary>
public class IsolatedTests(ITestOutputHelper output)
{
    [Fact, IsolatedNetwork]
    public void Any_port_is_free()
    {
        using var listener = new TcpListener(IPAddress.Any, 80);
        listener.Start();
        output.WriteLine(string.Join('\n', IsolatedNetwork.Current.Diagnostics));
        Assert.Equal("test", Environment.MachineName);
        TestContext.Current.AddAttachment("hosts", File.ReadAllText("/etc/hosts"));
    }

    [Fact, IsolatedNetwork<ShopAndStoreInside>]
    public async Task A_topology_is_around_it()
    {
        VirtualNetwork network = IsolatedNetwork.Current.Network;
        using Socket listener = network["store"].Listen(80);
        using TcpClient client = await network["shop"].ConnectAsync("store", 80, TestContext.Current.CancellationToken);
        Assert.True(client.Connected);
    }

    [Fact]
    public void A_plain_test_is_none_of_it() => Assert.False(IsolatedNetwork.IsIsolated);

    [Fact(Skip = "not today"), IsolatedNetwork]
    public void A_skipped_one_takes_no_sandbox() => Assert.Fail("ran");

    [Fact, IsolatedNetwork]
    public void A_skip_is_found_out_inside() => Assert.SkipUnless(Environment.MachineName == "elsewhere", "it is here");
}

/// <summary>At once, each with the port to itself.</summary>
[IsolatedNetwork(MaxParallel = 4)]
public class ParallelTests
{
    private const int Tests = 8;

    public static TheoryData<int> Numbers => [.. Enumerable.Range(1, Tests)];

    [Theory, MemberData(nameof(Numbers))]
    public async Task Each_has_port_80_to_itself(int number)
    {
        using var listener = new TcpListener(IPAddress.Any, 80);
        listener.Start();
        await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.InRange(number, 1, Tests);
    }
}

/// <summary>One sandbox, one process, one set of fixtures.</summary>
[IsolatedNetwork(Scope = IsolationScope.PerClass)]
public class SharedSandboxTests(SharedSandboxTests.Server server) : IClassFixture<SharedSandboxTests.Server>
{
    private static int tests;

    [Fact]
    public void One_test_is_in_its_process() => Assert.Equal(Environment.ProcessId, server.ProcessId);

    [Fact]
    public void Another_is_in_the_same()
    {
        Assert.Equal(Environment.ProcessId, server.ProcessId);
        Assert.InRange(++tests, 1, 2);
    }

    public sealed class Server : IAsyncLifetime
    {
        private readonly TcpListener listener = new(IPAddress.Any, 6379);

        public int ProcessId { get; } = Environment.ProcessId;

        public ValueTask InitializeAsync()
        {
            Assert.True(IsolatedNetwork.IsIsolated);
            listener.Start();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            listener.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

public sealed class ShopAndStoreInside() : Topology(new Topology()
    .WithNetwork("street").WithNetwork("yard")
    .WithRouter("gate")
    .WithHost("shop", h => h.On("street"))
    .WithHost("store", h => h.On("yard")));
