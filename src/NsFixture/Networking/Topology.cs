using NsFixture.Networking;
using NsFixture.Roots;

namespace NsFixture;

/// <summary>
/// Networks and the hosts and routers on them, declared. Immutable: each <c>WithX</c> gives a new topology, and those that add,
/// such as <see cref="WithHost"/>, add after what is there.
/// <para>
/// The host that the test itself runs on is in every topology, as its first: the one named <see cref="TestHostName"/>, which is
/// <c>test</c> unless <see cref="WithTestHost"/> says otherwise. Declare a host of that name to place it; else it is on the
/// first network declared, like any host that is put on none.
/// </para>
/// <para>
/// Whatever is not given follows from the order of declaration alone, so every run has the same. The first network has
/// <c>10.0.0.0/24</c> and <c>fd00::/64</c>, the second <c>10.0.1.0/24</c> and <c>fd00:0:0:1::/64</c>, and so on, unless another was
/// given what it overlaps with. The first router on a network has its first address, and all others have the lowest free ones
/// from the second on, the test's host before the rest.
/// </para>
/// <para>Nothing is checked before the topology is used: then <see cref="InvalidTopologyException"/> names all that is wrong.</para>
/// </summary>
/// <example>
/// <code>
/// var topology = new Topology()
///     .WithNetwork("home", n => n.WithSubnet("192.168.1.0/24").WithConditions(LinkConditions.Wifi))
///     .WithNetwork("internet", n => n.WithMtu(1400))
///     .WithRouter("gateway", r => r.On("home").On("internet", i => i.WithConditions(up: LinkConditions.Dsl.WithRate(1_000_000), down: LinkConditions.Dsl)))
///     .WithHost("laptop")
///     .WithHost("server", h => h.On("internet", "10.0.1.80").WithDnsNames("api.example.com"));
///
/// // As a class, for an attribute or to be shared:
/// public sealed class ThreeRegions() : Topology(Of("eu1", "us1", "asia1")
///     .WithRegion("eu", "eu1").WithRegion("us", "us1").WithRegion("asia", "asia1")
///     .WithRegionDelay("eu", "us", TimeSpan.FromMilliseconds(40))
///     .WithRegionDelay("eu", "asia", TimeSpan.FromMilliseconds(90))
///     .WithRegionDelay("us", "asia", TimeSpan.FromMilliseconds(70)));
/// </code>
/// </example>
public class Topology
{
    private readonly TopologyDeclarations declared;
    private NetworkPlan? plan;

    /// <summary>A topology with nothing in it but, once there is a network, the test's host.</summary>
    public Topology() => declared = new TopologyDeclarations();

    /// <summary>The same topology, for a class of its own.</summary>
    /// <param name="topology">What the class stands for.</param>
    protected Topology(Topology topology) => declared = topology.declared;

    private Topology(TopologyDeclarations declared) => this.declared = declared;

    /// <summary>Declarations, with what the edit adds by this class's own methods.</summary>
    internal static TopologyDeclarations Edit(TopologyDeclarations declared, Func<Topology, Topology> edit) => edit(new Topology(declared)).declared;

    /// <summary>The name of the host the test runs on.</summary>
    public string TestHostName => declared.TestHostName;

    /// <summary>
    /// One network named <c>lan</c> with the hosts on it: for <c>Of("client", "server")</c>, the test has 10.0.0.2 and fd00::2,
    /// the client .3, the server .4.
    /// </summary>
    /// <param name="hosts">The hosts' names, without the test's.</param>
    public static Topology Of(params string[] hosts) => new Topology().WithNetwork("lan").WithHosts(hosts);

    /// <summary>Sets the name of the host that the test runs on.</summary>
    /// <param name="name">By the rules for host names.</param>
    public Topology WithTestHost(string name) => With(declared with { TestHostName = name });

    /// <summary>Adds a network.</summary>
    /// <param name="name">1 to 63 letters, digits and hyphens; unique among networks.</param>
    /// <param name="configure">Its prefixes, MTU and conditions, where the derived ones will not do.</param>
    public Topology WithNetwork(string name, Func<NetworkDeclaration, NetworkDeclaration>? configure = null) =>
        With(declared with { Networks = [.. declared.Networks, Configured(new NetworkDeclaration(name), configure)] });

    /// <summary>Adds a host; with the name of the test's host, places that.</summary>
    /// <param name="name">1 to 63 letters, digits and hyphens; unique among hosts, routers and their DNS names, whatever the case.</param>
    /// <param name="configure">The networks it is on, its DNS names and routes. Default: it is on the first network.</param>
    public Topology WithHost(string name, Func<HostDeclaration, HostDeclaration>? configure = null) =>
        With(declared with { Nodes = [.. declared.Nodes, Configured(new HostDeclaration(name), configure)] });

    /// <summary>Adds hosts on the first network.</summary>
    /// <param name="names">Their names.</param>
    public Topology WithHosts(params string[] names) =>
        With(declared with { Nodes = [.. declared.Nodes, .. names.Select(name => new HostDeclaration(name))] });

    /// <summary>Adds a router.</summary>
    /// <param name="name">1 to 63 letters, digits and hyphens; unique among hosts, routers and their DNS names, whatever the case.</param>
    /// <param name="configure">The networks it is on, its DNS names and routes. Default: it is on all networks.</param>
    public Topology WithRouter(string name, Func<RouterDeclaration, RouterDeclaration>? configure = null) =>
        With(declared with { Nodes = [.. declared.Nodes, Configured(new RouterDeclaration(name), configure)] });

    /// <summary>Sets the root tree that the test and all hosts see that have none of their own. Default: the machine's, copy-on-write.</summary>
    /// <param name="tree">The tree.</param>
    public Topology WithRoot(RootTree tree) => With(declared with { Root = tree });

    /// <summary>Adds a region: hosts that the delays of <see cref="WithRegionDelay"/> are between.</summary>
    /// <param name="name">1 to 63 letters, digits and hyphens; unique among regions.</param>
    /// <param name="hosts">Names of hosts or routers, none of them in another region. They may be on any networks.</param>
    public Topology WithRegion(string name, params string[] hosts) =>
        With(declared with { Regions = [.. declared.Regions, new RegionDeclaration(name, [.. hosts])] });

    /// <summary>Sets how long packets take between two regions, besides what their links take: each way, so a round trip takes twice that.</summary>
    /// <param name="region">A region.</param>
    /// <param name="other">Another, or the same: then it is the delay among its hosts.</param>
    /// <param name="oneWay">The delay one way, 0 to 60 s.</param>
    public Topology WithRegionDelay(string region, string other, TimeSpan oneWay)
    {
        Topology there = WithRegionConditions(region, other, LinkConditions.Perfect.WithDelay(oneWay));
        return region.Equals(other, StringComparison.OrdinalIgnoreCase) ? there : there.WithRegionConditions(other, region, LinkConditions.Perfect.WithDelay(oneWay));
    }

    /// <summary>Sets what happens to packets from one region to another, in that direction, besides what happens on their links.</summary>
    /// <param name="from">The sender's region.</param>
    /// <param name="to">The receiver's region; the same one: what happens among its hosts.</param>
    /// <param name="conditions">The conditions.</param>
    public Topology WithRegionConditions(string from, string to, LinkConditions conditions) =>
        With(declared with { RegionConditions = [.. declared.RegionConditions, new RegionConditionsDeclaration(from, to, conditions)] });

    /// <summary>
    /// Sets what the lots of link conditions are cast by. With the same seed the same packets are lost, doubled, delayed, in every run.
    /// Default: the environment variable <c>NSFIXTURE_SEED</c>, or else 1.
    /// </summary>
    /// <param name="seed">Any number.</param>
    public Topology WithSeed(long seed) => With(declared with { Seed = seed });

    /// <summary>
    /// Gives the topology a name server, which every host asks: on its own 127.0.0.53, by UDP and TCP, whatever happens to the
    /// networks. It knows the hosts' names, and what is declared here; it can be made to fail and to lie while a test runs, by <see cref="VirtualNetwork.Dns"/>.
    /// </summary>
    /// <param name="configure">Adds names, and what goes wrong with some. Default: the hosts' own names.</param>
    public Topology WithDns(Func<DnsDeclaration, DnsDeclaration>? configure = null) =>
        With(declared with { Dns = Configured(declared.Dns ?? new DnsDeclaration(), configure) });

    /// <summary>The networks, hosts, addresses, conditions and routes as tables of text.</summary>
    /// <exception cref="InvalidTopologyException">The topology cannot be; all that is wrong is named.</exception>
    public string Describe() => PlanText.Describe(Plan());

    /// <summary>The topology as a Mermaid flowchart (<see href="https://mermaid.js.org"/>).</summary>
    /// <exception cref="InvalidTopologyException">The topology cannot be; all that is wrong is named.</exception>
    public string ToMermaid() => PlanMermaid.Draw(Plan());

    /// <summary>The topology as an SVG image, complete in itself.</summary>
    /// <exception cref="InvalidTopologyException">The topology cannot be; all that is wrong is named.</exception>
    public string ToSvg() => PlanSvg.Draw(Plan());

    /// <summary>Checks everything, and works out what follows from it. Once: the topology does not change.</summary>
    /// <exception cref="InvalidTopologyException">The topology cannot be; all that is wrong is named.</exception>
    internal NetworkPlan Plan() => plan ??= TopologyPlanner.Plan(declared);

    /// <summary>The root trees that were declared; null where all are the usual one.</summary>
    internal DeclaredRoots? Roots(string baseDirectory, RootTree? byDefault)
    {
        RootTree? common = declared.Root ?? byDefault;
        IReadOnlyList<PlannedHost> hosts = Plan().Hosts;
        var own = declared.Nodes.Where(n => n.Root != null).ToDictionary(n => hosts.First(h => h.Name.Equals(n.Name, StringComparison.OrdinalIgnoreCase)).Index, n => n.Root!);
        own.Remove(Plan().Test.Index, out RootTree? test);
        return common == null && test == null && own.Count == 0 ? null : new DeclaredRoots(test ?? common, [.. own.Select(o => (o.Key, o.Value))], baseDirectory);
    }

    /// <summary>The limits that hosts were declared with.</summary>
    internal IEnumerable<(string Host, Limits Limits)> Limits => declared.Nodes.Where(n => n.Limits != null).Select(n => (n.Name, n.Limits!));

    private static Topology With(TopologyDeclarations declared) => new(declared);

    private static T Configured<T>(T value, Func<T, T>? configure) => configure == null ? value : configure(value);
}
