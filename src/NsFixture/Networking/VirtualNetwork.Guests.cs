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
    public async Task<Attachment> AttachContainerAsync(
        string container, string network, Func<InterfaceDeclaration, InterfaceDeclaration>? configure = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(container);
        if (sandbox == null)
            throw new SandboxException("The container engine is not to be seen from inside an isolated test. Attach containers to a network of VirtualNetwork.CreateAsync, in a fixture or a plain test.");
        InspectedContainer inspected = await ContainerEngine.InspectAsync(container, cancellation).ConfigureAwait(false);
        // An engine's names may hold what a host name may not.
        string name = new([.. inspected.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-').Take(63)]);
        return Attach(Guest.Container(inspected), name, GuestLink.Open(inspected), network, configure);
    }

    /// <summary>
    /// Gives a running process, and all that are in its network namespace, one more interface, on a network of this one: a veth whose end is moved there. All hosts know it by the name it is given here, and it is
    /// reached and reaches them by address; what it has stays, its default route included.
    /// <para>
    /// It takes root; or, in an isolated test, a process that the test has started. From a user namespace of its own an ordinary user has no power over both at once.
    /// </para>
    /// </summary>
    /// <param name="processId">The process, as this process's /proc numbers it.</param>
    /// <param name="name">What hosts call it, by the rules of <see cref="Topology.WithHost"/>.</param>
    /// <param name="network">The network's name.</param>
    /// <param name="configure">The interface's address, name and MTU, where the derived ones will not do.</param>
    /// <returns>The attachment; disposing of it takes the interface away. The end of either side does so too.</returns>
    /// <exception cref="InvalidTopologyException">That cannot be; all that is wrong is named, and nothing has changed.</exception>
    /// <exception cref="NamespaceException">There is no such process, or one may not look at it.</exception>
    /// <exception cref="SandboxException">Its network may not be entered, or the kernel refused; nothing has changed.</exception>
    public async Task<Attachment> AttachProcessAsync(int processId, string name, string network, Func<InterfaceDeclaration, InterfaceDeclaration>? configure = null)
    {
        using LinuxNamespace there = LinuxNamespace.OfProcess(processId, NamespaceTypes.Network);
        return await AttachAsync(Guest.Process($"Process {processId}"), there.Descriptor, name, network, configure).ConfigureAwait(false);
    }

    /// <summary>Gives a network namespace one more interface, on a network of this one (<see cref="AttachProcessAsync"/>).</summary>
    /// <param name="there">The namespace; it stays the caller's.</param>
    /// <param name="name">What hosts call it, by the rules of <see cref="Topology.WithHost"/>.</param>
    /// <param name="network">The network's name.</param>
    /// <param name="configure">The interface's address, name and MTU, where the derived ones will not do.</param>
    /// <inheritdoc cref="AttachProcessAsync"/>
    public Task<Attachment> AttachNamespaceAsync(LinuxNamespace there, string name, string network, Func<InterfaceDeclaration, InterfaceDeclaration>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(there);
        return there.Type == NamespaceTypes.Network ? AttachAsync(Guest.Process($"Namespace {there}"), there.Descriptor, name, network, configure)
            : throw new ArgumentException($"{there} is no network namespace, and others have no interfaces.", nameof(there));
    }

    /// <summary>
    /// Connects two sandboxes: gives a host of another network one more interface, on a network of this one. It is known here by its name, and is reached by address. If it is a router, others of its network get
    /// over it, where they have routes.
    /// <para>
    /// It takes root: the two belong to different users of their own, over which only that has power.
    /// </para>
    /// </summary>
    /// <param name="host">A host of another <see cref="VirtualNetwork"/>.</param>
    /// <param name="network">The name of a network of this one.</param>
    /// <param name="name">What hosts here call it; null: as it is called there.</param>
    /// <param name="configure">The interface's address, name and MTU, where the derived ones will not do.</param>
    /// <returns>The attachment; disposing of it takes the interface away. The end of either network does so too.</returns>
    /// <exception cref="InvalidTopologyException">That cannot be, as when both networks have the same addresses; all that is wrong is named, and nothing has changed.</exception>
    /// <exception cref="SandboxException">The host's network may not be entered, or the kernel refused; nothing has changed.</exception>
    public async Task<Attachment> AttachHostAsync(VirtualHost host, string network, string? name = null, Func<InterfaceDeclaration, InterfaceDeclaration>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        if (Hosts.Contains(host))
            throw new ArgumentException($"Host \"{host.Name}\" is one of this network already: give it one more interface by {nameof(VirtualHost.AddInterface)}.", nameof(host));
        // Two networks with the same addresses would be told apart by nobody who is on both.
        if (plan.Networks.FirstOrDefault(n => n.Name.Equals(network, StringComparison.OrdinalIgnoreCase)) is { } here && host.NetworkLike(here) is { } same)
            throw new InvalidTopologyException([$"Network \"{here.Name}\" here and \"{same}\", which host \"{host.Name}\" is on, have addresses in common: give one of them another prefix by WithSubnet and WithSubnet6."]);
        int there = host.OpenNamespace();
        try
        {
            return await AttachAsync(Guest.Process($"Host \"{host.Name}\""), there, name ?? host.Name, network, configure).ConfigureAwait(false);
        }
        finally
        {
            Descriptors.Close(there);
        }
    }

    private Task<Attachment> AttachAsync(Guest guest, int there, string name, string network, Func<InterfaceDeclaration, InterfaceDeclaration>? configure)
    {
        int kept = Descriptors.DuplicateAbove(there, 3);
        return Task.Run(() => Attach(guest, name, kept, network, configure));
    }

    // The descriptor is the attachment's from now on.
    private Attachment Attach(Guest guest, string name, int there, string network, Func<InterfaceDeclaration, InterfaceDeclaration>? configure)
    {
        try
        {
            var link = new InterfaceDeclaration(network);
            link = configure?.Invoke(link) ?? link;
            link = link with { Name = link.Name ?? GuestLink.FreeDevice(guest, there) };
            lock (changing)
                return Attach(guest, new HostDeclaration(name) { Interfaces = [link] }, there);
        }
        catch
        {
            Descriptors.Close(there);
            throw;
        }
    }

    private Attachment Attach(Guest guest, HostDeclaration declared, int there)
    {
        NetworkPlan next = PlanRevision.Revise(plan, d => d with { Nodes = [.. d.Nodes, declared] });
        PlannedHost host = next.Hosts[^1] with { IsContainer = true };
        next = next with { Hosts = [.. next.Hosts.SkipLast(1), host] };
        int switchNetwork = init.OpenNamespace(-1);
        try
        {
            GuestLink.Create(guest, there, switchNetwork, next, host);
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
            GuestLink.Delete(guest, there, host.Interfaces[0].Device);
            throw;
        }
        return new Attachment(this, host, there);
    }

    internal void Detach(PlannedHost guest)
    {
        lock (changing)
            Apply(guest.Index, PlanRevision.Revise(plan, declared => declared with { Nodes = [.. declared.Nodes.Where(n => n.Name != guest.Name)] }));
    }
}
