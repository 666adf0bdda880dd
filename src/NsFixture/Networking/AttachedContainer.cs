using System.Net;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture;

/// <summary>A container's attachment to a network, until it is disposed of.</summary>
public sealed class AttachedContainer : IAsyncDisposable
{
    private readonly VirtualNetwork network;
    private readonly PlannedHost host;
    private readonly int container;
    private int disposed;

    internal AttachedContainer(VirtualNetwork network, PlannedHost host, int container) => (this.network, this.host, this.container) = (network, host, container);

    /// <summary>The name that hosts know it by: the container's own.</summary>
    public string Name => host.Name;

    /// <summary>The name of the interface in the container.</summary>
    public string Interface => host.Interfaces[0].Device;

    /// <summary>Its addresses on the network, IPv4 first.</summary>
    public IReadOnlyList<IPAddress> Addresses => [.. host.Interfaces[0].Addresses.Select(a => a.Address)];

    /// <summary>Takes the interface away, in the container and in the network; both may have ended already.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        try
        {
            await Task.Run(() => network.Detach(host)).ConfigureAwait(false);
        }
        catch (SandboxException) when (network.HasEnded)
        {
            // The interface has ended with the network.
        }
        finally
        {
            Descriptors.Close(container);
        }
    }

    /// <inheritdoc cref="Name"/>
    public override string ToString() => Name;
}
