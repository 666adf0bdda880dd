using System.CommandLine;
using System.CommandLine.Parsing;
using NsFixture.Cli.Commands;

namespace NsFixture.Cli;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        // The one that is to start at once: no parser, which would cost as much as all the rest.
        if (arguments is ["run", "--", var program, .. var rest])
            return Run(() => FreshSandbox.Exec(program, rest));
        return Run(() => Parse(arguments));
    }

    private static int Parse(string[] arguments)
    {
        // What comes after -- is no business of the parser's, which would take unknown options for a part of it.
        int end = Array.IndexOf(arguments, "--");
        string[] program = end < 0 ? [] : arguments[(end + 1)..];
        var root = new RootCommand("Sandboxes, namespaces and networks on this machine, without root.")
        {
            DoctorCommand.Create(), RunCommand.Create(program), UpCommand.Create(), LsCommand.Create(), LsnsCommand.Create(), EnterCommand.Create(), ExecCommand.Create(program),
            GraphCommand.Create(), CleanCommand.Create(), CompletionCommand.Create(),
        };
        ParseResult parsed = root.Parse(end < 0 ? arguments : arguments[..end]);
        string name = parsed.CommandResult.Command.Name, command = parsed.CommandResult.Command is RootCommand ? "" : name + " ";
        if (parsed.Errors is [var first, ..])
            throw new BadArgumentException($"{first.Message.TrimEnd('.').ReplaceLineEndings(" ")}: see 'nsfixture {command}--help'.");
        if (end >= 0 && name is not ("run" or "exec"))
            throw new BadArgumentException($"there is nothing to be after --: see 'nsfixture {command}--help'.");
        // Ctrl-C is each command's own: those that have something to end take care of it, the others end at once.
        return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static int Run(Func<int> command)
    {
        try
        {
            return command();
        }
        catch (Exception e) when (e is BadArgumentException or InvalidTopologyException or InvalidSandboxOptionsException)
        {
            return Tell(e, ExitCodes.BadArguments);
        }
        catch (Exception e) when (e is SandboxException or NamespaceException or HostCommandException or RootTreeException or UnauthorizedAccessException or IOException)
        {
            return Tell(e, ExitCodes.Failed);
        }
    }

    private static int Tell(Exception e, int code)
    {
        Console.Error.WriteLine("nsfixture: " + e.Message.ReplaceLineEndings(" "));
        return code;
    }
}
