using System.Runtime.InteropServices;

namespace NsFixture.Launching;

/// <summary>How to start NsFixture.dll with exactly the runtime and the dependencies that the test assembly runs with here.</summary>
internal static class DotnetHost
{
    /// <exception cref="SandboxUnavailableException">There is no <c>dotnet</c> to start it with.</exception>
    public static string[] Arguments(string assemblyPath, params ReadOnlySpan<string> arguments)
    {
        string stem = Path.ChangeExtension(assemblyPath, null);
        var all = new List<string> { FindMuxer(), "exec" };
        if (File.Exists(stem + ".deps.json"))
            all.AddRange(["--depsfile", stem + ".deps.json"]);
        if (File.Exists(stem + ".runtimeconfig.json"))
            all.AddRange(["--runtimeconfig", stem + ".runtimeconfig.json"]);
        else if (OwnConfiguration() is { } own)
            all.AddRange(["--runtimeconfig", own]);
        all.Add(CoreAssembly);
        all.AddRange(arguments);
        return [.. all];
    }

    // NsFixture.dll has none of its own, and was started with another's.
    private static string? OwnConfiguration() =>
        Linux.FileSystem.ReadText("/proc/self/cmdline").Split('\0').SkipWhile(a => a != "--runtimeconfig").Skip(1).FirstOrDefault();

    private static string CoreAssembly => typeof(DotnetHost).Assembly.Location;

    /// <summary>NAME=value for this process as it is now, with <paramref name="overrides"/>.</summary>
    public static List<string> CurrentEnvironment(IReadOnlyList<(string Name, string Value)>? overrides = null)
    {
        var environment = new List<string>();
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
            if (overrides == null || overrides.All(o => o.Name != (string)entry.Key))
                environment.Add($"{entry.Key}={entry.Value}");
        environment.AddRange(overrides?.Select(o => $"{o.Name}={o.Value}") ?? []);
        return environment;
    }

    // The runtime lies in <root>/shared/Microsoft.NETCore.App/<version>; a test host started through an apphost is not the muxer itself.
    private static string FindMuxer()
    {
        string root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        string muxer = Path.Combine(root, "dotnet");
        if (File.Exists(muxer))
            return muxer;
        throw new SandboxUnavailableException(
            $"There is no 'dotnet' at {muxer}, so this test host is self-contained, and NsFixture cannot start its fork server with the same runtime: " +
            "build the test project framework-dependent (SelfContained=false).");
    }
}
