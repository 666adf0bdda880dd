using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace NsFixture.Docs.Tests;

/// <summary>
/// Every C# block compiles against NsFixture, NsFixture.Xunit and xUnit.net, or where it has an attribute of NUnit's or MSTest's, that framework and its adapter: as a
/// file or, failing that, as the members of a test class, alone or with all others of its page.
/// </summary>
public class CSharpBlockTests
{
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net;
        global using System.Net.Sockets;
        global using System.Net.Http;
        global using System.Threading.Tasks;
        global using NsFixture;
        """;

    private const string XunitUsings = """
        global using NsFixture.Xunit;
        global using Xunit;
        global using Xunit.Abstractions;
        """;

    private const string NUnitUsings = """
        global using NsFixture.NUnit;
        global using NUnit.Framework;
        """;

    private const string MSTestUsings = """
        global using Microsoft.VisualStudio.TestTools.UnitTesting;
        global using NsFixture.MSTest;
        """;

    private const string Further = """
        using System.Diagnostics;
        using System.Net.NetworkInformation;
        using System.Text.RegularExpressions;
        using System.Threading;
        """;

    private static readonly MetadataReference[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':').Select(path => MetadataReference.CreateFromFile(path))];

    public static IEnumerable<object[]> Blocks => CodeBlock.In("csharp");

    [Theory, MemberData(nameof(Blocks))]
    public void It_compiles(string page, int line)
    {
        string code = CodeBlock.At(page, line).Text;
        string[] asFile = Errors(code);
        string[] asMembers = asFile.Length == 0 ? [] : Errors($"public class Sample\n{{\n{code}\n}}");
        if (asMembers.Length > 0 && Errors(OfOnePage(page)).Length == 0)
            return;
        string[] errors = asFile.Length < asMembers.Length ? asFile : asMembers;
        Assert.True(asFile.Length == 0 || asMembers.Length == 0, $"{page}:{line} does not compile:\n{string.Join('\n', errors)}\n\n{code}");
    }

    // A lesson goes on with what an earlier block has made.
    private static string OfOnePage(string page) => $"{Further}\npublic class Sample\n{{\n{string.Join('\n', CodeBlock.All.Where(b => b.Page == page && b.Language == "csharp").Select(b => b.Text))}\n}}";

    [Theory]
    [InlineData("public class A { void B() => Nonsense(); }")]
    [InlineData("[Fact, IsolatedNetwork(HostNam = \"x\")] public void A() { }")]
    [InlineData("[Test, IsolatedNetwork(Scope = IsolationScope.PerClass)] public void A() { }")]
    [InlineData("[TestMethod, IsolatedNetwork(MaxParallel = 2)] public void A() { }")]
    [InlineData("new TcpListener(IPAddress.Any);")]
    [InlineData("public class A { void B(VirtualHost host) => host.Run(async () => await Task.Yield()); }")]
    [InlineData("public class A { void B(VirtualHost host) => host.Run(() => Task.FromResult(1)); }")]
    public void What_is_wrong_is_found(string code)
    {
        Assert.NotEmpty(Errors(code));
        Assert.NotEmpty(Errors($"public class Sample {{ {code} }}"));
    }

    // Neither documentation of samples nor the versions of assemblies are at stake: the SDK's own builds are silent about the latter too.
    private static string[] Errors(string code)
    {
        string framework = Contains("[TestMethod", "[TestClass", "[ClassInitialize") ? MSTestUsings : Contains("[Test", "[SetUpFixture", "[OneTimeSetUp") ? NUnitUsings : XunitUsings;
        SyntaxTree[] trees = [.. new[] { Usings, framework, code }.Select(text => CSharpSyntaxTree.ParseText(text))];
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable);
        return [.. CSharpCompilation.Create("sample", trees, References, options).Emit(Stream.Null).Diagnostics
            .Where(d => d.Severity >= DiagnosticSeverity.Warning && d.Id is not ("CS1591" or "CS1701")).Select(d => d.ToString())];

        bool Contains(params string[] attributes) => attributes.Any(a => code.Contains(a, StringComparison.Ordinal));
    }
}
