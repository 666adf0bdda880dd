using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace NsFixture;

/// <summary>Kestrel on a host.</summary>
public static class VirtualHostWebHostBuilderExtensions
{
    /// <summary>
    /// Has Kestrel listen on a host instead of where the test runs: every endpoint it has, whether by <paramref name="ports"/>, URLs or
    /// <c>ConfigureKestrel</c>. The application runs in the test's own process all the same, and what it connects to itself it connects to
    /// from there: give it the host's <see cref="VirtualHost.HttpClient"/> for that. There is no HTTP/3, which opens sockets of its own.
    /// </summary>
    /// <param name="builder">Of the application.</param>
    /// <param name="host">The host.</param>
    /// <param name="ports">The ports for HTTP on all of the host's addresses, 80 if none are given; 0: any that is free. URLs that are set after this take their place.</param>
    /// <example>
    /// <code>
    /// WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
    /// builder.WebHost.UseHost(network["web"]);
    /// await using WebApplication app = builder.Build();
    /// app.MapGet("/", () => "hello");
    /// await app.StartAsync();
    /// using HttpClient client = network["client"].HttpClient();
    /// string hello = await client.GetStringAsync("http://web/");
    /// </code>
    /// </example>
    public static IWebHostBuilder UseHost(this IWebHostBuilder builder, VirtualHost host, params int[] ports)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(ports);
        return builder
            .UseUrls([.. (ports.Length == 0 ? [80] : ports).Select(port => $"http://*:{port}")])
            .ConfigureServices(services => services
                .RemoveAll<IMultiplexedConnectionListenerFactory>() // QUIC, whose sockets would be the test's own host's
                .Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = endpoint =>
                    endpoint is IPEndPoint ip ? Bind(host, ip) : SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint)));
    }

    private static Socket Bind(VirtualHost host, IPEndPoint endpoint)
    {
        Socket socket = host.OpenSocket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(endpoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
