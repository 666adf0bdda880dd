namespace NsFixture.Cli;

/// <summary>A network that this process has up, to be found by other runs of the tool.</summary>
internal sealed class RunningNetwork : IAsyncDisposable
{
    private readonly Door door;

    private RunningNetwork(VirtualNetwork network, int id) => (Network, Id, door) = (network, id, new Door(network, id));

    public VirtualNetwork Network { get; }

    /// <summary>By what other runs of the tool call it: its sandbox's process 1.</summary>
    public int Id { get; }

    public static async Task<RunningNetwork> StartAsync(Topology topology)
    {
        VirtualNetwork network = await VirtualNetwork.CreateAsync(topology);
        return new RunningNetwork(network, await network.ProcessIdAsync());
    }

    public async ValueTask DisposeAsync()
    {
        door.Dispose();
        await Network.DisposeAsync();
    }
}
