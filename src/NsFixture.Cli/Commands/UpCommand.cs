using System.CommandLine;
using System.Runtime.InteropServices;

namespace NsFixture.Cli.Commands;

internal static class UpCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("topology") { Description = "A file of JSON, or of YAML if its name ends in .yaml or .yml; docs/tool.md describes it." };
        Option<bool> json = Options.Json();
        var command = new Command("up", "Has a network up until Ctrl-C, to play with: 'help' lists what can be done.") { file, json };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(file)!, parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> RunAsync(string file, bool json)
    {
        Topology topology = TopologyFile.Read(file);
        _ = topology.Describe(); // its mistakes, before anything is made
        await using RunningNetwork running = await RunningNetwork.StartAsync(topology);
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop), terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop), hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        var play = new Playground(running);
        if (json)
            Output.WriteJson(new { running.Id, Hosts = running.Network.Hosts.Select(h => new DoorHost(h.Name, [.. h.Addresses.Select(a => a.ToString())])) });
        else
            play.ShowTable();
        // It waits in read(2), which nothing interrupts: a thread that the process does not wait for.
        new Thread(() => play.Play(end)) { IsBackground = true, Name = "nsfixture playground" }.Start();
        await end.Task;
        return ExitCodes.Done;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            if (!HostShell.IsRunning || context.Signal != PosixSignal.SIGINT)
                end.TrySetResult();
        }
    }
}
