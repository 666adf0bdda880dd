using System.Runtime.CompilerServices;

namespace NsFixture.Isolated.Tests;

/// <summary>What the test host is in, told to the isolated tests by the environment, which they are given.</summary>
internal static class HostNamespaces
{
    public const string Variable = "NSFIXTURE_TEST_HOST_NAMESPACES", TieredPgo = "NSFIXTURE_TEST_HOST_PGO";

    private static readonly string[] Types = ["user", "mnt", "pid", "net", "uts", "ipc", "cgroup"];

    public static string Of(string type) => new FileInfo($"/proc/self/ns/{type}").LinkTarget!;

    // Runs in the sandbox too, where the variable is set already.
    [ModuleInitializer]
    internal static void Tell()
    {
        if (Environment.GetEnvironmentVariable(Variable) != null)
            return;
        Environment.SetEnvironmentVariable(TieredPgo, Environment.GetEnvironmentVariable("DOTNET_TieredPGO"));
        Environment.SetEnvironmentVariable(Variable, string.Join(' ', Types.Select(Of)));
    }
}
