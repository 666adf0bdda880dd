using System.Reflection;
using System.Text.RegularExpressions;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Namespaces.Tests;

/// <summary>What docs/tutorial.md does by hand and in C# has the same outcome.</summary>
public partial class TutorialTests
{
    private static readonly string Page = Resource("tutorial.md"), Source = Resource("TutorialSteps.cs");

    // No sandbox has a part in the machine's control groups.
    private const string OfTheMachine = "30 % of a processor";

    public static IEnumerable<object[]> Steps => Blocks().Where(b => b.Title != OfTheMachine).Select(b => new object[] { b.Title });

    [Theory, MemberData(nameof(Steps)), IsolatedNetwork]
    public Task Each_step_has_one_outcome_by_hand_and_in_CSharp(string title) => CompareAsync(title);

    [Fact]
    public async Task A_share_of_a_processor_is_kept_or_refused_by_hand_and_in_CSharp()
    {
        try
        {
            await CompareAsync(OfTheMachine);
        }
        catch (TargetInvocationException e) when (e.InnerException is NamespaceException refusal)
        {
            refusal.Message.Should().Contain("run it as root of the machine");
            Tool.Run("sh", "-euc", Blocks().Single(b => b.Title == OfTheMachine).Shell).ExitCode.Should().NotBe(0, "what C# may not, the shell may not");
        }
    }

    private static async Task CompareAsync(string title)
    {
        var (_, shell, code) = Blocks().Single(b => b.Title == title);
        Flat(Source).Should().Contain(Flat(code), "the page shows what is run");
        MethodInfo method = typeof(TutorialSteps).GetMethod(Name().Match(code).Groups[1].Value)!;
        object? result = method.Invoke(null, null);
        string inCode = result is Task<string> task ? await task : (string)result!;
        string byHand = Tool.Output("sh", "-euc", shell);
        Flat(inCode).Should().Be(Flat(byHand));
        byHand.Trim().Should().NotBeEmpty();
    }

    [Fact]
    public void There_are_steps_and_each_has_both() => Blocks().Should().HaveCount(Page.Split("\n## ").Length - 1).And.HaveCountGreaterThan(13);

    private static List<(string Title, string Shell, string Code)> Blocks() =>
        [.. Step().Matches(Page).Select(m => (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value))];

    private static string Flat(string text) => string.Join('\n', text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0));

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(TutorialTests).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"^## ([^\n]+)\n(?:(?!^## ).)*?^```sh\n(.*?)^```$(?:(?!^## ).)*?^```csharp\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Step();

    [GeneratedRegex(@"public static (?:async Task<string>|string) (\w+)\(")]
    private static partial Regex Name();
}
