using System.Net;
using System.Net.Sockets;
using NsFixture.Networking;

namespace NsFixture;

public sealed partial class VirtualHost
{
    /// <summary>
    /// The addresses of a name, as programs on this host find them: of its /etc/hosts first, then of its name server, asked from here. IPv4
    /// first; only families that this host has.
    /// </summary>
    /// <param name="name">The name of a host, one that the name server knows, or an address.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ArgumentException">There is no host of that name with an address of a family that this one has, and no name server that could know another.</exception>
    /// <exception cref="SocketException">The name server does not know it, fails, or does not answer.</exception>
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(string name, CancellationToken cancellation = default)
    {
        if (IPAddress.TryParse(name, out IPAddress? literal))
            return [literal];
        if (name.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return [IPAddress.Loopback];
        PlannedHost? target = plan.Find(name);
        if (dns.IsRunning && (target == null || (plan.Dns is { InHostsFile: false } && target != host)))
            return await new DnsClient(this).AddressesAsync(name, [.. Addresses.Select(a => a.AddressFamily).Distinct().Order()], cancellation).ConfigureAwait(false);
        if (target == null)
            throw new ArgumentException($"There is no host \"{name}\" in this network; there is {string.Join(", ", plan.Present.Select(h => h.Name))}.", nameof(name));
        IReadOnlyList<IPAddress> own = Addresses;
        // In a form that every isolated test may pass through: to sort by a value, or to collect enumeration members, is compiled anew in each.
        IPAddress[] addresses = [.. target.Interfaces.Where(IsBeside).Concat(target.Interfaces.Where(i => !IsBeside(i))).SelectMany(i => i.Addresses).Select(a => a.Address)
            .Where(a => own.Any(o => o.AddressFamily == a.AddressFamily))];
        if (addresses.Length == 0 && plan.IsOnDns64(host))
            return [.. target.Interfaces.SelectMany(i => i.Addresses).Select(a => Nat64Translator.Mapped(a.Address))];
        return addresses.Length > 0 ? addresses : throw new ArgumentException($"Hosts \"{Name}\" and \"{name}\" have no family of addresses in common.", nameof(name));
    }

    // On a network that this host is on, too.
    private bool IsBeside(PlannedInterface link) => host.Interfaces.Any(own => own.Network == link.Network);

    /// <summary>The address that this host would use for a name: on a network of its own if possible.</summary>
    private async ValueTask<IPAddress> AddressOfAsync(string name, CancellationToken cancellation) => (await ResolveAsync(name, cancellation).ConfigureAwait(false))[0];
}
