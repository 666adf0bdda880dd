using System.Net;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture;

/// <summary>The attachment of a container, a process or another network's host to a network, until it is disposed of.</summary>
public sealed class Attachment : IAsyncDisposable
{
    private readonly VirtualNetwork network;
    private readonly PlannedHost host;
    private readonly int there;
    private int disposed;

    internal Attachment(VirtualNetwork network, PlannedHost host, int there) => (this.network, this.host, this.there) = (network, host, there);

    /// <summary>The name that hosts know it by: a container's own.</summary>
    public string Name => host.Name;

    /// <summary>The name of the interface that it was given.</summary>
    public string Interface => host.Interfaces[0].Device;

    /// <summary>Its addresses on the network, IPv4 first.</summary>
    public IReadOnlyList<IPAddress> Addresses => [.. host.Interfaces[0].Addresses.Select(a => a.Address)];

    /// <summary>Takes the interface away, there and in the network; both may have ended already.</summary>
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
            Descriptors.Close(there);
        }
    }

    /// <inheritdoc cref="Name"/>
    public override string ToString() => Name;
}
