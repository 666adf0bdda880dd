namespace NsFixture.EndToEnd.Tests;

/// <summary>A directory that goes with its test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("nsfixture-e2e-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>A copy of a test project's output: coverage tools rewrite assemblies in place, and tests here run at once.</summary>
    public string Copy(string from)
    {
        string to = System.IO.Path.Combine(Path, "bin");
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return to;
    }
}
