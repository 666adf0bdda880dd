using System.CommandLine;
using NsFixture.Limiting;
using NsFixture.Linux;

namespace NsFixture.Cli.Commands;

internal static class CleanCommand
{
    public static Command Create()
    {
        var kept = new Argument<int?>("id") { Description = "A sandbox that was kept by [IsolatedNetwork(Keep = …)]: it is ended before its time. None: whatever is left.", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> json = Options.Json(), dry = new("--dry-run") { Description = "Only say what there is; exit code 1 if there is anything." };
        var command = new Command("clean", "Ends sandboxes and removes control groups that a crash or a bug has left, and says how it knows that they are.") { kept, dry, json };
        command.SetAction(parsed => parsed.GetValue(kept) is { } id ? EndKept(id, parsed.GetValue(json)) : Run(parsed.GetValue(dry), parsed.GetValue(json)));
        return command;
    }

    private static int EndKept(int id, bool json)
    {
        int process = (int)Libc.Syscall(SyscallNumbers.PidFdOpen, id, 0, 0, 0, 0);
        string? proof = new SandboxSurvey().FindKept(id); // of the process that the descriptor is of
        bool ended = process >= 0 && proof != null && End(process);
        Descriptors.Close(process);
        if (proof == null)
            throw new BadArgumentException($"sandbox {id} is none that was kept: 'nsfixture ls' lists those that there are.");
        if (json)
            Output.WriteJson((object[])[new { Id = id, Proof = proof, Ended = ended }]);
        else
            Console.Out.WriteLine($"{(ended ? "ended" : "could not be ended (run as the user who owns it)")}: {proof}");
        return ended ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static int Run(bool dry, bool json)
    {
        var left = new List<object>();
        var lines = new List<string>();
        foreach (var (id, proof) in new SandboxSurvey().FindLeft())
        {
            // The descriptor is of the process that was looked at: a number might be another's by now.
            int process = (int)Libc.Syscall(SyscallNumbers.PidFdOpen, id, 0, 0, 0, 0);
            if (process < 0 || !new SandboxSurvey().FindLeft().Any(l => l.Id == id && l.Proof == proof))
                continue;
            bool ended = !dry && End(process);
            Descriptors.Close(process);
            left.Add(new { Id = id, Proof = proof, Ended = ended });
            lines.Add($"{(dry ? "left" : ended ? "ended" : "could not be ended (run as the user who owns it)")}: {proof}");
        }
        foreach (string directory in ControlGroup.FindLeft().ToList())
        {
            string proof = $"control group {directory} is named after process {Path.GetFileName(directory).Split('-')[2]}, which has gone";
            bool ended = !dry && ControlGroup.Remove(directory);
            left.Add(new { Id = directory, Proof = proof, Ended = ended });
            lines.Add($"{(dry ? "left" : ended ? "removed" : "could not be removed (run as the user who owns it)")}: {proof}");
        }
        if (json)
            Output.WriteJson(left);
        else
            Console.Out.WriteLine(lines.Count == 0 ? "Nothing is left of any sandbox." : string.Join(Environment.NewLine, lines));
        return dry && lines.Count > 0 ? ExitCodes.No : ExitCodes.Done;
    }

    private static bool End(int process)
    {
        try
        {
            PidFd.Signal(process, SignalNumbers.SIGKILL);
            return true;
        }
        catch (LinuxException)
        {
            return false;
        }
    }
}
