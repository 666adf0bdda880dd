using NsFixture.Diagnostics;

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
            case ["probe"]:
                return ProbeProcess.Run();
            case ["doctor", .. var options] when options is [] or ["--json"]:
                DoctorReport report = Doctor.Examine();
                Console.Out.WriteLine(options is [] ? report.ToText() : report.ToJson());
                return report.CanIsolate ? 0 : 1;
            default:
                Console.Error.WriteLine("NsFixture.dll is started by NsFixture's test adapters. To run isolated tests, use 'dotnet test'; 'doctor' and 'doctor --json' say whether they can run here.");
                return 2;
        }
    }
}
