namespace NsFixture.Tests.Recording;

/// <summary>One way to run the conformance tests.</summary>
/// <param name="Build">Which of the builds: <c>Plain</c>, <c>Isolated</c> or <c>PerClass</c>, after the framework's name where that is not xUnit.net.</param>
/// <param name="Arguments">For the recorder.</param>
public sealed record RunSettings(string Build, string Arguments = "")
{
    /// <summary>What no build runs unless it is asked to, and the plain one cannot.</summary>
    public const string WithoutCrashes = "--except Conformance.Crashes.";

    /// <summary>The arguments that choose a part where a fresh runtime for each test would take too long; with CONFORMANCE_ALL=1, which is for 'eng/test.sh all', nothing is left out.</summary>
    public static string Part(string arguments) => System.Environment.GetEnvironmentVariable("CONFORMANCE_ALL") == "1" ? "" : arguments;

    /// <summary>NSFIXTURE_LAUNCHER.</summary>
    public string? Launcher { get; init; }

    /// <summary>NSFIXTURE_USER_MAPPING.</summary>
    public string? UserMapping { get; init; }

    /// <summary>Other environment variables, NAME=value, separated by spaces.</summary>
    public string Environment { get; init; } = "";

    /// <summary>The plain run that this one is to equal.</summary>
    public RunSettings Plain => new(Build[..(Build.LastIndexOf('.') + 1)] + "Plain", Arguments);

    /// <summary>Whether any test of a class is run.</summary>
    public bool Includes(string className)
    {
        string[] arguments = Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var prefixes = arguments.Zip(arguments.Skip(1)).Where(p => p.First is "--only" or "--except").ToLookup(p => p.First, p => p.Second);
        return (!prefixes.Contains("--only") || prefixes["--only"].Any(p => className.StartsWith(p, StringComparison.Ordinal))) &&
               !prefixes["--except"].Any(p => (className + ".").StartsWith(p, StringComparison.Ordinal));
    }

    public override string ToString() =>
        string.Join(' ', new[] { Build, Launcher, UserMapping == null ? null : $"{UserMapping} user mapping", Environment, Arguments }.Where(s => !string.IsNullOrEmpty(s)));
}
