using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>No code of a test ends up on a host that it was not meant for.</summary>
[IsolatedNetwork(Hosts = ["client", "server"])]
public class WrongHostTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    private static VirtualHost Client => Network["client"];

    private static VirtualHost Server => Network["server"];

    // The namespace of the thread that asks.
    private static string Here => new FileInfo("/proc/thread-self/ns/net").LinkTarget!;

    private static string Home => new FileInfo("/proc/self/ns/net").LinkTarget!;

    [Fact]
    public async Task Asynchronous_code_stays_on_its_host_through_every_await()
    {
        string there = Server.Run(() => Here);
        there.Should().NotBe(Home);
        List<string> seen = await Server.RunAsync(async () =>
        {
            var places = new List<string> { Here };
            await Task.Yield();
            places.Add(Here);
            await Task.Delay(1).ConfigureAwait(false);
            places.Add(Here);
            await Task.WhenAll(Enumerable.Range(0, 20).Select(async i => await Task.Delay(i).ConfigureAwait(false))).ConfigureAwait(false);
            places.Add(Here);
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            using var client = new TcpClient();
            await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
            places.Add(Here);
            return places;
        }).WaitAsync(Patience);
        seen.Should().HaveCount(5).And.OnlyContain(p => p == there);
        Here.Should().Be(Home);
    }

    [Fact]
    public void Tasks_timers_and_threads_that_code_starts_are_on_its_host_too()
    {
        string there = Server.Run(() => Here);
        string[] seen = Server.Run(() =>
        {
            var places = new ConcurrentBag<string> { Task.Run(() => Here).Result, Task.Run(async () => { await Task.Delay(1); return Here; }).Result };
            var thread = new Thread(() => places.Add(Here));
            thread.Start();
            thread.Join();
            using var rang = new ManualResetEventSlim();
            using var timer = new Timer(_ => { places.Add(Here); rang.Set(); }, null, 1, Timeout.Infinite);
            rang.Wait(Patience).Should().BeTrue();
            Parallel.For(0, 8, _ => places.Add(Here));
            return places.ToArray();
        });
        seen.Should().HaveCount(12).And.OnlyContain(p => p == there);
        Here.Should().Be(Home);
    }

    [Fact]
    public async Task Threads_that_the_pool_starts_for_code_on_a_host_do_not_stay_there()
    {
        using var stop = new CancellationTokenSource();
        var wrong = new ConcurrentBag<string>();
        // Code at home, all the while, on whichever threads there are.
        Task[] atHome = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (Here != Home)
                    wrong.Add(Here);
                await Task.Delay(1);
            }
        }))];
        for (int round = 0; round < 5; round++)
            await Server.RunAsync(async () =>
            {
                // More than the pool has threads, so that it starts some from this host.
                string there = Here;
                string[] places = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => Task.Run(() => { Thread.Sleep(20); return Here; })));
                places.Should().OnlyContain(p => p == there);
            }).WaitAsync(Patience);
        string[] after = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => Here)));
        await stop.CancelAsync();
        await Task.WhenAll(atHome);
        after.Should().OnlyContain(p => p == Home);
        wrong.Should().BeEmpty();
    }

    [Fact]
    public async Task Hosts_do_not_get_in_each_others_way()
    {
        string client = Client.Run(() => Here), server = Server.Run(() => Here);
        Task<bool>[] all = [.. Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? Client : Server).RunAsync(async () =>
        {
            for (int n = 0; n < 50; n++)
            {
                if (Here != (i % 2 == 0 ? client : server))
                    return false;
                await Task.Yield();
            }
            return true;
        }))];
        (await Task.WhenAll(all).WaitAsync(Patience)).Should().OnlyContain(right => right);
        Here.Should().Be(Home);
    }

    [Fact]
    public async Task Code_on_one_host_may_visit_another_and_is_back_afterwards()
    {
        string client = Client.Run(() => Here), server = Server.Run(() => Here);
        string[] seen = await Client.RunAsync(async () =>
        {
            string first = Here, second = Server.Run(() => Here), third = Here;
            string fourth = await Server.RunAsync(async () => { await Task.Yield(); return Here; });
            return (string[])[first, second, third, fourth, Here];
        }).WaitAsync(Patience);
        seen.Should().Equal(client, server, client, server, client);
    }

    [Fact]
    public async Task What_code_leaves_running_stays_on_the_host()
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string there = Server.Run(() => Here);
        Task<string>? left = null;
        Server.Run(() => { left = LaterAsync(); });
        go.SetResult();
        (await left!.WaitAsync(Patience)).Should().Be(there);
        Here.Should().Be(Home);

        async Task<string> LaterAsync()
        {
            await go.Task.ConfigureAwait(false);
            return Here;
        }
    }

    [Fact]
    public async Task An_HTTP_client_made_on_a_host_connects_from_it()
    {
        using Socket listener = Server.Listen(80);
        Task<IPAddress> serving = Task.Run(async () =>
        {
            using Socket connection = await listener.AcceptAsync();
            await connection.ReceiveAsync(new byte[4096]);
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"u8.ToArray());
            return ((IPEndPoint)connection.RemoteEndPoint!).Address.MapToIPv4();
        });
        string body = await Client.RunAsync(async () =>
        {
            using var http = new HttpClient();
            return await http.GetStringAsync($"http://{Server.Address}/");
        }).WaitAsync(Patience);
        body.Should().Be("hi");
        (await serving).Should().Be(Client.Address);
    }

    [Fact]
    public async Task A_program_that_code_on_a_host_starts_is_on_that_host()
    {
        string there = Server.Run(() => Here);
        string said = await Server.RunAsync(async () =>
        {
            using Process process = Process.Start(new ProcessStartInfo("readlink", "/proc/self/ns/net") { RedirectStandardOutput = true })!;
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return output;
        }).WaitAsync(Patience);
        said.Trim().Should().Be(there);
    }

    [Fact]
    public void Asynchronous_code_in_disguise_is_refused()
    {
        Action[] disguised =
        [
            () => Server.Run<Task>(async () => await Task.Yield()),
            () => Server.Run<object>(() => Task.CompletedTask),
            () => Server.Run(() => ValueTask.FromResult(1)).AsTask(),
            () => Server.Run(Nothing),
        ];
        foreach (Action running in disguised)
            running.Should().Throw<InvalidOperationException>().WithMessage("*\"server\" is asynchronous*RunAsync*");

        static async void Nothing() => await Task.Delay(50);
    }

    [Fact]
    public async Task An_exception_of_asynchronous_code_comes_out_as_it_was()
    {
        var running = () => Server.RunAsync(async () =>
        {
            await Task.Yield();
            throw new NotSupportedException("mine");
        });
        await running.Should().ThrowAsync<NotSupportedException>().WithMessage("mine");
        Here.Should().Be(Home);
    }

    [Fact]
    public async Task Code_does_not_go_to_a_host_that_is_switched_off()
    {
        Server.Kill();
        var running = () => Server.RunAsync(() => Task.CompletedTask);
        await running.Should().ThrowAsync<SandboxException>().WithMessage("*switched off*");
    }
}
