namespace NsFixture.Isolated.Tests;

/// <summary>Programs that tests need and that a machine may lack.</summary>
internal static class Programs
{
    /// <summary>Fails, and says what to install: a test that needs a program is not passed without it.</summary>
    public static void Require(string program, string package)
    {
        if (Find(program) == null)
            throw Missing(program, package);
    }

    /// <summary>A program of PostgreSQL's, which Debian has by version and not in PATH.</summary>
    public static string PostgreSql(string program) =>
        (Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : []).Select(d => $"{d}/bin/{program}").FirstOrDefault(File.Exists) ?? throw Missing(program, "postgresql");

    private static string? Find(string program)
    {
        string path = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        return path.Split(':').Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
    }

    private static InvalidOperationException Missing(string program, string package) =>
        new($"This test needs \"{program}\", which is not on this machine: install Debian's package {package} (eng/test.sh does, as root).");
}
