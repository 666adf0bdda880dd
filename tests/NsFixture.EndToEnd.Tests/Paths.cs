using System.Reflection;

namespace NsFixture.EndToEnd.Tests;

internal static class Paths
{
    public static string Repository { get; } = Metadata("RepositoryRoot");

    /// <summary>Where <c>--collect</c> finds coverlet's collector.</summary>
    public static string CoverletAdapter { get; } = Metadata("CoverletAdapter");

    /// <summary>Where it finds Microsoft's.</summary>
    public static string CodeCoverageAdapter { get; } = Metadata("CodeCoverageAdapter");

    /// <summary>This machine's NuGet packages.</summary>
    public static string Packages { get; } = Metadata("PackageFolder");

    public static string Configuration { get; } = Metadata("Configuration");

    private static string Metadata(string key) =>
        typeof(Paths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;

    /// <summary>The output directory of a project in tests/testdata.</summary>
    public static string Testdata(string project) =>
        Path.Combine(Repository, "tests", "testdata", project, "bin", Configuration, "net10.0");
}
