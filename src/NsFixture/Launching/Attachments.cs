namespace NsFixture.Launching;

/// <summary>Where the files of a test are kept when its sandbox is gone: beside the test assembly, in a directory of the test's.</summary>
internal static class Attachments
{
    /// <summary>Made if it is not there.</summary>
    public static string DirectoryFor(string assemblyPath, string test)
    {
        foreach (char c in Path.GetInvalidFileNameChars())
            test = test.Replace(c, '_');
        return Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(assemblyPath)!, "nsfixture-attachments", test.Length > 100 ? test[..100] : test)).FullName;
    }
}
