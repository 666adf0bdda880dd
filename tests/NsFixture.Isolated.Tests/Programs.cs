namespace NsFixture.Isolated.Tests;

/// <summary>Programs that tests need and that a machine may lack.</summary>
internal static class Programs
{
    /// <summary>Fails, and says what to install: a test that needs a program is not passed without it.</summary>
    public static void Require(string program, string package)
    {
        string path = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        if (!path.Split(':').Any(directory => File.Exists(Path.Combine(directory, program))))
            throw new InvalidOperationException($"This test needs \"{program}\", which is not on this machine: install Debian's package {package} (eng/test.sh does, as root).");
    }
}
