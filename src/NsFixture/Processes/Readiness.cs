using System.Net;
using System.Net.Sockets;

namespace NsFixture.Processes;

/// <summary>Waits until a started program does what its command says a ready one does.</summary>
internal static class Readiness
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public static async Task WaitAsync(HostCommand command, VirtualHost host, HostProcess process, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(command.ReadyLimit);
        string awaited = "";
        try
        {
            if (command.ReadyLine != null)
            {
                awaited = $"had not printed \"{command.ReadyLine}\"";
                await UnlessItEnds(process.WaitForLineAsync(command.ReadyLine, limit.Token)).ConfigureAwait(false);
            }
            if (command.ReadyPort != 0)
            {
                awaited = $"did not listen on port {command.ReadyPort}";
                while (!await ListensAsync(host, command.ReadyPort).ConfigureAwait(false))
                    await UnlessItEnds(Task.Delay(Pause, limit.Token)).ConfigureAwait(false);
            }
            if (command.ReadyHttp is { } http)
            {
                awaited = $"did not answer http://{host.Name}:{http.Port}{http.Path} with success";
                while (!await AnswersAsync(host, http.Port, http.Path, limit.Token).ConfigureAwait(false))
                    await UnlessItEnds(Task.Delay(Pause, limit.Token)).ConfigureAwait(false);
            }
            if (command.ReadyCheck is { } check)
            {
                awaited = "was not ready by its check";
                while (!await check(process, limit.Token).ConfigureAwait(false))
                    await UnlessItEnds(Task.Delay(Pause, limit.Token)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HostCommandException($"\"{command}\" on host \"{host.Name}\" {awaited} after {command.ReadyLimit.TotalMilliseconds:0} ms.{process.Said()} Raise WithReadyLimit if it needs longer.");
        }

        async Task UnlessItEnds(Task waiting)
        {
            if (await Task.WhenAny(waiting, process.Exited).ConfigureAwait(false) != waiting)
                throw new HostCommandException($"\"{command}\" on host \"{host.Name}\" {process.End} before it was ready.{process.Said()}");
            await waiting.ConfigureAwait(false);
        }
    }

    private static async Task<bool> AnswersAsync(VirtualHost host, int port, string path, CancellationToken cancellation)
    {
        using HttpClient http = host.HttpClient();
        foreach (IPAddress address in host.Addresses.Prepend(IPAddress.Loopback))
        {
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(new Uri($"http://{new IPEndPoint(address, port)}{path}"), HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode)
                    return true;
            }
            catch (HttpRequestException)
            {
                // Not there, or not yet.
            }
        }
        return false;
    }

    private static async Task<bool> ListensAsync(VirtualHost host, int port)
    {
        foreach (IPAddress address in host.Addresses.Prepend(IPAddress.Loopback))
        {
            try
            {
                using Socket connection = await host.OpenConnectionAsync(new IPEndPoint(address, port), CancellationToken.None).ConfigureAwait(false);
                return true;
            }
            catch (SocketException)
            {
                // Not there, or not yet.
            }
        }
        return false;
    }
}
