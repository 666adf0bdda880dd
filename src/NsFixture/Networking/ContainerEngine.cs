using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace NsFixture.Networking;

/// <summary>What the engine says of a container.</summary>
/// <param name="Name">Its name, without the slash that Docker puts before it.</param>
/// <param name="ProcessId">Its first process, as the machine numbers it.</param>
internal sealed record InspectedContainer(string Name, int ProcessId);

/// <summary>
/// Docker, or podman, which speaks Docker's API: HTTP over a Unix socket (Docker Engine API, ContainerInspect). The socket is that of
/// DOCKER_HOST or CONTAINER_HOST; else the first there is of those that the engines listen on by themselves.
/// </summary>
internal static class ContainerEngine
{
    private const string UnixScheme = "unix://";

    /// <exception cref="SandboxException">There is no engine, no such container, or it does not run; what to do.</exception>
    public static async Task<InspectedContainer> InspectAsync(string container, CancellationToken cancellation)
    {
        string socket = FindSocket();
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancel) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel).ConfigureAwait(false);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        };
        using var http = new HttpClient(handler);
        HttpResponseMessage answer;
        try
        {
            answer = await http.GetAsync(new Uri($"http://localhost/containers/{Uri.EscapeDataString(container)}/json"), cancellation).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new SandboxException($"The container engine at {socket} does not answer: {e.Message}. Start it, or let DOCKER_HOST name the socket of the one that has container \"{container}\".", e);
        }
        using (answer)
        {
            string text = await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
            if (answer.StatusCode == HttpStatusCode.NotFound)
                throw new SandboxException($"There is no container \"{container}\" in the engine at {socket}: give its id or its name, or let DOCKER_HOST name the socket of the engine that has it.");
            if (!answer.IsSuccessStatusCode)
                throw new SandboxException(string.Create(CultureInfo.InvariantCulture, $"The container engine at {socket} did not tell about container \"{container}\" (HTTP {(int)answer.StatusCode}): {text}"));
            return Read(container, socket, text);
        }
    }

    private static InspectedContainer Read(string container, string socket, string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement state = document.RootElement.GetProperty("State");
            string name = document.RootElement.GetProperty("Name").GetString()!.TrimStart('/');
            int process = state.GetProperty("Pid").GetInt32();
            if (!state.GetProperty("Running").GetBoolean() || process == 0)
                throw new SandboxException($"Container \"{name}\" does not run (it is {state.GetProperty("Status").GetString()}): start it before it is attached.");
            return new InspectedContainer(name, process);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new SandboxException($"What listens at {socket} does not speak the Docker Engine API: it told about container \"{container}\": {text}", e);
        }
    }

    private static string FindSocket()
    {
        foreach (string variable in (string[])["DOCKER_HOST", "CONTAINER_HOST"])
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } host)
                return host.StartsWith(UnixScheme, StringComparison.Ordinal) ? host[UnixScheme.Length..]
                    : throw new SandboxException($"{variable} = \"{host}\" is not a Unix socket of this machine: the containers of an engine elsewhere cannot be given an interface here. Set it to {UnixScheme}/path.");
        string?[] usual =
        [
            "/var/run/docker.sock", "/run/podman/podman.sock",
            Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own ? own + "/podman/podman.sock" : null,
        ];
        return usual.OfType<string>().FirstOrDefault(File.Exists)
            ?? throw new SandboxException($"There is no container engine: neither DOCKER_HOST nor CONTAINER_HOST is set, and there is no socket at {string.Join(", ", usual.OfType<string>())}. Start Docker, or 'podman system service'.");
    }
}
