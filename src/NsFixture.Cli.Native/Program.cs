using NsFixture.Launching;
using NsFixture.Linux;

namespace NsFixture.Cli;

/// <summary>
/// The tool's front door where it is published for one machine: 'run -- COMMAND', whose start is most of what it takes, is done here by native code, without a runtime to start. All else is the tool's proper, which this process
/// becomes.
/// </summary>
internal static class Program
{
    private const string Tool = "NsFixture.Cli";

    private static int Main(string[] arguments)
    {
        try
        {
            return arguments is ["run", "--", var program, .. var rest] ? FreshSandbox.Exec(program, rest) : Become(Path.Combine(AppContext.BaseDirectory, Tool), arguments);
        }
        catch (NamespaceException e)
        {
            Console.Error.WriteLine("nsfixture: " + e.Message.ReplaceLineEndings(" "));
            return ExitCodes.Failed;
        }
    }

    private static unsafe int Become(string tool, string[] arguments)
    {
        _ = Libc.Signal(SignalNumbers.SIGPIPE, 0); // .NET ignores it, and what is ignored stays so
        fixed (byte* path = Utf8.Zero(tool))
            _ = Libc.ExecVe(path, Utf8.NewArray([tool, .. arguments]), Utf8.NewArray(DotnetHost.CurrentEnvironment()));
        Console.Error.WriteLine($"nsfixture: {tool} cannot be started, which has to lie beside this program: publish both into one directory, as eng/publish-tool.sh does. ({LinuxException.Last("execve", tool).Message})");
        return ExitCodes.Failed;
    }
}
