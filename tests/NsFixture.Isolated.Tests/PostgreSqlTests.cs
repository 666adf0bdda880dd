using FluentAssertions;
using Npgsql;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>The usual tree with a database that was set up once in this run.</summary>
public sealed class WithDatabase() : RootTree(CopyOnWrite.WithTemplate(Directory, "database", host => PrepareAsync(host, Programs.PostgreSql("initdb")), user: "postgres"))
{
    public const string Directory = "/var/lib/postgresql/tested";

    /// <summary>A data directory with a table of three rows, that anyone may connect to.</summary>
    public static async Task PrepareAsync(VirtualHost host, string initdb)
    {
        await RunAsync(host.Command(initdb).WithArguments("--no-sync", "--auth=trust", "--locale=C", "-D", Directory));
        await RunAsync(host.Command(initdb[..^"initdb".Length] + "postgres").WithArguments("--single", "-F", "-D", Directory, "postgres")
            .WithStandardInput("create table numbers as select generate_series(1, 3) as number\n"));
        await RunAsync(host.Command("sh").WithArguments("-c", $"echo 'host all all all trust' >> {Directory}/pg_hba.conf"));
    }

    private static async Task RunAsync(HostCommand command)
    {
        CommandResult result = await command.AsUser("postgres").RunAsync();
        if (result.ExitCode != 0)
            throw new InvalidOperationException($"{command}: {result.StandardOutput}{result.StandardError}");
    }
}

/// <summary>A host whose tree is an image of PostgreSQL, and nothing else.</summary>
public sealed class WithDatabaseImage() : Topology(Of("client").WithHost("db", h => h.WithRoot(
    RootTree.FromImage(PostgreSqlImage.Path).WithTemplate(WithDatabase.Directory, "database of the image", host => WithDatabase.PrepareAsync(host, Programs.PostgreSql("initdb")), user: "postgres"))));

/// <summary>A private PostgreSQL for each test, on the port that it always has.</summary>
public abstract class PostgreSqlTests
{
    protected static Task<HostProcess> StartAsync(HostCommand postgres) => postgres.WithReadyLine("ready to accept connections").StartAsync();

    protected static async Task ServesAsync(string host, int number)
    {
        await using var connection = new NpgsqlConnection($"Host={host};Username=postgres;Pooling=false");
        await connection.OpenAsync();
        connection.Port.Should().Be(5432);
        (await AskAsync("select count(*) from numbers")).Should().Be(3L, "that is what the template has, whatever other tests have written");
        (await AskAsync($"insert into numbers values ({number}) returning number")).Should().Be(number);
        (await AskAsync("select count(*) from numbers")).Should().Be(4L);
        (await AskAsync("select current_setting('data_directory')")).Should().Be(WithDatabase.Directory);
        var uids = (string)(await AskAsync("select pg_read_file('/proc/self/status')"))!;
        uids.Should().MatchRegex("Uid:\t[1-9]", "the server is an ordinary user");

        async Task<object?> AskAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync();
        }
    }
}

/// <summary>From a data directory that was prepared once.</summary>
[IsolatedNetwork(RootTree = typeof(WithDatabase), MaxParallel = 20, Launcher = LauncherKind.Fork)]
public class PostgreSqlTemplateTests : PostgreSqlTests
{
    public static TheoryData<int> Numbers() => [.. Enumerable.Range(100, 20)];

    [Theory, MemberData(nameof(Numbers))]
    public Task Twenty_tests_at_once_have_a_server_each(int number) => A_test_has_a_server_on_the_usual_port(number);

    [Theory, InlineData(7), IsolatedNetwork(RootTree = typeof(WithDatabase), Launcher = LauncherKind.Exec)]
    public async Task A_test_has_a_server_on_the_usual_port(int number)
    {
        await using HostProcess server = await StartAsync(IsolatedNetwork.Current.Network.TestHost.Command(Programs.PostgreSql("postgres")).AsUser("postgres")
            .WithArguments("-D", WithDatabase.Directory, "-F", "-k", "/tmp"));
        await ServesAsync("localhost", number);
        IsolatedNetwork.Current.Changes().Should().Contain(c => c.Path.StartsWith(WithDatabase.Directory + "/base/", StringComparison.Ordinal), "the table was changed in the private layer");
    }
}

/// <summary>From an image, by a test in whose own tree there is no PostgreSQL.</summary>
[IsolatedNetwork<WithDatabaseImage>(Root = RootKind.Minimal, RootPrograms = ["sh"], Launcher = LauncherKind.Fork)]
public class PostgreSqlImageTests : PostgreSqlTests
{
    [Theory, InlineData(1), InlineData(2)]
    public async Task A_server_runs_from_an_image_that_podman_has_built(int number)
    {
        Directory.Exists("/usr/lib/postgresql").Should().BeFalse("this test's own tree has no PostgreSQL");
        VirtualHost db = IsolatedNetwork.Current.Network["db"];
        await using HostProcess server = await StartAsync(db.ImageCommand().WithEnvironmentVariable("PGDATA", WithDatabase.Directory));
        await ServesAsync("db", number);
        (await db.Command("sh").WithArguments("-c", "test -e /usr/bin/env || test -e /usr/lib/postgresql/*/bin/pg_ctl || echo none").RunAsync()).StandardOutput
            .Should().Be("none\n", "the machine's programs are not in the image's tree");
    }
}
