using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// What a test leaves in its temporary directory. That is private in most sandboxes, and then it is only noted. Where it is the machine's, because it is written through, it stays;
/// but others have their files there as well, so it is told and fails no test.
/// </summary>
internal static class TemporaryFiles
{
    private const int Most = 64; // in a directory with more than that nobody looks: it would take longer than the test
    private static HashSet<string>? before;
    private static string directory = "";

    /// <summary>Remembers what there is before the test.</summary>
    public static void Begin()
    {
        directory = Path.TrimEndingDirectorySeparator(Path.GetTempPath());
        List<string> names = DirectoryNames.Of(directory, Most);
        before = names.Count < Most ? [.. names] : null;
    }

    /// <summary>Adds one line for each that has come since, to what is told or to what is noted.</summary>
    /// <param name="request">Tells what is written through.</param>
    /// <param name="told">Files of the machine.</param>
    /// <param name="noted">Private files.</param>
    public static void Add(TestRequest request, List<string> told, List<string> noted)
    {
        if (before == null)
            return;
        foreach (string name in DirectoryNames.Of(directory, Most))
        {
            string path = $"{directory}/{name}";
            if (before.Contains(name))
                continue;
            if (request.WritesThrough(path))
                told.Add($"the file {path} in the machine's temporary directory");
            else
                noted.Add(path);
        }
    }
}
