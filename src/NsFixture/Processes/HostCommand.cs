using System.Diagnostics;
using System.Globalization;
using NsFixture.Launching;
using NsFixture.Processes;

namespace NsFixture;

/// <summary>A program to be run on a host. Immutable: every <c>With…</c> returns another one.</summary>
/// <example>
/// <code>
/// await using HostProcess redis = await network["cache"].Command("redis-server")
///     .WithArguments("--bind", "*", "--protected-mode", "no")
///     .WithReadyPort(6379)
///     .StartAsync();
/// CommandResult answer = await network["client"].Command("redis-cli").WithArguments("-h", "cache", "ping").RunAsync();
/// </code>
/// </example>
public sealed record HostCommand
{
    private readonly VirtualHost host;
    private readonly InitConnection init;
    private readonly int hostIndex;

    internal HostCommand(VirtualHost host, int hostIndex, InitConnection init, string program)
    {
        ArgumentException.ThrowIfNullOrEmpty(program);
        (this.host, this.hostIndex, this.init, Program) = (host, hostIndex, init, program);
    }

    /// <summary>The program: a path inside, or a name to be found in <c>PATH</c>.</summary>
    public string Program { get; }

    /// <summary>Its arguments, as they are: no shell takes them apart.</summary>
    public IReadOnlyList<string> Arguments { get; private init; } = [];

    /// <summary>Environment variables that differ from the calling process's; null: unset.</summary>
    public IReadOnlyDictionary<string, string?> EnvironmentVariables { get; private init; } = new Dictionary<string, string?>();

    /// <summary>Its working directory, as the sandbox sees it. Default: <c>/</c>.</summary>
    public string WorkingDirectory { get; private init; } = "/";

    /// <summary>The user it runs as: a name, an id, or <c>user:group</c>; null: uid 0.</summary>
    public string? User { get; private init; }

    /// <summary>What it reads from standard input; empty: its end, at once.</summary>
    public string StandardInput { get; private init; } = "";

    /// <summary>The port that it listens on once it is ready; 0: it is ready at once.</summary>
    public int ReadyPort { get; private init; }

    /// <summary>What it prints once it is ready; null: nothing is waited for.</summary>
    public string? ReadyLine { get; private init; }

    /// <summary>The port and path that it answers HTTP requests for with success once it is ready; null: none.</summary>
    public (int Port, string Path)? ReadyHttp { get; private init; }

    /// <summary>Says whether it is ready, asked again and again; null: nobody.</summary>
    public Func<HostProcess, CancellationToken, Task<bool>>? ReadyCheck { get; private init; }

    /// <summary>Whether what it reads comes from <see cref="HostProcess.WriteAsync"/> while it runs.</summary>
    public bool KeepsInputOpen { get; private init; }

    /// <summary>The most time that <see cref="StartAsync"/> waits until it is ready. Default: 30 seconds.</summary>
    public TimeSpan ReadyLimit { get; private init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets every line that it prints, from a thread of the fixture's; null: nobody.</summary>
    public Action<string>? Output { get; private init; }

    /// <summary>With these arguments, instead of those it had.</summary>
    /// <param name="arguments">One each, unquoted.</param>
    public HostCommand WithArguments(params string[] arguments) => this with { Arguments = [.. arguments] };

    /// <summary>With an environment variable; null: without.</summary>
    /// <param name="name">The variable.</param>
    /// <param name="value">Its value.</param>
    public HostCommand WithEnvironmentVariable(string name, string? value) =>
        this with { EnvironmentVariables = new Dictionary<string, string?>(EnvironmentVariables) { [name] = value } };

    /// <summary>With environment variables; null: without.</summary>
    /// <param name="variables">Names and values.</param>
    public HostCommand WithEnvironmentVariables(IEnumerable<KeyValuePair<string, string?>> variables) =>
        variables.Aggregate(this, (command, variable) => command.WithEnvironmentVariable(variable.Key, variable.Value));

    /// <summary>In another working directory.</summary>
    /// <param name="path">Absolute, as the sandbox sees it.</param>
    public HostCommand WithWorkingDirectory(string path) => this with { WorkingDirectory = path };

    /// <summary>
    /// As another user than uid 0, with the groups, HOME, USER, LOGNAME and SHELL that /etc/passwd and /etc/group of the sandbox give it; a
    /// variable that <see cref="WithEnvironmentVariable"/> sets stays. It has no capability, and no port below 1024.
    /// <para>
    /// Where an ordinary user without subordinate ids (subuid(5)) runs the tests, there is one user outside: a program sees itself as the one it was started as, its files and those of uid 0 are
    /// the same user's, and there are no further groups. In a hardened sandbox it is refused.
    /// </para>
    /// </summary>
    /// <param name="user">A name, an id, or <c>user:group</c> with either.</param>
    public HostCommand AsUser(string user)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        return this with { User = user };
    }

    /// <summary>With text on standard input.</summary>
    /// <param name="text">UTF-8 when it arrives.</param>
    public HostCommand WithStandardInput(string text) => this with { StandardInput = text };

    /// <summary>With standard input that stays open, for <see cref="HostProcess.WriteAsync"/> to write to; after the text, if it has one.</summary>
    public HostCommand WithOpenInput() => this with { KeepsInputOpen = true };

    /// <summary>Ready when it answers an HTTP request from its own host with a status of 200 to 299.</summary>
    /// <param name="port">The port.</param>
    /// <param name="path">The path and query.</param>
    public HostCommand WithReadyHttp(int port, string path = "/") => this with { ReadyHttp = (port, path) };

    /// <summary>Ready when a check says so. Conditions add up: all of them are to be met.</summary>
    /// <param name="check">Called again every 10 ms until it returns true. What it throws ends the program.</param>
    public HostCommand WithReadyCheck(Func<HostProcess, CancellationToken, Task<bool>> check) => this with { ReadyCheck = check };

    /// <summary>Ready when it listens on a TCP port of its host.</summary>
    /// <param name="port">The port.</param>
    public HostCommand WithReadyPort(int port) => this with { ReadyPort = port };

    /// <summary>Ready when it has printed a line that contains a text.</summary>
    /// <param name="text">Case counts.</param>
    public HostCommand WithReadyLine(string text) => this with { ReadyLine = text };

    /// <summary>With another limit for becoming ready.</summary>
    /// <param name="limit">More than nothing.</param>
    public HostCommand WithReadyLimit(TimeSpan limit) => this with { ReadyLimit = limit };

    /// <summary>With someone who gets every line of standard output and standard error as it is printed.</summary>
    /// <param name="line">Gets the line, the host's name before it: <c>cache| Ready to accept connections</c>.</param>
    public HostCommand WithOutput(Action<string> line) => this with { Output = line };

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="cancellation">Gives up, and ends it.</param>
    /// <exception cref="HostCommandException">It could not be started, or ended or was not ready in time; with what it printed.</exception>
    public async Task<HostProcess> StartAsync(CancellationToken cancellation = default)
    {
        HostProcess process = Start();
        try
        {
            await Readiness.WaitAsync(this, host, process, cancellation).ConfigureAwait(false);
            return process;
        }
        catch
        {
            await process.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs it to its end.</summary>
    /// <param name="cancellation">Gives up, and ends it.</param>
    /// <returns>How it ended and what it printed. An exit code other than 0 is no exception.</returns>
    /// <exception cref="HostCommandException">It could not be started.</exception>
    public async Task<CommandResult> RunAsync(CancellationToken cancellation = default)
    {
        await using HostProcess process = Start();
        int code = await process.Exited.WaitAsync(cancellation).ConfigureAwait(false);
        return new CommandResult(code, process.StandardOutput, process.StandardError);
    }

    /// <summary>
    /// The same program for <see cref="Process"/>, or for any library that starts processes: with its arguments, environment, directory and user.
    /// How it becomes ready, what it is given to read, and who gets its output, are that library's to say.
    /// </summary>
    /// <seealso cref="VirtualHost.StartInfo"/>
    public ProcessStartInfo StartInfo()
    {
        string index = hostIndex.ToString(CultureInfo.InvariantCulture), chosen = string.Join(',', EnvironmentVariables.Keys);
        string directory = WorkingDirectory == "/" ? "" : WorkingDirectory;
        string[] line = DotnetHost.Arguments(BareServer.Application(), ["enter", init.Entrance(), index, User ?? "", chosen, directory, Program, .. Arguments]);
        var info = new ProcessStartInfo(line[0], line[1..]) { WorkingDirectory = "/" };
        foreach (var (name, value) in EnvironmentVariables)
        {
            if (value == null)
                info.Environment.Remove(name);
            else
                info.Environment[name] = value;
        }
        return info;
    }

    /// <inheritdoc cref="Program"/>
    public override string ToString() => string.Join(' ', Arguments.Prepend(Program));

    private HostProcess Start()
    {
        var environment = new Dictionary<string, string>();
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
            environment[(string)entry.Key] = (string?)entry.Value ?? "";
        foreach (var (name, value) in EnvironmentVariables)
        {
            if (value == null)
                environment.Remove(name);
            else
                environment[name] = value;
        }
        return HostProcess.Start(this, host.Name, hostIndex, init, [.. environment.Select(e => $"{e.Key}={e.Value}")]);
    }
}
