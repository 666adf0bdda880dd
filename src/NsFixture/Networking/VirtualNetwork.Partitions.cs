using NsFixture.Networking;

namespace NsFixture;

public sealed partial class VirtualNetwork
{
    /// <summary>
    /// Cuts two hosts, or all hosts of two regions, off from one another: what they send to one another vanishes, over whatever routers
    /// and networks, and neither is told. What a router passes on for others still passes.
    /// </summary>
    /// <param name="one">A host's name, or a region's.</param>
    /// <param name="other">A host's name, or a region's.</param>
    /// <exception cref="ArgumentException">There is no host or region of that name.</exception>
    /// <exception cref="SandboxException">The kernel has no nf_tables, or the sandbox is gone.</exception>
    /// <remarks>It counts for the addresses that the hosts have at this moment. Address resolution (ARP, neighbour discovery) is no part of it.</remarks>
    /// <example>
    /// <code>
    /// network.Partition("redis1", "redis2");
    /// network.Partition(["redis1", "redis2"], ["redis3", "client"]);
    /// network.Heal();
    /// </code>
    /// </example>
    public void Partition(string one, string other) => Partition([one], [other]);

    /// <inheritdoc cref="Partition(string, string)"/>
    public void Partition(VirtualHost one, VirtualHost other) => Partition(one.Name, other.Name);

    /// <summary>Cuts groups of hosts off from one another; within each group hosts still reach each other.</summary>
    /// <param name="some">Names of hosts or regions.</param>
    /// <param name="others">Names of hosts or regions.</param>
    /// <exception cref="ArgumentException">There is no host or region of that name, or a host is on both sides.</exception>
    /// <exception cref="SandboxException">The kernel has no nf_tables, or the sandbox is gone.</exception>
    public void Partition(IEnumerable<string> some, IEnumerable<string> others) => Cut(some, others, bothWays: true);

    /// <summary>Cuts the way from one host to another, and not the way back: what the one sends to the other vanishes.</summary>
    /// <param name="from">A host's name, or a region's.</param>
    /// <param name="to">A host's name, or a region's.</param>
    /// <exception cref="ArgumentException">There is no host or region of that name.</exception>
    /// <exception cref="SandboxException">The kernel has no nf_tables, or the sandbox is gone.</exception>
    public void PartitionOneWay(string from, string to) => PartitionOneWay([from], [to]);

    /// <inheritdoc cref="PartitionOneWay(string, string)"/>
    public void PartitionOneWay(VirtualHost from, VirtualHost to) => PartitionOneWay(from.Name, to.Name);

    /// <summary>Cuts the ways from the hosts of one group to those of another, and not the ways back.</summary>
    /// <param name="from">Names of hosts or regions.</param>
    /// <param name="to">Names of hosts or regions.</param>
    /// <exception cref="ArgumentException">There is no host or region of that name, or a host is on both sides.</exception>
    /// <exception cref="SandboxException">The kernel has no nf_tables, or the sandbox is gone.</exception>
    public void PartitionOneWay(IEnumerable<string> from, IEnumerable<string> to) => Cut(from, to, bothWays: false);

    /// <summary>Undoes all partitions.</summary>
    public void Heal() => init.Heal([], []);

    /// <summary>Undoes what partitions there are between two hosts or regions, in either direction.</summary>
    /// <param name="one">A host's name, or a region's.</param>
    /// <param name="other">A host's name, or a region's.</param>
    /// <exception cref="ArgumentException">There is no host or region of that name.</exception>
    public void Heal(string one, string other) => init.Heal(Members([one], nameof(one)), Members([other], nameof(other)));

    private void Cut(IEnumerable<string> from, IEnumerable<string> to, bool bothWays)
    {
        int[] some = Members(from, nameof(from)), others = Members(to, nameof(to));
        if (some.Intersect(others).ToArray() is { Length: > 0 } both)
            throw new ArgumentException($"Host \"{plan.Hosts[both[0]].Name}\" is on both sides of the partition: name it on one.", nameof(to));
        init.Partition(some, others, bothWays);
    }

    private int[] Members(IEnumerable<string> names, string parameter)
    {
        var members = new List<int>();
        foreach (string name in names)
            if (TryGetHost(name, out VirtualHost? host))
                members.Add(host.Index);
            else if (plan.Regions.FirstOrDefault(r => r.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } region)
                members.AddRange(region.Hosts);
            else
                throw new ArgumentException($"There is no host or region \"{name}\" in this network; there is {string.Join(", ", Hosts.Select(h => h.Name).Concat(plan.Regions.Select(r => r.Name)))}.", parameter);
        return members.Count > 0 ? [.. members.Distinct()] : throw new ArgumentException("A partition has hosts on both sides: name at least one.", parameter);
    }
}
