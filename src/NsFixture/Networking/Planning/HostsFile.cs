using System.Net.Sockets;
using System.Text;
using NsFixture.Linux;

namespace NsFixture.Networking;

/// <summary>
/// The text of /etc/hosts: every host's names at every address of it. Resolvers take the first address that they find, so a host
/// with several has those first that are on a network of the one who asks. Where every host has one interface all texts are alike,
/// unless only the name server is to know the others.
/// </summary>
/// <param name="plan">The plan.</param>
/// <param name="ipv6">Whether the kernel has IPv6.</param>
internal sealed class HostsFile(NetworkPlan plan, bool ipv6)
{
    // By the networks of who asks, and whether it is told of NAT64: the text depends on nothing else.
    private readonly Dictionary<string, string> texts = [];
    private readonly bool areAlike = plan.Hosts.All(h => h.Interfaces.Count == 1);

    public string TextFor(PlannedHost asking)
    {
        if (plan.Dns is { InHostsFile: false })
            return Write([], [asking], dns64: false);
        bool dns64 = plan.IsOnDns64(asking);
        HashSet<int> near = [];
        string key = dns64 ? "DNS64" : "";
        if (!areAlike)
        {
            near.UnionWith(asking.Interfaces.Select(i => i.Network));
            key += " " + string.Join(' ', near.Order());
        }
        return texts.TryGetValue(key, out string? text) ? text : texts[key] = Write(near, plan.Hosts, dns64);
    }

    /// <summary>Brings a file up to date, and keeps what others have written into it. In its place: it may be mounted, and open.</summary>
    public static void Revise(string path, string before, string after)
    {
        if (before == after)
            return;
        string text = FileSystem.Exists(path) ? FileSystem.ReadText(path) : "";
        if (text.Contains(before, StringComparison.Ordinal))
        {
            text = text.Replace(before, after, StringComparison.Ordinal);
        }
        else
        {
            HashSet<string> old = [.. before.Split('\n')], wanted = [.. after.Split('\n')];
            string[] kept = [.. text.Split('\n').Where(line => line.Length > 0 && (!old.Contains(line) || wanted.Contains(line)))];
            text = string.Concat(kept.Concat(wanted.Where(line => line.Length > 0 && !kept.Contains(line))).Select(line => line + '\n'));
        }
        FileSystem.Overwrite(path, text);
    }

    private string Write(HashSet<int> near, IReadOnlyList<PlannedHost> hosts, bool dns64)
    {
        var text = new StringBuilder("127.0.0.1 localhost\n");
        if (ipv6)
            text.Append("::1 localhost ip6-localhost ip6-loopback\n");
        foreach (PlannedHost host in hosts)
        {
            string names = host.DnsNames.Count == 0 ? host.Name : string.Join(' ', host.DnsNames.Prepend(host.Name));
            bool mapped = dns64 && !host.Interfaces.Any(i => i.Addresses.Any(a => a.Address.AddressFamily == AddressFamily.InterNetworkV6));
            IEnumerable<PlannedInterface> links = host.Interfaces.Count == 1 ? host.Interfaces : host.Interfaces.OrderBy(i => !near.Contains(i.Network)); // stable
            foreach (PlannedInterface link in links)
                foreach (NetworkAddress address in link.Addresses)
                    if (ipv6 || address.Address.AddressFamily == AddressFamily.InterNetwork)
                        text.Append(mapped ? Nat64Translator.Mapped(address.Address) : address.Address).Append(' ').Append(names).Append('\n');
        }
        return text.ToString();
    }
}
