namespace NsFixture.Launching;

/// <summary>A line for each sandbox that a test has run in: the steps of its end, and how long they took (NSFIXTURE_TEARDOWN_LOG).</summary>
internal static class TeardownLog
{
    private static readonly string? Path = Environment.GetEnvironmentVariable("NSFIXTURE_TEARDOWN_LOG") is { Length: > 0 } path ? path : null;

    public static bool IsWanted => Path != null;

    /// <summary>Adds a line. A file that cannot be written to is nothing that a test should fail for; standard error says so.</summary>
    public static void Write(string test, IReadOnlyList<string> files, IEnumerable<EndStep> steps)
    {
        try
        {
            File.AppendAllText(Path!, $"{test}: {EndReport.Describe(steps)}{(files.Count == 0 ? "" : $"; private files, gone with it: {string.Join(", ", files)}")}{Environment.NewLine}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"NsFixture: NSFIXTURE_TEARDOWN_LOG={Path} cannot be written to: {e.Message}");
        }
    }
}
