using System.Diagnostics;
using NsFixture.Xunit;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace NsFixture.Benchmarks;

/// <summary>A database for a test alone, from a template; beside setting one up and starting it on the machine.</summary>
internal static class PostgreSql
{
    public static Task<IReadOnlyList<Measurement>> RunAsync(int count)
    {
        Environment.SetEnvironmentVariable("NSFIXTURE_REQUIRE", "1");
        Environment.SetEnvironmentVariable("NSFIXTURE_LAUNCHER", nameof(LauncherKind.Fork));
        var host = new XunitHost();
        int few = Math.Max(3, count / 4);
        List<double> machine = [.. Enumerable.Range(0, few).Select(_ => SetUpAndStart())];
        var test = new Measurement("postgres", host.RunToMoment(nameof(PostgreSqlTest.AnswersAQuery), count, warmUp: 2));
        machine.AddRange(Enumerable.Range(0, few).Select(_ => SetUpAndStart()));
        var baseline = new Measurement("initdb, pg_ctl start", machine);
        return Task.FromResult<IReadOnlyList<Measurement>>([test.With("ratio_to_initdb", test.Median / baseline.Median), baseline]);
    }

    /// <summary>The path of one of PostgreSQL's programs.</summary>
    public static string Program(string name) => (Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : []).Select(d => $"{d}/bin/{name}").FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"There is no '{name}' of PostgreSQL: install Debian's package postgresql.");

    /// <summary>The milliseconds until pg_ctl says that the server takes connections. It refuses root, so root becomes another user.</summary>
    private static double SetUpAndStart()
    {
        string directory = Directory.CreateTempSubdirectory("nsfixture-bench-").FullName, data = directory + "/data", programs = Path.GetDirectoryName(Program("pg_ctl"))!;
        string become = Environment.IsPrivilegedProcess ? "setpriv --reuid=postgres --regid=postgres --clear-groups " : "";
        if (become.Length > 0)
            Run($"chown postgres {directory}");
        try
        {
            long start = Stopwatch.GetTimestamp();
            Run($"cd {directory} && {become}{programs}/initdb --auth=trust -D {data} && {become}{programs}/pg_ctl -D {data} -w -l {directory}/log -o '-p 54329 -k {directory}' start");
            double time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            Run($"cd {directory} && {become}{programs}/pg_ctl -D {data} -m immediate stop");
            return time;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static void Run(string script)
    {
        using Process shell = Process.Start(new ProcessStartInfo("sh", ["-c", script]) { RedirectStandardOutput = true })!;
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        if (shell.ExitCode != 0)
            throw new InvalidOperationException($"'{script}' ended with {shell.ExitCode}: {output}");
    }
}

/// <summary>A data directory that is set up once a run.</summary>
public sealed class WithDatabase() : RootTree(CopyOnWrite.WithTemplate(Directory, "database", async host =>
{
    CommandResult result = await host.Command(PostgreSql.Program("initdb")).WithArguments("--auth=trust", "-D", Directory).AsUser("postgres").RunAsync();
    if (result.ExitCode != 0)
        throw new InvalidOperationException(result.StandardError);
}, user: "postgres"))
{
    /// <summary>Where it is.</summary>
    public const string Directory = "/var/lib/postgresql/measured";
}

/// <summary>What is measured: a test with a database.</summary>
/// <param name="output">Gets the time at which the first query was answered.</param>
public class PostgreSqlTest(ITestOutputHelper output)
{
    /// <summary>Starts the server, and asks it something.</summary>
    /// <param name="row">Each row is a test of its own.</param>
    [Theory, MemberData(nameof(EmptyTests.Rows), MemberType = typeof(EmptyTests)), IsolatedNetwork(RootTree = typeof(WithDatabase))]
    public async Task AnswersAQuery(int row)
    {
        await using HostProcess server = await IsolatedNetwork.Current.Network.TestHost.Command(PostgreSql.Program("postgres")).AsUser("postgres")
            .WithArguments("-D", WithDatabase.Directory, "-k", "/tmp").WithReadyLine("ready to accept connections").StartAsync();
        await using var connection = new NpgsqlConnection("Host=127.0.0.1;Username=postgres;Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"select {row}", connection);
        if (await command.ExecuteScalarAsync() is not int answer || answer != row)
            throw new InvalidOperationException("PostgreSQL answered something else.");
        output.WriteLine($"{Stopwatch.GetTimestamp()}");
    }
}
