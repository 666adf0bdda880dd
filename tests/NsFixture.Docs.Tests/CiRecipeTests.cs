using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NsFixture.Docs.Tests;

/// <summary>
/// The set-ups for continuous integration are well-formed, their commands parse, their variables are NsFixture's, and the options they give to container engines are those that
/// the doctor names. No service can be run here; NsFixture.Isolated.Tests runs podman with the options.
/// </summary>
public partial class CiRecipeTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "docs/ci");

    public static TheoryData<string> Recipes => [.. Directory.GetFiles(Folder).Select(Path.GetFileName).Where(f => f != "README.md").Select(f => f!)];

    public static TheoryData<string> Yaml => [.. Directory.GetFiles(Folder, "*.yml").Select(Path.GetFileName).Select(f => f!)];

    private static string Read(string file) => File.ReadAllText(Path.Combine(Folder, file));

    [Theory, MemberData(nameof(Recipes))]
    public void A_recipe_is_in_the_table_and_names_what_there_is(string file)
    {
        Assert.Contains($"[{file}]({file})", Read("README.md"), StringComparison.Ordinal);
        string text = Read(file);
        Assert.All(Variable().Matches(text), m => Assert.Contains($"\"{m.Value}\"", Repository.Source, StringComparison.Ordinal));
        Assert.All(Option().Matches(text), m => Assert.Contains(m.Value, Repository.Source, StringComparison.Ordinal));
        if (text.Contains("dotnet test", StringComparison.Ordinal))
            Assert.Contains("NSFIXTURE_REQUIRE", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_dev_container_is_JSON()
    {
        using var json = JsonDocument.Parse(Read("devcontainer.json"));
        Assert.Equal(["--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined"], json.RootElement.GetProperty("runArgs").EnumerateArray().Select(a => a.GetString()));
    }

    [Fact]
    public void The_script_parses() => Assert.Equal("", Parse(Read("containers.sh")));

    [Theory, MemberData(nameof(Yaml))]
    public void YAML_is_well_formed_and_its_commands_parse(string file) => Assert.Equal([], Problems(Read(file)));

    [Theory]
    [InlineData("a:\n   b: c", "indented by 3")]
    [InlineData("a:\n\tb: c", "a tab")]
    [InlineData("a\nb: c", "neither a key nor an item")]
    [InlineData("a: b\n  c: d", "below a value")]
    [InlineData("run: |\n  echo 'x", "")]
    public void What_is_not_well_formed_is_found(string text, string problem) => Assert.Contains(problem, Assert.Single(Problems(text)), StringComparison.Ordinal);

    // As much of YAML as these files use: keys, items, blocks of text; two spaces a level.
    private static List<string> Problems(string text)
    {
        var problems = new List<string>();
        string[] lines = text.TrimEnd().Split('\n');
        int previous = 0;
        bool opens = true;
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i], bare = line.TrimStart(' ');
            int depth = line.Length - bare.Length;
            if (bare.Length == 0 || bare[0] == '#')
                continue;
            if (line.Contains('\t', StringComparison.Ordinal))
                problems.Add($"line {i + 1} has a tab");
            else if (depth % 2 != 0)
                problems.Add($"line {i + 1} is indented by {depth}");
            else if (!Line().IsMatch(bare))
                problems.Add($"line {i + 1} is neither a key nor an item");
            else if (depth > previous && !opens)
                problems.Add($"line {i + 1} stands below a value");
            if (bare.EndsWith(": |", StringComparison.Ordinal))
            {
                int first = i + 1, indent = depth + (bare.StartsWith("- ", StringComparison.Ordinal) ? 4 : 2);
                while (i + 1 < lines.Length && (lines[i + 1].Trim().Length == 0 || lines[i + 1].StartsWith(new string(' ', indent), StringComparison.Ordinal)))
                    i++;
                if (Parse(string.Join('\n', lines[first..(i + 1)])) is { Length: > 0 } error)
                    problems.Add(error);
            }
            else if (Command().Match(bare) is { Success: true } command && Parse(command.Groups[1].Value) is { Length: > 0 } error)
                problems.Add(error);
            opens = bare.EndsWith(':') || bare.StartsWith("- ", StringComparison.Ordinal);
            previous = depth;
        }
        return problems;
    }

    private static string Parse(string script)
    {
        using Process bash = Process.Start(new ProcessStartInfo("bash", "-n") { RedirectStandardInput = true, RedirectStandardError = true })!;
        bash.StandardInput.Write(script);
        bash.StandardInput.Close();
        return bash.StandardError.ReadToEnd();
    }

    [GeneratedRegex("NSFIXTURE_[A-Z_]+")]
    private static partial Regex Variable();

    [GeneratedRegex(@"(seccomp|systempaths|unmask)=\w+|--privileged")]
    private static partial Regex Option();

    [GeneratedRegex(@"^(- )?[\w-]+:( .*)?$|^- \S.*$")]
    private static partial Regex Line();

    [GeneratedRegex("^(?:- )?(?:run|script): ([^|].*)$")]
    private static partial Regex Command();
}
