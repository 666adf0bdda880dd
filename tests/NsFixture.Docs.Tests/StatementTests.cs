using System.Reflection;
using System.Text.RegularExpressions;
using NsFixture.Xunit;

namespace NsFixture.Docs.Tests;

/// <summary>What the pages say about names, defaults and messages is what src says.</summary>
public partial class StatementTests
{
    private static string Page(string name) => File.ReadAllText(Path.Combine(Repository.Root, name));

    public static IEnumerable<object[]> Settings =>
        typeof(IsolatedNetworkAttribute).GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
            .Where(p => p.CanWrite).Select(p => new object[] { p.Name });

    [Theory, MemberData(nameof(Settings))]
    public void Every_setting_is_described(string name)
    {
        Assert.Matches($@"(?m)^## .*\b{name}\b", Page("docs/settings.md"));
        Assert.Matches($@"(?m)^\|.*`{name}`.*\|$", Page("README.md"));
    }

    [Fact]
    public void The_defaults_in_the_readme_are_the_defaults()
    {
        var attribute = new IsolatedNetworkAttribute();
        string Default(string name) => Regex.Match(Page("README.md"), $@"(?m)^\| [^|]*`{name}`[^|]*\| ([^|]*) \|").Groups[1].Value;
        Assert.Equal($"`\"{attribute.HostName}\"`", Default("HostName"));
        Assert.Equal($"`\"{attribute.Subnet}\"`, `\"{attribute.Subnet6}\"`", Default("Subnet"));
        Assert.Equal($"{attribute.Deadline:#,#}", Default("Deadline"));
        Assert.Equal($"`{attribute.Scope}`", Default("Scope"));
        Assert.Equal($"{attribute.MaxParallel}", Default("MaxParallel"));
        Assert.Equal($"`{attribute.Launcher}`", Default("Launcher"));
    }

    [Fact]
    public void Every_environment_variable_is_described_and_every_one_described_is_read()
    {
        var read = Variable().Matches(Repository.Source).Select(m => m.Groups[1].Value).Distinct().Order().ToList();
        var described = DescribedVariable().Matches(Page("README.md")).Select(m => m.Groups[1].Value).Order().ToList();
        Assert.Equal(read, described);
    }

    [Fact]
    public void The_table_of_what_the_doctor_looks_for_is_what_it_looks_for()
    {
        var table = Page("docs/doctor.md").Split('\n').Where(l => l.StartsWith("| NSF", StringComparison.Ordinal)).Select(l => l.Split('|', StringSplitOptions.TrimEntries)).ToList();
        Assert.Equal(NsFixture.Diagnostics.Check.All.Select(c => (c.Code, c.Title)), table.Select(row => (row[1], row[2])));
        Assert.All(table, row => Assert.Contains(row[3].Split(' ', ',')[0], Enum.GetNames<NsFixture.Diagnostics.Severity>(), StringComparer.OrdinalIgnoreCase));
    }

    public static IEnumerable<object[]> Messages =>
        Heading().Matches(Page("docs/troubleshooting.md")).Select(m => new object[] { m.Groups[1].Value });

    [Theory, MemberData(nameof(Messages))]
    public void Every_message_explained_is_one_that_src_has(string message) =>
        Assert.All(message.Split('…'), part => Assert.Contains(part, Repository.Source.Replace("\\\"", "\"", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase));

    [Fact]
    public void Every_reason_that_the_kernel_can_give_is_explained()
    {
        string advice = string.Concat(((string[])["UserNamespaceAdvice.cs", "Checks/Refusals.cs"]).Select(f => File.ReadAllText(Path.Combine(Repository.Root, "src/NsFixture/Diagnostics", f))));
        var explained = Messages.Select(m => ((string)m[0]).Split('…')[0]).ToList();
        // An answer is a string that starts with a capital; these go on with another one, or explain themselves.
        string[] selfExplaining = ["The kernel ", "User namespaces are nested"];
        var answers = Answer().Matches(advice).Select(m => m.Groups[1].Value).Where(a => !selfExplaining.Any(s => a.StartsWith(s, StringComparison.Ordinal))).ToList();
        Assert.True(answers.Count >= 6, string.Join('\n', answers));
        Assert.All(answers, answer => Assert.Contains(explained, e => answer.Contains(e, StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_link_within_the_repository_leads_somewhere() =>
        Assert.All(
            from page in Repository.Pages
            from Match link in Link().Matches(File.ReadAllText(page))
            where !link.Groups[1].Value.Contains("://", StringComparison.Ordinal)
            select Path.Combine(Path.GetDirectoryName(page)!, link.Groups[1].Value),
            target => Assert.True(Path.Exists(target), target));

    [GeneratedRegex("GetEnvironmentVariable\\(\"(NSFIXTURE_[A-Z_]+)\"\\)")]
    private static partial Regex Variable();

    [GeneratedRegex(@"(?m)^\| `(NSFIXTURE_[A-Z_]+)`")]
    private static partial Regex DescribedVariable();

    [GeneratedRegex("(?m)^### `(.+)`$")]
    private static partial Regex Heading();

    [GeneratedRegex("\"([A-Z][^\"]{30,})")]
    private static partial Regex Answer();

    [GeneratedRegex(@"\]\(([^)#]+)\)")]
    private static partial Regex Link();
}
