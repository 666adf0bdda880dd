using Spectre.Console;

namespace NsFixture.Cli;

/// <summary>What one does with a network that is up: a line each, from the terminal or from whatever is the input.</summary>
internal sealed class Playground(RunningNetwork running)
{
    private const string Help = """
        table                           hosts, addresses and conditions of links
        watch                           the same with processes and traffic, again and again, until a key is pressed
        shell HOST [CMD…]               a shell, or a command, on a host
        set HOST CONDITIONS             lte, wifi, …; or delay=50 jitter=5 loss=1 rate=1000000
        unplug HOST, plug HOST          takes its links away, and gives them back
        partition HOST… / HOST…         nothing passes between the ones and the others
        heal                            everything passes again
        graph                           Mermaid's text for the networks
        quit                            ends it all, as Ctrl-C does
        """;

    private readonly VirtualNetwork network = running.Network;

    /// <summary>Goes on until the user quits; at the end of the input the network stays up.</summary>
    public void Play(TaskCompletionSource end)
    {
        bool isTerminal = !Console.IsInputRedirected;
        while (true)
        {
            if (isTerminal)
                Console.Out.Write("nsfixture> ");
            if (Console.In.ReadLine() is not { } line)
            {
                if (isTerminal) // Ctrl-D
                    end.TrySetResult();
                return;
            }
            try
            {
                if (!Do(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
                {
                    end.TrySetResult();
                    return;
                }
            }
            catch (Exception e) when (e is BadArgumentException or ArgumentException or SandboxException or InvalidOperationException or IOException or HostCommandException)
            {
                Console.Error.WriteLine("nsfixture: " + e.Message.ReplaceLineEndings(" "));
            }
        }
    }

    public void ShowTable()
    {
        Console.Out.WriteLine($"Sandbox {running.Id}: 'nsfixture enter {running.Id} HOST' from elsewhere; 'help' here; Ctrl-C ends it.");
        Output.WriteTable(Headers, Rows());
    }

    private bool Do(string[] words)
    {
        switch (words)
        {
            case []:
                return true;
            case ["quit" or "exit"]:
                return false;
            case ["table"]:
                Output.WriteTable(Headers, Rows());
                break;
            case ["watch"]:
                Watch();
                break;
            case ["shell", var host, .. var command]:
                string[] program = command is [] ? [Environment.GetEnvironmentVariable("SHELL") is { Length: > 0 } shell ? shell : "/bin/sh"] : command;
                int code = HostShell.Run(network[host].StartInfo(program[0], program[1..]));
                if (code != 0)
                    Console.Out.WriteLine($"exit code {code}");
                break;
            case ["set", var host, _, ..]:
                network[host].SetConditions(TopologyFile.Conditions(words[2..]));
                Console.Out.WriteLine($"{host}: {network[host].Links[0].Up}");
                break;
            case ["unplug", var host]:
                network[host].Disconnect();
                break;
            case ["plug", var host]:
                network[host].Reconnect();
                break;
            case ["partition", .. var sides] when Array.IndexOf(sides, "/") is > 0 and var at && at < sides.Length - 1:
                network.Partition(sides[..at], sides[(at + 1)..]);
                break;
            case ["heal"]:
                network.Heal();
                break;
            case ["graph"]:
                Console.Out.WriteLine(network.ToMermaid());
                break;
            default:
                Console.Out.WriteLine(Help);
                break;
        }
        return true;
    }

    private static readonly string[] Headers = ["HOST", "NETWORK", "DEVICE", "ADDRESSES", "UP", "DOWN"];

    private List<string[]> Rows() =>
        [.. network.Hosts.SelectMany(h => h.Links.Select((l, i) => (string[])[i == 0 ? h.Name : "", l.Network, l.Device, i == 0 ? string.Join(' ', h.Addresses) : "", $"{l.Up}", $"{l.Down}"]))];

    private void Watch()
    {
        if (Console.IsOutputRedirected || Console.IsInputRedirected)
            throw new BadArgumentException("watch takes a terminal: use table.");
        AnsiConsole.Live(Current()).Start(live =>
        {
            while (!Console.KeyAvailable)
            {
                live.UpdateTarget(Current());
                Thread.Sleep(500);
            }
        });
        Console.ReadKey(intercept: true);
    }

    private Table Current()
    {
        int processes = new SandboxSurvey().Find().FirstOrDefault(s => s.Id == running.Id)?.Processes.Count ?? 0;
        return Output.Table([.. Headers, "SENT", "RECEIVED"], [.. network.Hosts.SelectMany(h => h.Links.Select(l =>
        {
            LinkCounters counters = l.Counters();
            return (string[])[h.Name, l.Network, l.Device, string.Join(' ', h.Addresses), $"{l.Up}", $"{l.Down}", $"{counters.Up.Bytes}", $"{counters.Down.Bytes}"];
        }))]).Caption($"{processes} processes; any key ends this");
    }
}
