namespace NsFixture.Cli;

/// <summary>A sandbox for one command: new namespaces of every type but time, uid 0, the machine's tree. The tool becomes the command, so there is nothing left to end.</summary>
internal static class FreshSandbox
{
    private const NamespaceTypes Types = NamespaceTypes.All & ~NamespaceTypes.Time;

    public static NamespaceCommand Command(string program, string[] arguments) =>
        new NamespaceCommand(program).WithArguments(arguments).WithNew(Types).WithMappedRoot().WithInit().WithKillChild().WithMountedProc().WithLoopback();

    public static int Exec(string program, string[] arguments)
    {
        Command(program, arguments).Exec();
        return ExitCodes.Failed;
    }
}
