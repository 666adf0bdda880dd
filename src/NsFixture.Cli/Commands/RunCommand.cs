using System.CommandLine;

namespace NsFixture.Cli.Commands;

internal static class RunCommand
{
    public static Command Create(string[] program)
    {
        var hosts = new Option<string[]>("--hosts") { Description = "Names of further hosts on its network, by commas.", AllowMultipleArgumentsPerToken = false };
        var root = new Option<string?>("--root") { Description = "What it sees as /: copy (the machine's tree, writes are gone afterwards), readonly, a directory, or an archive of docker save." };
        var limits = new Option<string[]>("--limit") { Description = "What it may take at most: memory=64M, cpu=30%, processes=20, io=10M (a second), files=64. Without --hosts and --root.", AllowMultipleArgumentsPerToken = false };
        var command = new Command("run", "Runs a command in a fresh sandbox, and ends as it does: nsfixture run [options] -- COMMAND…") { hosts, root, limits };
        command.SetAction((parsed, _) => RunAsync([.. (parsed.GetValue(hosts) ?? []).SelectMany(h => h.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))],
            parsed.GetValue(root), parsed.GetValue(limits) ?? [], Options.Required(program, "run")));
        return command;
    }

    private static async Task<int> RunAsync(string[] hosts, string? root, string[] limits, string[] program)
    {
        if (hosts.Length == 0 && root == null)
            return limits.Length == 0 ? FreshSandbox.Exec(program[0], program[1..]) : RunLimited(LimitOptions.Parse(limits), program);
        if (limits.Length > 0)
            throw new BadArgumentException("--limit is for a sandbox of one command: leave --hosts and --root out.");
        Topology topology = Topology.Of(hosts);
        if (root != null)
            topology = topology.WithRoot(Tree(root));
        _ = topology.Describe(); // its mistakes, before anything is made
        await using RunningNetwork running = await RunningNetwork.StartAsync(topology);
        return HostShell.RunUntilInterrupted(running.Network.TestHost.StartInfo(program[0], program[1..]));
    }

    private static int RunLimited(Limits limits, string[] program)
    {
        using NamespaceProcess started = FreshSandbox.Command(program[0], program[1..]).WithLimits(limits).StartAttached();
        int code = HostShell.Wait(started.Process);
        if (limits.Memory is { } memory && HasUsage(started) is { OutOfMemoryKills: > 0 } usage)
            Console.Error.WriteLine($"nsfixture: the kernel has killed {usage.OutOfMemoryKills} process(es) for want of memory: the limit is {memory} bytes, the peak was {usage.MemoryPeak}. Give more by --limit memory=…");
        return code;
    }

    // An ordinary user's memory may be limited without being counted.
    private static ResourceUsage? HasUsage(NamespaceProcess started)
    {
        try
        {
            return started.Usage();
        }
        catch (NamespaceException)
        {
            return null;
        }
    }

    private static RootTree Tree(string root) => root switch
    {
        "copy" => RootTree.CopyOnWrite,
        "readonly" => RootTree.ReadOnly,
        _ when Directory.Exists(root) => RootTree.FromDirectory(Path.GetFullPath(root)),
        _ when File.Exists(root) => RootTree.FromImage(Path.GetFullPath(root)),
        _ => throw new BadArgumentException($"--root: there is no file or directory \"{root}\": give copy, readonly, a directory, or an archive of docker save."),
    };
}
