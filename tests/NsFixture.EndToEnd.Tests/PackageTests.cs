using System.IO.Compression;

namespace NsFixture.EndToEnd.Tests;

/// <summary>Projects that consume the packages: built in one run of MSBuild, and those that are built run in one of VSTest.</summary>
public sealed class ConsumerProjects : IDisposable
{
    internal static readonly Consumer[] Working =
    [
        new("all-it-takes"),
        new("all-it-takes-v3") { Framework = "Xunit.V3" },
        new("all-it-takes-nunit") { Framework = "NUnit" },
        new("all-it-takes-mstest") { Framework = "MSTest" },
        new("nunit-5") { Framework = "NUnit", Pinned = ("NUnit", "5.0.0") },
        new("own-framework-derived")
        {
            Properties = "<NsFixtureRegisterTestFramework>false</NsFixtureRegisterTestFramework>",
            Code = """
                [assembly: Xunit.TestFramework("Own", "own-framework-derived")]

                public class Own(Xunit.Abstractions.IMessageSink sink) : NsFixture.Xunit.Sdk.IsolatedTestFramework(sink);
                """,
        },
        new("own-framework-derived-v3")
        {
            Framework = "Xunit.V3",
            Properties = "<NsFixtureRegisterTestFramework>false</NsFixtureRegisterTestFramework>",
            Code = """
                [assembly: Xunit.TestFramework(typeof(Own))]

                public class Own : NsFixture.Xunit.Sdk.IsolatedTestFramework;
                """,
        },
        new("by-hand")
        {
            Properties = "<GenerateAssemblyInfo>false</GenerateAssemblyInfo><NsFixtureRegisterTestFramework>false</NsFixtureRegisterTestFramework>",
            Code = """[assembly: Xunit.TestFramework("NsFixture.Xunit.Sdk.IsolatedTestFramework", "NsFixture.Xunit")]""",
        },
    ];

    internal static readonly Consumer[] Unregistered =
    [
        new("not-registered") { Properties = "<NsFixtureRegisterTestFramework>false</NsFixtureRegisterTestFramework>" },
        new("not-registered-v3") { Framework = "Xunit.V3", Properties = "<NsFixtureRegisterTestFramework>false</NsFixtureRegisterTestFramework>" },
    ];

    private static readonly Consumer[] Broken =
    [
        new("no-assembly-info") { Properties = "<GenerateAssemblyInfo>false</GenerateAssemblyInfo>" },
        new("own-framework")
        {
            Code = """
                [assembly: Xunit.TestFramework("Own", "own-framework")]

                public class Own(Xunit.Abstractions.IMessageSink sink) : Xunit.Sdk.XunitTestFramework(sink);
                """,
        },
        new("own-framework-v3")
        {
            Framework = "Xunit.V3",
            Code = """
                [assembly: Xunit.TestFramework(typeof(Own))]

                public class Own : Xunit.v3.XunitTestFramework;
                """,
        },
    ];

    private readonly TemporaryDirectory directory = new();
    private readonly (string, string)[] environment;
    private readonly Command build;
    private readonly TestRun run;
    private readonly FreshCheckout checkout;

    /// <summary>Builds and runs.</summary>
    public ConsumerProjects(FreshCheckout checkout)
    {
        this.checkout = checkout;
        environment = [("NUGET_PACKAGES", Path.Combine(directory.Path, "packages")), ("NSFIXTURE_REQUIRE", "1")];
        Configure(directory, $"""<add key="packed" value="{checkout.Feed}" />""");
        string all = Path.Combine(directory.Path, "all.slnx");
        File.WriteAllText(all, $"<Solution>{string.Concat(Working.Concat(Unregistered).Concat(Broken).Select(c => $"""<Project Path="{c.Write(directory.Path)}" />"""))}</Solution>");
        build = Command.Run(["dotnet", "build", all, "-nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false"], directory.Path, environment);
        run = TestRun.Together("vstest", Working.Concat(Unregistered).Select(c => c.Assembly(directory.Path)).Where(File.Exists), [], environment: environment);
    }

    /// <summary>The results of a project, once it is sure that it was built without a warning.</summary>
    internal IEnumerable<TestOutcome> Results(Consumer project)
    {
        string said = Said(project.Name);
        Assert.True(said.Length == 0, said);
        return run.ByAssembly[project.Assembly(directory.Path)];
    }

    /// <summary>What the build said of a project.</summary>
    internal string Said(string project) =>
        string.Join('\n', build.Output.Split('\n').Where(l => l.Contains("warning", StringComparison.OrdinalIgnoreCase) || l.Contains("error", StringComparison.OrdinalIgnoreCase))
            .Where(l => l.Contains($"/{project}.csproj", StringComparison.Ordinal)).Distinct());

    /// <summary>Does with a fresh project what the README says: adds the package by the command, and <c>dotnet test</c>.</summary>
    internal Command AddAndTest(Consumer project)
    {
        using var elsewhere = new TemporaryDirectory();
        Configure(elsewhere, "");
        string home = Path.GetDirectoryName(project.Write(elsewhere.Path))!;
        Command added = Command.Run(["dotnet", "add", "package", project.Package, "--source", checkout.Feed], home, environment);
        Assert.True(added.ExitCode == 0, added.Output);
        return Command.Run(["dotnet", "test", "-nodeReuse:false", "-p:UseSharedCompilation=false"], home, environment);
    }

    /// <inheritdoc/>
    public void Dispose() => directory.Dispose();

    // The packages of this machine as a fallback, so that only ours are unpacked; where it has them not, its own sources.
    private static void Configure(TemporaryDirectory directory, string source) => File.WriteAllText(Path.Combine(directory.Path, "nuget.config"), $"""
        <configuration>
          <packageSources>{source}</packageSources>
          <fallbackPackageFolders><add key="machine" value="{Paths.Packages}" /></fallbackPackageFolders>
        </configuration>
        """);
}

[Collection(WithFreshCheckout.Name)]
public class PackageTests(FreshCheckout checkout, ConsumerProjects projects) : IClassFixture<ConsumerProjects>
{
    public static TheoryData<string> Working => [.. ConsumerProjects.Working.Select(c => c.Name)];

    public static TheoryData<string> Unregistered => [.. ConsumerProjects.Unregistered.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Working))]
    public void The_package_and_the_attribute_are_all_it_takes(string project) =>
        Assert.Equal(["Isolated Passed ", "Plain Passed "], projects.Results(ConsumerProjects.Working.Single(c => c.Name == project)).Select(Line));

    [Fact]
    public void The_package_is_added_as_the_readme_says()
    {
        Command run = projects.AddAndTest(new("added") { HasPackage = false });
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Contains("Passed:     2", run.Output);
        Assert.DoesNotContain("warning", run.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Without_generated_assembly_info_the_build_says_what_to_do()
    {
        string build = projects.Said("no-assembly-info");
        Assert.Contains("error NSF0001", build);
        Assert.Contains("[assembly: Xunit.TestFramework(\"NsFixture.Xunit.Sdk.IsolatedTestFramework\", \"NsFixture.Xunit\")]", build);
    }

    [Theory]
    [InlineData("own-framework")]
    [InlineData("own-framework-v3")]
    public void With_a_framework_of_ones_own_the_build_says_how_to_combine_the_two(string project)
    {
        string build = projects.Said(project);
        Assert.Contains("More.cs", build);
        Assert.Contains("error NSF0002", build);
        Assert.Contains("derive your framework class from NsFixture.Xunit.Sdk.IsolatedTestFramework", build);
    }

    [Theory]
    [MemberData(nameof(Unregistered))]
    public void An_isolated_test_on_another_framework_fails_and_says_why(string project)
    {
        Consumer consumer = ConsumerProjects.Unregistered.Single(c => c.Name == project);
        TestOutcome[] tests = [.. projects.Results(consumer)];
        Assert.Equal(["Failed", "Passed"], tests.Select(t => t.Outcome));
        Assert.Contains("[IsolatedNetwork] had no effect", tests[0].Message);
        Assert.Contains($"Reference the {consumer.Package} package", tests[0].Message);
    }

    [Fact]
    public void The_packages_hold_what_they_need_and_no_more()
    {
        Assert.Equal(["README.md", "build/NsFixture.props", "buildTransitive/NsFixture.props", "lib/net10.0/NsFixture.dll", "lib/net10.0/NsFixture.xml"], Content("NsFixture"));
        Assert.Equal(
            ["README.md", "build/NsFixture.Xunit.props", "build/NsFixture.Xunit.targets", "buildTransitive/NsFixture.Xunit.props",
             "buildTransitive/NsFixture.Xunit.targets", "lib/net10.0/NsFixture.Xunit.dll", "lib/net10.0/NsFixture.Xunit.xml"],
            Content("NsFixture.Xunit"));
        Assert.Equal(
            ["README.md", "build/NsFixture.Xunit.V3.props", "build/NsFixture.Xunit.V3.targets", "buildTransitive/NsFixture.Xunit.V3.props",
             "buildTransitive/NsFixture.Xunit.V3.targets", "lib/net10.0/NsFixture.Xunit.V3.dll", "lib/net10.0/NsFixture.Xunit.V3.xml"],
            Content("NsFixture.Xunit.V3"));
        foreach (string id in (string[])["NsFixture.NUnit", "NsFixture.MSTest"])
            Assert.Equal(["README.md", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"], Content(id));
    }

    private static string Line(TestOutcome test) => $"{test.Name.Split('.')[^1]} {test.Outcome} {test.Message}";

    private string[] Content(string id)
    {
        using ZipArchive package = ZipFile.OpenRead(checkout.Package(id));
        string[] ofNuGet = ["_rels/", "package/", "[Content_Types].xml", id + ".nuspec"];
        return [.. package.Entries.Select(e => e.FullName).Where(name => !ofNuGet.Any(n => name.StartsWith(n, StringComparison.Ordinal))).Order(StringComparer.Ordinal)];
    }
}
