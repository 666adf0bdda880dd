using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Containers of a real engine on a network.</summary>
[Collection(nameof(Engines))]
public class PodmanContainerTests(Podman podman) : RuntimeContainerTests(podman);

/// <inheritdoc/>
[Collection(nameof(Engines))]
public class DockerContainerTests(Docker docker) : RuntimeContainerTests(docker);

/// <inheritdoc cref="PodmanContainerTests"/>
public abstract class RuntimeContainerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly string? Usual = Environment.GetEnvironmentVariable("DOCKER_HOST");
    private readonly Engine engine;

    protected RuntimeContainerTests(Engine engine)
    {
        this.engine = engine;
        Environment.SetEnvironmentVariable("DOCKER_HOST", engine.Address);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("DOCKER_HOST", Usual);
        GC.SuppressFinalize(this);
    }

    [EngineFact]
    public async Task A_container_is_given_an_interface_and_reaches_hosts_and_is_reached()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(new Topology().WithNetwork("near").WithNetwork("far")
            .WithRouter("between").WithHost("client", h => h.On("near")).WithHost("server", h => h.On("far")));
        string id = await engine.RunAsync("cache_1");
        await using Attachment container = await network.AttachContainerAsync(id, "near", i => i.WithAddress("10.0.0.99"));
        container.Name.Should().Be("cache-1", "an underscore is none of a host's");
        container.Interface.Should().Be("eth0", "the container had none");
        container.Addresses.Select(a => a.ToString()).Should().StartWith("10.0.0.99").And.HaveCount(2);
        network.Describe().Should().Contain("cache-1");

        foreach (string name in (string[])["client", "server"])
        {
            using Socket listener = network[name].Listen(80);
            foreach (IPAddress address in network[name].Addresses)
            {
                Task<string> said = engine.ExecAsync("cache_1", $"exec 3<>/dev/tcp/{address}/80; read -r line <&3; echo $line");
                using Socket connection = await listener.AcceptAsync().WaitAsync(Patience);
                IPAddress from = ((IPEndPoint)connection.RemoteEndPoint!).Address;
                container.Addresses.Should().Contain(from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from);
                await connection.SendAsync("hello\n"u8.ToArray());
                (await said.WaitAsync(Patience)).Should().Be("hello\n");
            }
            // Nobody listens in the container: its kernel says so, and that takes a way there and back, by name and by address.
            foreach (string to in container.Addresses.Select(a => a.ToString()).Append("cache-1"))
            {
                var connecting = () => network[name].ConnectAsync(to, 81).WaitAsync(Patience);
                (await connecting.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
            }
        }
    }

    [EngineFact]
    public async Task A_detached_container_has_what_it_had_before()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("client"));
        string id = await engine.RunAsync("guest"), before = await engine.ExecAsync("guest", "cd /sys/class/net; echo *");
        Attachment container = await network.AttachContainerAsync("guest", "lan", i => i.WithName("lab0"));
        (await engine.ExecAsync("guest", "cd /sys/class/net; echo *")).Should().Contain("lab0");
        var twice = () => network.AttachContainerAsync(id, "lan");
        await twice.Should().ThrowAsync<InvalidTopologyException>().WithMessage("*\"guest\": the name is taken*");
        await container.DisposeAsync();
        await container.DisposeAsync();
        (await engine.ExecAsync("guest", "cd /sys/class/net; echo *")).Should().Be(before);
        network.Describe().Should().NotContain("guest");
        await using (await network.AttachContainerAsync(id, "lan"))
            (await engine.ExecAsync("guest", "cd /sys/class/net; echo *")).Should().Contain("eth0");
        await network.DisposeAsync();
        (await engine.ExecAsync("guest", "cd /sys/class/net; echo *")).Should().Be(before);
    }

    [EngineFact]
    public async Task What_stands_against_an_attachment_is_said_and_nothing_changes()
    {
        await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("client"));
        string before = network.Describe();
        var unknown = () => network.AttachContainerAsync("nobody", "lan");
        await unknown.Should().ThrowAsync<SandboxException>().WithMessage("There is no container \"nobody\" in the engine at *");
        await engine.RunAsync("brief");
        await engine.ControlAsync("stop -t 0 brief");
        var stopped = () => network.AttachContainerAsync("brief", "lan");
        await stopped.Should().ThrowAsync<SandboxException>().WithMessage("Container \"brief\" does not run (it is exited)*");
        await engine.RunAsync("there");
        var nowhere = () => network.AttachContainerAsync("there", "wan");
        await nowhere.Should().ThrowAsync<InvalidTopologyException>().WithMessage("*Network = \"wan\" does not exist*");
        network.Describe().Should().Be(before);
    }
}

/// <summary>Without an engine.</summary>
public class NoContainerTests
{
    [Fact, IsolatedNetwork(Hosts = ["client"])]
    public async Task Inside_an_isolated_test_it_is_said_where_containers_can_be_attached()
    {
        var attaching = () => IsolatedNetwork.Current.Network.AttachContainerAsync("any", "lan");
        await attaching.Should().ThrowAsync<SandboxException>().WithMessage("*VirtualNetwork.CreateAsync*fixture*");
    }
}
