using System.Xml.Linq;

namespace NsFixture.EndToEnd.Tests;

/// <summary>
/// A user's project with one isolated and one plain test, and no reference but packages.
/// </summary>
/// <param name="Name">Of its directory and assembly: VSTest takes tests of assemblies of one name for the same.</param>
internal sealed record Consumer(string Name)
{
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


    /// <summary>The end of our package's name.</summary>
    public string Framework { get; init; } = "Xunit";

    /// <summary>More of the project file.</summary>
    public string Properties { get; init; } = "";

    /// <summary>More of the source.</summary>
    public string Code { get; init; } = "";

    /// <summary>Whether the project refers to our package; else it is to be added.</summary>
    public bool HasPackage { get; init; } = true;

    /// <summary>Of another package, where it is not that which NsFixture is built with.</summary>
    public (string Package, string Version) Pinned { get; init; }

    /// <summary>Our package.</summary>
    public string Package => "NsFixture." + Framework;

    /// <summary>Writes the project; returns the path of its file.</summary>
    public string Write(string parent)
    {
        var (packages, tests) = Frameworks[Framework];
        string directory = Directory.CreateDirectory(Path.Combine(parent, Name)).FullName, project = Path.Combine(directory, Name + ".csproj");
        File.WriteAllText(project, $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                {(Framework == "Xunit.V3" ? "<OutputType>Exe</OutputType>" : "")}
                {Properties}
              </PropertyGroup>
              <ItemGroup>
                {(HasPackage ? $"""<PackageReference Include="{Package}" Version="{FreshCheckout.Version}" />""" : "")}
                {string.Join("", packages.Prepend("Microsoft.NET.Test.Sdk").Select(Reference))}
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(directory, "Tests.cs"), tests);
        File.WriteAllText(Path.Combine(directory, "More.cs"), Code);
        return project;
    }

    /// <summary>What is built of it.</summary>
    public string Assembly(string parent) => Path.Combine(parent, Name, "bin", "Debug", "net10.0", Name + ".dll");

    private string Reference(string package)
    {
        var versions = XDocument.Load(Path.Combine(Paths.Repository, "Directory.Packages.props")).Descendants("PackageVersion");
        string version = Pinned.Package == package ? Pinned.Version : (string)versions.Single(v => (string)v.Attribute("Include")! == package).Attribute("Version")!;
        return $"""<PackageReference Include="{package}" Version="{version}" />""";
    }
}
