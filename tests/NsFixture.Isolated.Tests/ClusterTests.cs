using System.Text;
using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Real servers, each on its default port, on hosts of its own.</summary>
[IsolatedNetwork(Hosts = ["one", "two", "three", "client"])]
public class ClusterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    private static string MakeDirectory(string host) => Directory.CreateDirectory($"/tmp/{host}").FullName;

    /// <summary>What a command prints, once it is that; what it printed last, where it never is.</summary>
    private static async Task Eventually(HostCommand command, string expected)
    {
        string last = "";
        for (long limit = Environment.TickCount64 + (long)Patience.TotalMilliseconds; Environment.TickCount64 < limit; await Task.Delay(50))
        {
            CommandResult result = await command.RunAsync().WaitAsync(Patience);
            last = (result.StandardOutput + result.StandardError).Trim();
            if (last.Contains(expected, StringComparison.Ordinal))
                return;
        }
        last.Should().Contain(expected, $"that is what \"{command}\" is to say at last");
    }

    private static HostCommand Redis(string from, string to, params string[] arguments) =>
        Network[from].Command("redis-cli").WithArguments(["-h", to, .. arguments]);

    private static Task<HostProcess> StartRedis(string host, params string[] arguments) =>
        Network[host].Command("redis-server").WithArguments(["--bind", "0.0.0.0", "--protected-mode", "no", "--save", "", "--dir", MakeDirectory(host), "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1", "--repl-timeout", "5", .. arguments])
            .WithReadyPort(6379).StartAsync();

    private static Task<HostProcess> StartSentinel(string host)
    {
        string file = MakeDirectory(host) + "/sentinel.conf";
        File.WriteAllText(file, $"""
            bind 0.0.0.0
            dir /tmp/{host}
            sentinel monitor cluster {Network["one"].Address} 6379 2
            sentinel down-after-milliseconds cluster 1000
            sentinel failover-timeout cluster 5000
            """);
        return Network[host].Command("redis-server").WithArguments(file, "--sentinel").WithReadyPort(26379).StartAsync();
    }

    [Fact]
    public async Task A_Redis_of_three_fails_over_across_a_cut_and_comes_together_again()
    {
        Programs.Require("redis-server", "redis-server");
        // By address: of a name that has both, Redis takes the IPv6 one, and listens on IPv4 here.
        await using HostProcess one = await StartRedis("one"), two = await StartRedis("two", "--replicaof", $"{Network["one"].Address} 6379"), three = await StartRedis("three", "--replicaof", $"{Network["one"].Address} 6379");
        await Eventually(Redis("client", "one", "info", "replication"), "connected_slaves:2");
        await Eventually(Redis("client", "one", "set", "key", "before"), "OK");
        await Eventually(Redis("client", "two", "get", "key"), "before");
        await Eventually(Redis("client", "three", "get", "key"), "before");
        await using HostProcess watcher1 = await StartSentinel("one"), watcher2 = await StartSentinel("two"), watcher3 = await StartSentinel("three");
        await Eventually(Redis("client", "two", "-p", "26379", "sentinel", "master", "cluster"), "num-other-sentinels\n2");
        await Eventually(Redis("client", "three", "-p", "26379", "sentinel", "master", "cluster"), "num-other-sentinels\n2");
        await Eventually(Redis("client", "two", "-p", "26379", "sentinel", "master", "cluster"), "num-slaves\n2");
        await Eventually(Redis("client", "three", "-p", "26379", "sentinel", "master", "cluster"), "num-slaves\n2");

        Network["one"].Disconnect();
        string? leader = null;
        for (long limit = Environment.TickCount64 + (long)Patience.TotalMilliseconds; leader == null && Environment.TickCount64 < limit; await Task.Delay(50))
            foreach (string host in (string[])["two", "three"])
                if ((await Redis("client", host, "role").RunAsync().WaitAsync(Patience)).StandardOutput.StartsWith("master", StringComparison.Ordinal))
                    leader = host;
        leader.Should().NotBeNull("two of three agree that the first is gone");
        await Eventually(Redis("client", leader!, "set", "key", "after"), "OK");
        await Eventually(Redis("client", leader == "two" ? "three" : "two", "get", "key"), "after");
        (await Redis("one", "one", "get", "key").RunAsync().WaitAsync(Patience)).StandardOutput.Should().Be("before\n", "the cut-off one has not heard");

        Network["one"].Reconnect();
        await Eventually(Redis("client", "one", "role"), $"slave\n{Network[leader!].Address}");
        await Eventually(Redis("client", "one", "get", "key"), "after");
    }

    [Fact]
    public async Task Nginx_balances_two_Kestrel_hosts_and_leaves_out_one_that_is_gone()
    {
        Programs.Require("nginx", "nginx-light");
        await using WebApplication one = await Kestrel.Start(Network["one"], _ => "one"), two = await Kestrel.Start(Network["two"], _ => "two");
        File.WriteAllText("/tmp/nginx.conf", """
            daemon off;
            user root root;
            pid /tmp/nginx.pid;
            worker_processes 1;
            events { }
            http {
                access_log off;
                client_body_temp_path /tmp/nginx-body; proxy_temp_path /tmp/nginx-proxy; fastcgi_temp_path /tmp/nginx-fastcgi; uwsgi_temp_path /tmp/nginx-uwsgi; scgi_temp_path /tmp/nginx-scgi;
                upstream app { server one max_fails=1 fail_timeout=60; server two max_fails=1 fail_timeout=60; }
                server { listen 80; location / { proxy_pass http://app; proxy_connect_timeout 1s; } }
            }
            """);
        await using HostProcess nginx = await Network["three"].Command("nginx").WithArguments("-c", "/tmp/nginx.conf", "-e", "stderr").WithReadyHttp(80).StartAsync();
        using HttpClient client = Network["client"].HttpClient();
        List<string> answers = [];
        for (int i = 0; i < 20; i++)
            answers.Add(await client.GetStringAsync(new Uri("http://three/")).WaitAsync(Patience));
        answers.Count(a => a == "one").Should().Be(10, string.Join(' ', answers));
        answers.Count(a => a == "two").Should().Be(10);
        Network["one"].Disconnect();
        answers.Clear();
        for (int i = 0; i < 10; i++)
            answers.Add(await client.GetStringAsync(new Uri("http://three/")).WaitAsync(Patience));
        answers.Should().AllBe("two");
    }

    [Fact]
    public async Task PostgreSQL_answers_another_host()
    {
        string bin = Path.GetDirectoryName(Programs.PostgreSql("initdb"))!;
        HostCommand initdb = Network["one"].Command(bin + "/initdb").WithArguments("--no-sync", "--auth=trust", "--encoding=UTF8", "-D", "/tmp/data").AsUser("postgres");
        (await initdb.RunAsync().WaitAsync(Patience)).ExitCode.Should().Be(0);
        HostCommand allow = Network["one"].Command("sh").WithArguments("-c", "echo 'host all all samenet trust' >> /tmp/data/pg_hba.conf").AsUser("postgres");
        (await allow.RunAsync().WaitAsync(Patience)).ExitCode.Should().Be(0);
        var log = new StringBuilder();
        await using HostProcess server = await Network["one"].Command(bin + "/postgres").WithArguments("-D", "/tmp/data", "-c", "listen_addresses=*", "-c", "unix_socket_directories=/tmp", "-c", "fsync=off")
            .AsUser("postgres").WithReadyLine("ready to accept connections").WithReadyPort(5432).WithOutput(line => log.AppendLine(line)).StartAsync();
        HostCommand psql = Network["client"].Command(bin + "/psql").WithArguments("-h", "one", "-U", "postgres", "-At");
        CommandResult result = await psql.WithStandardInput("create table t as select generate_series(1, 10) n; select sum(n), inet_client_addr() from t;").RunAsync().WaitAsync(Patience);
        result.StandardError.Should().BeEmpty(log.ToString());
        result.StandardOutput.Should().BeOneOf($"SELECT 10\n55|{Network["client"].Address}\n", $"SELECT 10\n55|{Network["client"].Address6}\n");
        await server.DisposeAsync();
        (await server.Exited).Should().Be(0, "SIGTERM ends it in order");
    }
}
