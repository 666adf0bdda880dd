using System.Net;
using System.Net.Sockets;

namespace Quickstart;

/// <summary>Fifty tests, each with a server on the port that PostgreSQL uses, all at the same time.</summary>
[IsolatedNetwork(MaxParallel = Count)]
public class FiftyServersTests
{
    private const int Count = 50;

    public static IEnumerable<object[]> Servers => Enumerable.Range(1, Count).Select(n => new object[] { n });

    [Theory, MemberData(nameof(Servers))]
    public void Fifty_tests_hold_port_5432_at_the_same_time(int server)
    {
        using var listener = new TcpListener(IPAddress.Any, 5432);
        listener.Start();
        new Rendezvous("port-5432", server, Count).WaitForAll(TimeSpan.FromMinutes(2));
    }
}
