namespace NsFixture.EndToEnd.Tests;

/// <summary>What a commit of this tree would hold: the demo has run in it, and the packages are packed from it.</summary>
public sealed class FreshCheckout : IDisposable
{
    /// <summary>Not a version that this machine could have from elsewhere.</summary>
    internal const string Version = "0.0.926";

    private static readonly string[] Packages = ["NsFixture", "NsFixture.Xunit", "NsFixture.Xunit.V3", "NsFixture.NUnit", "NsFixture.MSTest"];

    private readonly TemporaryDirectory directory = new();

    /// <summary>Copies, runs the demo, packs.</summary>
    public FreshCheckout()
    {
        Command files = Command.Run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], Paths.Repository);
        foreach (string file in files.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string source = Path.Combine(Paths.Repository, file), target = Path.Combine(Tree, file);
            if (!File.Exists(source))
                continue; // removed, not yet committed
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(source, target);
        }
        Demo = Command.Run(["bash", "eng/demo.sh"], Tree, ("NSFIXTURE_REQUIRE", "1"));
        // In one run of MSBuild, which goes on with what the demo has built.
        string all = Path.Combine(Tree, "packages.slnx");
        File.WriteAllText(all, $"<Solution>{string.Concat(Packages.Select(p => $"""<Project Path="src/{p}/{p}.csproj" />"""))}</Solution>");
        Command pack = Command.Run(["dotnet", "pack", all, "-c", "Release", "-o", Feed, "-v", "q", "-nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false", "-p:PackageVersion=" + Version]);
        Assert.True(pack.ExitCode == 0, pack.Output);
        Assert.DoesNotContain("warning", pack.Output, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The run of <c>eng/demo.sh</c>.</summary>
    internal Command Demo { get; }

    /// <summary>Where the packages are.</summary>
    internal string Feed => Path.Combine(directory.Path, "feed");

    private string Tree => Path.Combine(directory.Path, "tree");

    /// <summary>The path of a package.</summary>
    internal string Package(string id) => Path.Combine(Feed, $"{id}.{Version}.nupkg");

    /// <inheritdoc/>
    public void Dispose() => directory.Dispose();
}

/// <summary>The tests that need one.</summary>
[CollectionDefinition(Name)]
public class WithFreshCheckout : ICollectionFixture<FreshCheckout>
{
    internal const string Name = "fresh checkout";
}
