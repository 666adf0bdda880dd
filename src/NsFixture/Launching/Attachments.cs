namespace NsFixture.Launching;

/// <summary>Where the files of a test are kept when its sandbox is gone: beside the test assembly, in a directory of the test's.</summary>
internal static class Attachments
{
    /// <summary>Where a file of the test's process is to be found afterwards: where it is, if that is written through, or else a copy.</summary>
    /// <param name="request">The test's.</param>
    /// <param name="test">Its name.</param>
    /// <param name="path">As the test sees it; one that is not there is left as it is.</param>
    public static string Keep(TestRequest request, string test, string path)
    {
        path = Path.GetFullPath(path);
        if (request.WritesThrough(path) || !File.Exists(path))
            return path;
        string copy = Path.Combine(DirectoryFor(request.AssemblyPath, test), Path.GetFileName(path));
        File.Copy(path, copy, overwrite: true);
        return copy;
    }

    /// <summary>Made if it is not there.</summary>
    public static string DirectoryFor(string assemblyPath, string test)
    {
        foreach (char c in Path.GetInvalidFileNameChars())
            test = test.Replace(c, '_');
        return Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(assemblyPath)!, "nsfixture-attachments", test.Length > 100 ? test[..100] : test)).FullName;
    }
}
