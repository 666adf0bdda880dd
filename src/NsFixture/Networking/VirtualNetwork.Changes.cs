using NsFixture.Networking;

namespace NsFixture;

public sealed partial class VirtualNetwork
{
    private readonly Lock changing = new();

    /// <summary>Adds a host to the running network. The others know its names at once, and keep all that they have.</summary>
    /// <param name="name">By the rules of <see cref="Topology.WithHost"/>.</param>
    /// <param name="configure">The networks it is on, its DNS names and routes. Default: it is on the first network.</param>
    /// <returns>The host.</returns>
    /// <exception cref="InvalidTopologyException">That cannot be; all that is wrong is named, and nothing has changed.</exception>
    /// <exception cref="SandboxException">The kernel refused it, and nothing has changed; or the sandbox is gone.</exception>
    public Task<VirtualHost> AddHostAsync(string name, Func<HostDeclaration, HostDeclaration>? configure = null) => AddAsync(t => t.WithHost(name, configure));

    /// <summary>Adds a router to the running network. Hosts without a default route get one through it, as they would have had it from the start.</summary>
    /// <param name="name">By the rules of <see cref="Topology.WithRouter"/>.</param>
    /// <param name="configure">The networks it is on, its DNS names and routes. Default: it is on all networks.</param>
    /// <returns>The router.</returns>
    /// <inheritdoc cref="AddHostAsync"/>
    public Task<VirtualHost> AddRouterAsync(string name, Func<RouterDeclaration, RouterDeclaration>? configure = null) => AddAsync(t => t.WithRouter(name, configure));

    /// <summary>
    /// Removes a host: its power is taken as by <see cref="VirtualHost.Kill"/>, then its links and all that is known of it. A host of
    /// the same name may be added afterwards.
    /// </summary>
    /// <param name="name">The host's name, or one of its further names.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    /// <exception cref="InvalidTopologyException">Others need it: a static route leads through it. Nothing has changed.</exception>
    /// <exception cref="SandboxException">It is the test's own host.</exception>
    public void RemoveHost(string name) => this[name].Remove();

    /// <summary>Plans the network anew, with what is to be different, and brings the running one there.</summary>
    /// <param name="host">The host that it is done to; null: none.</param>
    /// <param name="edit">What is to be different.</param>
    internal void Change(VirtualHost? host, Func<TopologyDeclarations, TopologyDeclarations> edit)
    {
        lock (changing)
        {
            Apply(host?.Index ?? -1, PlanRevision.Revise(plan, edit));
        }
    }

    private void Apply(int host, NetworkPlan next)
    {
        init.Change(host, PlanChange.Between(plan, next));
        var known = Hosts.ToDictionary(h => h.Index);
        foreach (VirtualHost there in Hosts)
            there.Update(next);
        Hosts = [.. next.Hosts.Where(h => h is { IsRemoved: false, IsContainer: false }).Select(h => known.TryGetValue(h.Index, out VirtualHost? there) ? there : new VirtualHost(this, next, h, init, roots))];
        plan = next;
    }

    private Task<VirtualHost> AddAsync(Func<Topology, Topology> add) => Task.Run(() =>
    {
        Change(null, declared =>
        {
            TopologyDeclarations edited = Topology.Edit(declared, add);
            if (edited.Nodes[^1].Limits != null)
                throw new InvalidTopologyException([$"{edited.Nodes[^1].Title}: a host that is added while the network runs has the sandbox's limits alone: leave WithLimits out, or declare the host in the topology."]);
            return edited.Nodes[^1] is { Root: null } ? edited
                : throw new InvalidTopologyException([$"{edited.Nodes[^1].Title}: a host that is added while the network runs has the sandbox's root tree: leave WithRoot out, or declare the host in the topology."]);
        });
        return Hosts[^1];
    });
}
