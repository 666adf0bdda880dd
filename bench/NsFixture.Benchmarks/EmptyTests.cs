using System.Net;
using System.Net.Sockets;
using NsFixture.Xunit;
using Xunit;

namespace NsFixture.Benchmarks;

/// <summary>What is measured: tests that do nothing.</summary>
public class EmptyTests
{
    /// <summary>More rows than any case takes.</summary>
    public static IEnumerable<object[]> Rows => Enumerable.Range(0, 10_000).Select(i => new object[] { i });

    /// <summary>Runs in a sandbox; by the launcher that is to be measured, and no other.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows)), IsolatedNetwork]
    public void Isolated(int row)
    {
        _ = row;
        if (IsolatedNetwork.Current.Launcher.ToString() != Environment.GetEnvironmentVariable("NSFIXTURE_LAUNCHER"))
            throw new InvalidOperationException(string.Join(Environment.NewLine, IsolatedNetwork.Current.Diagnostics));
    }

    /// <summary>Runs on a network with two more hosts.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows)), IsolatedNetwork(Hosts = ["client", "server"])]
    public async Task RoundTrip(int row)
    {
        _ = row;
        VirtualNetwork network = IsolatedNetwork.Current.Network;
        using Socket listener = network["server"].Listen(80);
        using TcpClient client = await network["client"].ConnectAsync("server", 80);
        await GoAroundAsync(client, listener);
    }

    /// <summary>Runs on a network with two more hosts, and has nothing to do with them.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows)), IsolatedNetwork(Hosts = ["client", "server"])]
    public void WithHosts(int row) => _ = row;

    /// <summary>Goes the same way on its own host: what a first use of sockets takes by itself.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows)), IsolatedNetwork]
    public async Task Loopback(int row)
    {
        _ = row;
        using var listener = new TcpListener(IPAddress.Loopback, 80);
        listener.Start();
        using var client = new TcpClient(AddressFamily.InterNetwork);
        await client.ConnectAsync(IPAddress.Loopback, 80);
        await GoAroundAsync(client, listener.Server);
    }

    /// <summary>Runs in a tree of one program, as it would in one of an image.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows)), IsolatedNetwork(Root = RootKind.Minimal, RootPrograms = ["sh"])]
    public void InMinimalTree(int row) => _ = row;

    /// <summary>Runs in an image that is unpacked already.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows)), IsolatedNetwork(RootTree = typeof(MeasuredImage))]
    public void InImage(int row) => _ = row;

    /// <summary>Runs in all namespaces and no root tree.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows)), IsolatedNetwork(RootTree = typeof(NoTree))]
    public void InNoTree(int row) => _ = row;

    /// <summary>Runs in the machine's tree, to be read only.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows)), IsolatedNetwork(Root = RootKind.ReadOnly)]
    public void InReadOnlyTree(int row) => _ = row;

    /// <summary>Runs without privileges.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows)), IsolatedNetwork(Hardened = true)]
    public void Hardened(int row) => _ = row;

    /// <summary>Leaves a program on a host that ends when its sandbox tells it to.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows)), IsolatedNetwork(Hosts = ["server"])]
    public Task WithObedientProgram(int row) => StartAsync(row, "HUP");

    /// <summary>Leaves one that does not.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows)), IsolatedNetwork(Hosts = ["server"])]
    public Task WithStubbornProgram(int row) => StartAsync(row, "TERM");

    private static async Task GoAroundAsync(TcpClient client, Socket listener)
    {
        using Socket server = await listener.AcceptAsync();
        byte[] one = new byte[1];
        await client.GetStream().WriteAsync(one);
        await server.ReceiveAsync(one);
        await server.SendAsync(one);
        await client.GetStream().ReadExactlyAsync(one);
    }

    private static Task<HostProcess> StartAsync(int row, string ignored) => IsolatedNetwork.Current.Network["server"].Command("sh")
        .WithArguments("-c", $"trap '' {ignored}; echo ready; exec sleep {1000 + row}").WithReadyLine("ready").StartAsync();

    /// <summary>Runs in the measuring process.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(Rows))]
    public void Plain(int row) => _ = row;
}

/// <summary>No root tree.</summary>
public sealed class NoTree() : RootTree(None);

/// <summary>An image with one file.</summary>
public sealed class MeasuredImage() : RootTree(FromImage(Unpacking.SmallImage()));
