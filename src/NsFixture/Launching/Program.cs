namespace NsFixture.Launching;

/// <summary>
/// What <c>dotnet exec … NsFixture.dll</c> does. Only NsFixture itself starts it, so it takes what it is given and explains
/// itself to anyone else.
/// </summary>
internal static class Program
{
    /// <summary>False in the fork server, and in everything that it forks or that is executed in a sandbox.</summary>
    public static bool IsTestHost { get; private set; } = true;

    private static int Main(string[] arguments)
    {
        IsTestHost = false;
        switch (arguments)
        {
            case ["fork-server", var runnerType, var assemblyPath]:
                return ForkServerProcess.Run(runnerType, assemblyPath);
            case ["run-test"]:
                TestProcess.Run(Wire.SocketDescriptor, Wire.ControlDescriptor);
                return 0;
            case ["enter", var entrance, var host, var user, var chosen, var directory, .. var program]:
                return EnterProgram.Run(entrance, int.Parse(host, System.Globalization.CultureInfo.InvariantCulture), user, chosen, directory, program);
            default:
                Console.Error.WriteLine("NsFixture.dll is started by NsFixture's test adapters. To run isolated tests, use 'dotnet test'.");
                return 2;
        }
    }
}
