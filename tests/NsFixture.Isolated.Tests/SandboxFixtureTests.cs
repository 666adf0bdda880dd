using System.Net;
using System.Net.Sockets;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Two hosts with a router between them.</summary>
public sealed class ShopAndStore() : Topology(new Topology()
    .WithNetwork("street").WithNetwork("yard")
    .WithRouter("gate")
    .WithHost("shop", h => h.On("street"))
    .WithHost("store", h => h.On("yard").WithDnsNames("store.example")));

/// <summary>A fixture without an attribute, of xUnit.net v2 and v3 alike.</summary>
public class SandboxFixtureTests(SandboxFixture<ShopAndStore> sandbox) : IClassFixture<SandboxFixture<ShopAndStore>>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_plain_test_connects_its_hosts()
    {
        using Socket listener = sandbox["store"].Listen(0);
        using TcpClient client = await sandbox["shop"].ConnectAsync("store.example", ((IPEndPoint)listener.LocalEndPoint!).Port).WaitAsync(Limit);
        Assert.Equal(sandbox["shop"].Address, ((IPEndPoint)client.Client.LocalEndPoint!).Address);
        Assert.False(IsolatedNetwork.IsIsolated);
    }

    [Fact]
    public async Task A_plain_test_asks_by_http()
    {
        using Socket listener = sandbox["store"].Listen(80);
        Task<string> serving = Task.Run(async () =>
        {
            using Socket request = await listener.AcceptAsync();
            var buffer = new byte[1024];
            int n = await request.ReceiveAsync(buffer);
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfour"u8.ToArray());
            return System.Text.Encoding.ASCII.GetString(buffer, 0, n);
        });
        using HttpClient client = sandbox["shop"].HttpClient();
        Assert.Equal("four", await client.GetStringAsync(new Uri("http://store.example/stock")).WaitAsync(Limit));
        Assert.StartsWith("GET /stock HTTP/1.1", await serving.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_plain_test_runs_commands()
    {
        CommandResult result = await sandbox["store"].Command("cat").WithArguments("/etc/hostname").RunAsync().WaitAsync(Limit);
        Assert.Equal("store\n", result.StandardOutput);
    }

    [Fact]
    public void A_host_that_is_not_there_is_named() =>
        Assert.Matches("no host \"office\" in this network; there is .*shop, store", Assert.Throws<ArgumentException>(() => sandbox["office"]).Message);

    [Fact]
    public void A_fixture_that_xunit_did_not_make_says_so() =>
        Assert.Contains("IClassFixture", Assert.Throws<InvalidOperationException>(() => new SandboxFixture<ShopAndStore>().Network).Message);
}

/// <summary>The same for several classes.</summary>
[CollectionDefinition("shop and store")]
public class ShopAndStoreIsShared : ICollectionFixture<SandboxFixture<ShopAndStore>>;

[Collection("shop and store")]
public class SandboxCollectionFixtureTests(SandboxFixture<ShopAndStore> sandbox)
{
    [Fact]
    public void A_collection_shares_it() => Assert.Contains("store", sandbox.Network.Describe());
}
