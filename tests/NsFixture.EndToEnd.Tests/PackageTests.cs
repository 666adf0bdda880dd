using System.IO.Compression;
using System.Xml.Linq;

namespace NsFixture.EndToEnd.Tests;

/// <summary>Packs NsFixture; makes projects that have no reference but a package: packed once, for all tests here.</summary>
public sealed class PackedProject : IDisposable
{
    // Not a version that this machine could have from elsewhere.
    private const string Version = "0.0.926";

    private const string XunitTests = """
        using NsFixture.Xunit;
        using Xunit;

        public class Tests
        {
            [Fact, IsolatedNetwork]
            public void Isolated() => Assert.Equal("test", Environment.MachineName);

            [Fact]
            public void Plain() => Assert.NotEqual("test", Environment.MachineName);
        }
        """;

    // Of each framework: the packages beside ours, and the tests.
    private static readonly Dictionary<string, (string[] Packages, string Tests)> Frameworks = new()
    {
        ["Xunit"] = (["xunit", "xunit.runner.visualstudio"], XunitTests),
        ["Xunit.V3"] = (["xunit.v3", "xunit.runner.visualstudio"], XunitTests),
        // The last two so that the adapter's own, which are not on every feed, are not looked for.
        ["NUnit"] = (["NUnit", "NUnit3TestAdapter", "Microsoft.Extensions.DependencyModel", "Microsoft.Testing.Extensions.VSTestBridge"], """
            using NsFixture.NUnit;
            using NUnit.Framework;

            public class Tests
            {
                [Test, IsolatedNetwork]
                public void Isolated() => Assert.That(Environment.MachineName, Is.EqualTo("test"));

                [Test]
                public void Plain() => Assert.That(Environment.MachineName, Is.Not.EqualTo("test"));
            }
            """),
        ["MSTest"] = (["MSTest.TestAdapter", "MSTest.TestFramework"], """
            using NsFixture.MSTest;

            [assembly: DoNotParallelize]

            // Where a class has tests of both kinds, each has its initialization, and its retries, where it runs.
            [TestClass, Retry(1)]
            public class Tests
            {
                private static string host = "";
                private static int tries;

                [ClassInitialize]
                public static void Initialize(TestContext context) => host = Environment.MachineName;

                [TestMethod, IsolatedNetwork]
                public void Isolated()
                {
                    Assert.AreEqual("test", host);
                    Assert.AreEqual(2, ++tries);
                }

                [TestMethod]
                public void Plain()
                {
                    Assert.AreNotEqual("test", host);
                    Assert.AreEqual(2, ++tries);
                }
            }
            """),
    };

    private readonly TemporaryDirectory directory = new();

    /// <summary>Packs.</summary>
    public PackedProject()
    {
        foreach (string project in (string[])["NsFixture", "NsFixture.Xunit", "NsFixture.Xunit.V3", "NsFixture.NUnit", "NsFixture.MSTest"])
        {
            Command pack = Command.Run(["dotnet", "pack", Path.Combine(Paths.Repository, "src", project), "--artifacts-path", Path.Combine(directory.Path, "build"),
                "-o", Feed, "-v", "q", "-nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:Version=" + Version]);
            Assert.True(pack.ExitCode == 0, pack.Output);
            Assert.DoesNotContain("warning", pack.Output, StringComparison.OrdinalIgnoreCase);
        }
    }

    internal string Feed => Path.Combine(directory.Path, "feed");

    internal string Package(string id) => Path.Combine(Feed, $"{id}.{Version}.nupkg");

    /// <summary>A fresh project with one isolated and one plain test, built and run by <c>dotnet test</c>.</summary>
    /// <param name="name">Of its directory.</param>
    /// <param name="properties">More of the project file.</param>
    /// <param name="code">More of the source.</param>
    /// <param name="add">Adds the package as the README does, by the command.</param>
    /// <param name="framework">Of our package's name.</param>
    /// <param name="versions">Of other packages, where they are not those that NsFixture is built with.</param>
    internal Command Test(string name, string properties = "", string code = "", bool add = false, string framework = "Xunit", params (string Package, string Version)[] versions)
    {
        var (packages, tests) = Frameworks[framework];
        string own = "NsFixture." + framework;
        string project = Directory.CreateDirectory(Path.Combine(directory.Path, name)).FullName;
        // The packages of this machine as a fallback, so that only ours are unpacked; where it has them not, its own sources.
        File.WriteAllText(Path.Combine(project, "nuget.config"), $"""
            <configuration>
              <packageSources>{(add ? "" : $"""<add key="packed" value="{Feed}" />""")}</packageSources>
              <fallbackPackageFolders><add key="machine" value="{Paths.Packages}" /></fallbackPackageFolders>
            </configuration>
            """);
        File.WriteAllText(Path.Combine(project, "Consumer.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                {(framework == "Xunit.V3" ? "<OutputType>Exe</OutputType>" : "")}
                {properties}
              </PropertyGroup>
              <ItemGroup>
                {(add ? "" : $"""<PackageReference Include="{own}" Version="{Version}" />""")}
                {string.Join("", packages.Prepend("Microsoft.NET.Test.Sdk").Select(p => Reference(p, versions)))}
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(project, "Tests.cs"), tests);
        File.WriteAllText(Path.Combine(project, "More.cs"), code);
        (string, string)[] environment = [("NUGET_PACKAGES", Path.Combine(directory.Path, "packages")), ("NSFIXTURE_REQUIRE", "1")];
        if (add)
        {
            Command added = Command.Run(["dotnet", "add", "package", own, "--source", Feed], project, environment);
            Assert.True(added.ExitCode == 0, added.Output);
        }
        return Command.Run(["dotnet", "test", "-nodeReuse:false", "-p:UseSharedCompilation=false"], project, environment);
    }

    /// <inheritdoc/>
    public void Dispose() => directory.Dispose();

    private static string Reference(string package, (string Package, string Version)[] versions)
    {
        var pinned = XDocument.Load(Path.Combine(Paths.Repository, "Directory.Packages.props")).Descendants("PackageVersion");
        string version = versions.FirstOrDefault(v => v.Package == package).Version ?? (string)pinned.Single(v => (string)v.Attribute("Include")! == package).Attribute("Version")!;
        return $"""<PackageReference Include="{package}" Version="{version}" />""";
    }
}

public class PackageTests(PackedProject packed) : IClassFixture<PackedProject>
{
    [Fact]
    public void The_package_and_the_attribute_are_all_it_takes() => AssertRuns(packed.Test("all-it-takes"));

    [Theory]
    [InlineData("NUnit")]
    [InlineData("MSTest")]
    public void So_they_are_with_another_framework(string framework) => AssertRuns(packed.Test("all-it-takes-" + framework, framework: framework));

    [Fact]
    public void NUnit_5_runs_isolated_tests() => AssertRuns(packed.Test("nunit-5", framework: "NUnit", versions: ("NUnit", "5.0.0")));

    [Fact]
    public void The_package_is_added_as_the_readme_says() => AssertRuns(packed.Test("added", add: true));

    [Fact]
    public void The_package_and_the_attribute_are_all_it_takes_with_v3() => AssertRuns(packed.Test("all-it-takes-v3", framework: "Xunit.V3"));

    [Fact]
    public void A_framework_of_ones_own_goes_with_it_in_v3_when_derived_from_NsFixtures() => AssertRuns(packed.Test("own-framework-v3",
        "<NsFixtureRegisterTestFramework>false</NsFixtureRegisterTestFramework>",
        """
        [assembly: Xunit.TestFramework(typeof(Own))]

        public class Own : NsFixture.Xunit.Sdk.IsolatedTestFramework;
        """, framework: "Xunit.V3"));

    [Fact]
    public void With_a_framework_of_ones_own_the_build_says_how_to_combine_the_two_in_v3()
    {
        Command build = packed.Test("own-framework-not-derived-v3", code: """
            [assembly: Xunit.TestFramework(typeof(Own))]

            public class Own : Xunit.v3.XunitTestFramework;
            """, framework: "Xunit.V3");
        Assert.NotEqual(0, build.ExitCode);
        Assert.Contains("error NSF0002", build.Output);
    }

    [Fact]
    public void An_isolated_test_of_v3_on_another_framework_fails_and_says_why()
    {
        Command run = packed.Test("not-registered-v3", "<NsFixtureRegisterTestFramework>false</NsFixtureRegisterTestFramework>", framework: "Xunit.V3");
        Assert.Contains("[IsolatedNetwork] had no effect", run.Output);
        Assert.Contains("Reference the NsFixture.Xunit.V3 package", run.Output);
    }

    [Fact]
    public void A_framework_of_ones_own_goes_with_it_when_derived_from_NsFixtures() => AssertRuns(packed.Test("own-framework-derived",
        "<NsFixtureRegisterTestFramework>false</NsFixtureRegisterTestFramework>",
        """
        [assembly: Xunit.TestFramework("Own", "Consumer")]

        public class Own(Xunit.Abstractions.IMessageSink sink) : NsFixture.Xunit.Sdk.IsolatedTestFramework(sink);
        """));

    [Fact]
    public void Registered_by_hand_it_does_without_generated_assembly_info() => AssertRuns(packed.Test("by-hand",
        "<GenerateAssemblyInfo>false</GenerateAssemblyInfo><NsFixtureRegisterTestFramework>false</NsFixtureRegisterTestFramework>",
        """[assembly: Xunit.TestFramework("NsFixture.Xunit.Sdk.IsolatedTestFramework", "NsFixture.Xunit")]"""));

    [Fact]
    public void Without_generated_assembly_info_the_build_says_what_to_do()
    {
        Command build = packed.Test("no-assembly-info", "<GenerateAssemblyInfo>false</GenerateAssemblyInfo>");
        Assert.NotEqual(0, build.ExitCode);
        Assert.Contains("error NSF0001", build.Output);
        Assert.Contains("[assembly: Xunit.TestFramework(\"NsFixture.Xunit.Sdk.IsolatedTestFramework\", \"NsFixture.Xunit\")]", build.Output);
    }

    [Fact]
    public void With_a_framework_of_ones_own_the_build_says_how_to_combine_the_two()
    {
        Command build = packed.Test("own-framework", code: """
            [assembly: Xunit.TestFramework("Own", "Consumer")]

            public class Own(Xunit.Abstractions.IMessageSink sink) : Xunit.Sdk.XunitTestFramework(sink);
            """);
        Assert.NotEqual(0, build.ExitCode);
        Assert.Contains("More.cs", build.Output);
        Assert.Contains("error NSF0002", build.Output);
        Assert.Contains("derive your framework class from NsFixture.Xunit.Sdk.IsolatedTestFramework", build.Output);
    }

    [Fact]
    public void An_isolated_test_on_another_framework_fails_and_says_why()
    {
        Command run = packed.Test("not-registered", "<NsFixtureRegisterTestFramework>false</NsFixtureRegisterTestFramework>");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("[IsolatedNetwork] had no effect", run.Output);
        Assert.Contains("Failed:     1, Passed:     1", run.Output);
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

    private static void AssertRuns(Command run)
    {
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Contains("Passed:     2", run.Output);
        Assert.DoesNotContain("warning", run.Output, StringComparison.OrdinalIgnoreCase);
    }

    private string[] Content(string id)
    {
        using ZipArchive package = ZipFile.OpenRead(packed.Package(id));
        string[] ofNuGet = ["_rels/", "package/", "[Content_Types].xml", id + ".nuspec"];
        return [.. package.Entries.Select(e => e.FullName).Where(name => !ofNuGet.Any(n => name.StartsWith(n, StringComparison.Ordinal))).Order(StringComparer.Ordinal)];
    }
}
