using System.Diagnostics.CodeAnalysis;
using NsFixture.Launching;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture;

/// <summary>
/// The name server of a sandbox while it runs: what it is asked, what it says, and what goes wrong with it. One that the topology
/// does not have (<see cref="Topology.WithDns"/>) is started by the first use of this. A change counts from when the method returns.
/// </summary>
/// <example>
/// <code>
/// network.Dns.Set("api.example.com", "10.0.0.4");
/// network.Dns.Fail("api.example.com", DnsFailure.ServFail, times: 2);
/// IPAddress[] addresses = await Dns.GetHostAddressesAsync("api.example.com");
/// Assert.Contains(network.Dns.Queries, q => q.Name == "api.example.com" &amp;&amp; q.Answer == "ServFail");
/// </code>
/// </example>
[SuppressMessage("Design", "CA1001", Justification = "Its connection ends with its network's.")]
public sealed class VirtualDns
{
    private readonly InitConnection init;
    private readonly Lock gate = new();
    private int connection = -1;

    internal VirtualDns(NetworkPlan plan, InitConnection init) => (this.init, IsRunning) = (init, plan.Dns != null);

    /// <summary>Whether there is a name server: the topology has one, or it was asked for.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>The questions so far, the oldest first; the last 10,000. Resolvers ask for IPv4 and IPv6 apart, and again when they get no answer.</summary>
    /// <exception cref="SandboxException">The sandbox is gone, or the name server cannot be started.</exception>
    public IReadOnlyList<DnsQuery> Queries
    {
        get
        {
            var all = new List<DnsQuery>();
            for (int first = 0, count = -1; count != 0; first += count)
            {
                var reader = new ByteReader(Ask(new ByteWriter().Byte((byte)DnsRequest.Queries).Int32(first)));
                (first, count) = (reader.Int32(), reader.Int32());
                for (int i = 0; i < count; i++)
                    all.Add(new DnsQuery(reader.Text(), reader.Text(), (DnsRecordType)reader.Int32(), reader.Boolean(), reader.Text()));
            }
            return all;
        }
    }

    /// <summary>Starts the name server, if there is none. Every other member does so too.</summary>
    /// <exception cref="SandboxException">Something listens on port 53 of all addresses of a host.</exception>
    public void Start()
    {
        lock (gate)
            Connect();
    }

    /// <summary>Gives a name addresses instead of those it had, of both families.</summary>
    /// <param name="name">The name; a host's own may be lied about.</param>
    /// <param name="addresses">IPv4 and IPv6, answered in this order; none of a family: the name has none of it.</param>
    /// <exception cref="ArgumentException">The name or an address is none; nothing is changed.</exception>
    public void Set(string name, params string[] addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        string[] six = [.. addresses.Where(a => a.Contains(':', StringComparison.Ordinal))], four = [.. addresses.Except(six)];
        PlannedDns planned = DnsPlanner.Changes((four.Length, six.Length) switch
        {
            ( > 0, > 0) => new DnsDeclaration().A(name, four).Aaaa(name, six),
            (0, > 0) => new DnsDeclaration().Aaaa(name, six),
            _ => new DnsDeclaration().A(name, four),
        });
        lock (gate)
        {
            Forget(name);
            Send(planned);
        }
    }

    /// <summary>Changes records and what goes wrong; the rest stays. Domain and hosts files are as the topology says.</summary>
    /// <param name="changes">Adds to an empty declaration. Each name's records of a type take the place of those it had.</param>
    /// <exception cref="ArgumentException">Something is wrong with them, all of which is named; nothing is changed.</exception>
    public void Change(Func<DnsDeclaration, DnsDeclaration> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        DnsDeclaration declared = changes(new DnsDeclaration());
        if (declared.Domain != null || !declared.InHostsFile || declared.HasDns64)
            throw new ArgumentException("Dns: the domain, what is in /etc/hosts, and DNS64 are the topology's to say (WithDns): leave WithDomain, WithoutHostsFile and WithDns64 out here.", nameof(changes));
        PlannedDns planned = DnsPlanner.Changes(declared);
        lock (gate)
            Send(planned);
    }

    /// <summary>Forgets a name: it does not exist any more, even if it is a host's.</summary>
    /// <param name="name">The name, or an address, whose reverse lookups then find nothing.</param>
    public void Remove(string name)
    {
        lock (gate)
            Forget(name);
    }

    /// <summary>Makes questions about a name go wrong.</summary>
    /// <param name="name">The name, or <c>*.example.com</c>, or <c>*</c> for all; or an address, for its reverse lookups.</param>
    /// <param name="failure">How.</param>
    /// <param name="times">How many questions; 0: all. A program asks once for IPv4 and once for IPv6.</param>
    /// <exception cref="ArgumentException">The name is none.</exception>
    public void Fail(string name, DnsFailure failure, int times = 0) => Change(d => d.Fail(name, failure, times));

    /// <summary>Makes answers about a name late. A host's resolver waits one second, twice, as its /etc/resolv.conf says.</summary>
    /// <param name="name">The name, or <c>*.example.com</c>, or <c>*</c> for all; or an address, for its reverse lookups.</param>
    /// <param name="delay">0 to 60 s.</param>
    /// <exception cref="ArgumentException">The name is none, or the delay is out of range.</exception>
    public void Delay(string name, TimeSpan delay) => Change(d => d.Delay(name, delay));

    /// <summary>Ends delays and failures.</summary>
    /// <param name="name">Of what <see cref="Fail"/> and <see cref="Delay"/> were told; null: of all.</param>
    public void Heal(string? name = null)
    {
        string? key = name == null ? null : Key(name);
        lock (gate)
            Exchange(new ByteWriter().Byte((byte)DnsRequest.Heal).String(key));
    }

    /// <summary>Forgets the <see cref="Queries"/> so far.</summary>
    public void ForgetQueries() => Ask(new ByteWriter().Byte((byte)DnsRequest.ForgetQueries));

    /// <summary>Its network has ended.</summary>
    internal void Close()
    {
        lock (gate)
        {
            Descriptors.Close(connection);
            connection = -1;
        }
    }

    private static string Key(string name) => name == "*" ? name : DnsPlanner.ReverseName(name) ?? DnsPlanner.Owner(name)
        ?? throw new ArgumentException($"Dns: \"{name}\" is not a DNS name: {DnsName.RecordRule}.", nameof(name));

    private void Forget(string name) => Exchange(new ByteWriter().Byte((byte)DnsRequest.Remove).String(Key(name)));

    private void Send(PlannedDns planned) => Exchange(new ByteWriter().Byte((byte)DnsRequest.Set).Dns(planned));

    private byte[] Ask(ByteWriter request)
    {
        lock (gate)
            return Exchange(request);
    }

    private byte[] Exchange(ByteWriter request)
    {
        Connect();
        byte[] answer = UnixSocket.Send(connection, request.Written) ? UnixSocket.Receive(connection, out _) ?? [] : [];
        return answer.Length > 0 ? answer : throw new SandboxException("The name server is gone: its sandbox was disposed of, or its process has ended.");
    }

    private void Connect()
    {
        if (connection < 0)
            connection = init.OpenDns();
        IsRunning = true;
    }
}
