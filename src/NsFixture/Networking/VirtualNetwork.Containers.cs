using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture;

public sealed partial class VirtualNetwork
{
    /// <summary>
    /// Gives a running Docker or podman container one more interface, on a network of this one. All hosts know it by its name, and it is reached
    /// and reaches them by address. What the engine has given it stays, its default route included: it gets routes to these networks.
    /// <para>
    /// It takes root, and an engine that belongs to it, on this machine. The engine is asked over its socket: that of DOCKER_HOST or
    /// CONTAINER_HOST, else /var/run/docker.sock or podman's. From inside an isolated test there is no engine to be seen: attach to a network of
    /// <see cref="CreateAsync"/>, in a fixture.
    /// </para>
    /// </summary>
    /// <param name="container">Its id or name: Testcontainers' <c>container.Id</c>.</param>
    /// <param name="network">The network's name.</param>
    /// <param name="configure">The interface's address, name and MTU, where the derived ones will not do.</param>
    /// <param name="cancellation">Gives up waiting for the engine.</param>
    /// <returns>The attachment; disposing of it takes the interface away. The network's end does so too, and the container's.</returns>
    /// <exception cref="InvalidTopologyException">That cannot be; all that is wrong is named, and nothing has changed.</exception>
    /// <exception cref="SandboxException">There is no such container, or it cannot be reached from here; nothing has changed.</exception>
    public async Task<AttachedContainer> AttachContainerAsync(
        string container, string network, Func<InterfaceDeclaration, InterfaceDeclaration>? configure = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(container);
        if (sandbox == null)
            throw new SandboxException("The container engine is not to be seen from inside an isolated test. Attach containers to a network of VirtualNetwork.CreateAsync, in a fixture or a plain test.");
        InspectedContainer inspected = await ContainerEngine.InspectAsync(container, cancellation).ConfigureAwait(false);
        int there = ContainerLink.Open(inspected);
        try
        {
            return Attach(inspected, there, network, configure);
        }
        catch
        {
            Descriptors.Close(there);
            throw;
        }
    }

    private AttachedContainer Attach(InspectedContainer container, int there, string network, Func<InterfaceDeclaration, InterfaceDeclaration>? configure)
    {
        var link = new InterfaceDeclaration(network);
        link = configure?.Invoke(link) ?? link;
        link = link with { Name = link.Name ?? ContainerLink.FreeDevice(container, there) };
        // An engine's names may hold what a host name may not.
        string name = new([.. container.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-').Take(63)]);
        lock (changing)
        {
            NetworkPlan next = PlanRevision.Revise(plan, declared => declared with { Nodes = [.. declared.Nodes, new HostDeclaration(name) { Interfaces = [link] }] });
            PlannedHost host = next.Hosts[^1] with { IsContainer = true };
            next = next with { Hosts = [.. next.Hosts.SkipLast(1), host] };
            int switchNetwork = init.OpenNamespace(-1);
            try
            {
                ContainerLink.Create(container, there, switchNetwork, next, host);
            }
            finally
            {
                Descriptors.Close(switchNetwork);
            }
            try
            {
                Apply(host: -1, next);
            }
            catch
            {
                ContainerLink.Delete(container, there, link.Name);
                throw;
            }
            return new AttachedContainer(this, host, there);
        }
    }

    internal void Detach(PlannedHost container)
    {
        lock (changing)
            Apply(container.Index, PlanRevision.Revise(plan, declared => declared with { Nodes = [.. declared.Nodes.Where(n => n.Name != container.Name)] }));
    }
}
