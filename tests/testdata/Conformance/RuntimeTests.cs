using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Conformance;

public class RuntimeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_thread_pool_works()
    {
        var seen = new ConcurrentBag<int>();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(async n =>
        {
            await Task.Delay(n % 10);
            seen.Add(n);
        }));
        Assert.Equal(500, seen.Count);
        Assert.Equal(499_500, Enumerable.Range(0, 1000).AsParallel().Select(n => (long)n).Sum());
    }

    [Fact]
    public void The_garbage_collector_works()
    {
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            var kept = new List<byte[]>();
            for (int i = 0; i < 20_000; i++)
            {
                kept.Add(new byte[1000]);
                if (kept.Count > 1000)
                    kept.Clear();
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        for (int i = 0; i < 5; i++)
            GC.Collect();
        threads.ForEach(t => t.Join());
        GC.WaitForPendingFinalizers();
        Assert.True(GC.CollectionCount(0) >= 5);
    }

    [Fact]
    public async Task A_forgotten_failed_task_fails_no_test()
    {
        await Forget();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        static async Task Forget()
        {
            _ = Task.Run(() => throw new InvalidOperationException("nobody looks"));
            await Task.Delay(50);
        }
    }

    [Fact]
    public void Processes_can_be_started()
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "cat; echo out; echo err >&2; exit 3"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        process.StandardInput.Write("in ");
        process.StandardInput.Close();
        output.WriteLine(process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd());
        process.WaitForExit();
        Assert.Equal(3, process.ExitCode);
    }

    [Fact]
    public async Task Sockets_work()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        Task connecting = client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using TcpClient server = await listener.AcceptTcpClientAsync();
        await connecting;
        await client.GetStream().WriteAsync("hello"u8.ToArray());
        var buffer = new byte[5];
        await server.GetStream().ReadExactlyAsync(buffer);
        output.WriteLine(System.Text.Encoding.ASCII.GetString(buffer));
    }

    [Fact]
    public void Code_can_be_made_at_run_time()
    {
        System.Linq.Expressions.Expression<Func<int, int>> twice = n => n * 2;
        Assert.Equal(8, twice.Compile()(4));
        Assert.Matches(new System.Text.RegularExpressions.Regex("^a+$", System.Text.RegularExpressions.RegexOptions.Compiled), "aaa");
    }

    [Fact]
    public void Timers_fire()
    {
        using var fired = new ManualResetEventSlim();
        using var timer = new Timer(_ => fired.Set(), null, 5, Timeout.Infinite);
        Assert.True(fired.Wait(10_000));
    }
}
