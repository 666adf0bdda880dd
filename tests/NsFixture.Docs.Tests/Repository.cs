using System.Reflection;

namespace NsFixture.Docs.Tests;

/// <summary>The files of this repository, as they are now.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>README, CHANGELOG and docs.</summary>
    public static IReadOnlyList<string> Pages { get; } =
        [.. Directory.GetFiles(Root, "*.md").Concat(Directory.GetFiles(Path.Combine(Root, "docs"), "*.md")).Order()];

    /// <summary>All of src, for what the pages quote from it.</summary>
    public static string Source { get; } = string.Join('\n',
        from file in Directory.EnumerateFiles(Path.Combine(Root, "src"), "*", SearchOption.AllDirectories)
        where Path.GetExtension(file) is ".cs" or ".props" or ".targets"
        where !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)
        select File.ReadAllText(file));
}
