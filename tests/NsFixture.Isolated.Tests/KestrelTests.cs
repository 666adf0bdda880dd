using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>A web application on a host, in the test's own process.</summary>
internal static class Kestrel
{
    public static async Task<WebApplication> Start(VirtualHost host, Func<HttpContext, string> answer, Action<IWebHostBuilder>? configure = null, params int[] ports)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseHost(host, ports);
        configure?.Invoke(builder.WebHost);
        WebApplication app = builder.Build();
        app.Run(context => context.Response.WriteAsync(answer(context)));
        await app.StartAsync();
        return app;
    }
}

/// <summary>Kestrel on hosts.</summary>
public abstract class KestrelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private protected abstract VirtualNetwork Network { get; }

    private async Task<string> Get(string from, string url)
    {
        using HttpClient client = Network[from].HttpClient();
        return await client.GetStringAsync(new Uri(url)).WaitAsync(Patience);
    }

    [Fact]
    public async Task Two_hosts_have_the_same_port_and_each_answers_for_itself()
    {
        await using WebApplication one = await Kestrel.Start(Network["client"], c => $"client to {c.Connection.RemoteIpAddress!.MapToIPv4()}"), two = await Kestrel.Start(Network["server"], c => $"server to {c.Connection.RemoteIpAddress!.MapToIPv4()}");
        (await Get("client", "http://server/")).Should().Be($"server to {Network["client"].Address}");
        (await Get("test", "http://client/")).Should().Be($"client to {Network["test"].Address}");
        (await Get("server", $"http://[{Network["server"].Address6}]/")).Should().StartWith("server to");
    }

    [Fact]
    public async Task It_is_on_its_host_alone()
    {
        await using WebApplication app = await Kestrel.Start(Network["server"], _ => "hello", null, 8080, 0);
        app.Urls.Should().HaveCount(2).And.Contain("http://[::]:8080").And.NotContain("http://[::]:0");
        foreach (string url in app.Urls)
            (await Get("client", $"http://server:{new Uri(url.Replace("[::]", "any")).Port}/")).Should().Be("hello");
        using var outside = new TcpClient();
        var connecting = () => outside.ConnectAsync(IPAddress.Loopback, 8080).WaitAsync(Patience);
        (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
    }

    [Fact]
    public async Task Endpoints_of_other_settings_are_on_the_host_too()
    {
        await using WebApplication app = await Kestrel.Start(Network["server"], _ => "by settings", web => web.ConfigureKestrel(o => o.Listen(Network["server"].Address, 5000)));
        (await Get("client", "http://server:5000/")).Should().Be("by settings");
        var other = () => Network["client"].ConnectAsync(Network["server"].Address6.ToString(), 5000).WaitAsync(Patience);
        await other.Should().ThrowAsync<SocketException>("it listens on one address");
    }

    [Fact]
    public async Task A_port_that_is_taken_on_the_host_is_said_to_be()
    {
        using Socket listener = Network["server"].Listen(80);
        var starting = () => Kestrel.Start(Network["server"], _ => "");
        (await starting.Should().ThrowAsync<IOException>()).WithMessage("*already in use*");
        await using WebApplication elsewhere = await Kestrel.Start(Network["client"], _ => "free here");
        (await Get("server", "http://client/")).Should().Be("free here");
    }
}

/// <summary>By a fork of the warm runtime.</summary>
[IsolatedNetwork(Hosts = ["client", "server"], Launcher = LauncherKind.Fork)]
public class ForkedKestrelTests : KestrelTests
{
    private protected override VirtualNetwork Network => IsolatedNetwork.Current.Network;
}

/// <summary>From a plain test.</summary>
public class PlainKestrelTests(OfficeNetwork office) : KestrelTests, IClassFixture<OfficeNetwork>
{
    private protected override VirtualNetwork Network => office.Network;
}
