using System.Diagnostics;
using System.Text.RegularExpressions;

namespace NsFixture.Docs.Tests;

/// <summary>
/// Bash blocks are commands that a reader runs, with effects on the machine, so they are not run here. The rule: bash
/// parses them, each line is one command, and what it names exists: scripts and paths in the repository, switches in
/// NsFixture's own advice, variables in its source. NsFixture.EndToEnd.Tests runs the demo's and the package's commands.
/// </summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public partial class BashBlockTests
{
    public static IEnumerable<object[]> Blocks => CodeBlock.In("bash");

    [Theory, MemberData(nameof(Blocks))]
    public void What_it_names_exists(string page, int line)
    {
        string text = CodeBlock.At(page, line).Text;
        Assert.Equal("", Parse(text));
        foreach (string command in text.Split('\n'))
            Assert.True(Problem(command) is null, $"{page}:{line}: {command}: {Problem(command)}");
    }

    [Theory]
    [InlineData("eng/nonsense.sh", "no such script")]
    [InlineData("dotnet test examples/Nonsense", "no such path")]
    [InlineData("NSFIXTURE_NONSENSE=1 dotnet test", "nothing in src reads it")]
    [InlineData("sudo sysctl -w kernel.nonsense=1", "not what NsFixture advises")]
    [InlineData("docker run --privilege x dotnet test", "not what NsFixture advises")]
    [InlineData("dotnet exec --runtimeconfig X.runtimeconfig.json NsFixture.dll nurse", "not what NsFixture.dll knows")]
    [InlineData("nsfixture nurse", "not what the tool knows")]
    [InlineData("rm -rf /", "not a known command")]
    public void What_does_not_exist_is_found(string command, string problem) => Assert.Contains(problem, Problem(command));

    [Fact]
    public void What_does_not_parse_is_found() => Assert.NotEqual("", Parse("echo 'x"));

    private static string? Problem(string command)
    {
        var words = new Queue<string>(command.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        while (words.TryPeek(out string? word) && Variable().Match(word) is { Success: true } variable)
        {
            if (!Repository.Source.Contains($"\"{variable.Groups[1].Value}\"", StringComparison.Ordinal))
                return $"{variable.Groups[1].Value}: nothing in src reads it";
            words.Dequeue();
        }
        return words.ToArray() switch
        {
            [var script] when script.StartsWith("eng/", StringComparison.Ordinal) => Script(script),
            ["dotnet", "test"] => null,
            ["dotnet", "test" or "pack", var path, .. var options] =>
                !Path.Exists(Path.Combine(Repository.Root, path)) ? $"{path}: no such path"
                : options is [] or ["-c", "Release", "-o", _] ? null : "options that nobody checks",
            ["dotnet", "exec", "--runtimeconfig", _, "NsFixture.dll", var verb, .. var options] =>
                Repository.Source.Contains($"case [\"{verb}\", ..", StringComparison.Ordinal) && options is [] or ["--json"] ? null : "not what NsFixture.dll knows",
            ["nsfixture", var verb, ..] => Repository.Source.Contains($"new Command(\"{verb}\",", StringComparison.Ordinal) ? null : "not what the tool knows",
            ["dotnet", "add", "package", var package, "--source", _] =>
                Directory.Exists(Path.Combine(Repository.Root, "src", package)) ? null : $"{package}: no such package",
            ["sudo", "sysctl", "-w", var setting] => Advised(setting),
            ["docker", "run", .. var options, _, "dotnet", "test"] => Advised(string.Join(' ', options).Replace("--security-opt ", "", StringComparison.Ordinal).Split(' ')),
            _ => "not a known command",
        };
    }

    private static string? Script(string path)
    {
        string full = Path.Combine(Repository.Root, path);
        return !File.Exists(full) ? $"{path}: no such script"
            : (File.GetUnixFileMode(full) & UnixFileMode.UserExecute) == 0 ? $"{path} is not executable" : null;
    }

    private static string? Advised(params string[] settings) =>
        settings.FirstOrDefault(s => !IsInSource(s) && !IsInSource(Type().Replace(s, ".max_{type}_"))) is { } unknown ? $"{unknown}: not what NsFixture advises" : null;

    private static bool IsInSource(string word) => Regex.IsMatch(Repository.Source, $@"{Regex.Escape(word)}(?![\w.-]*\w)");

    private static string Parse(string text)
    {
        using Process bash = Process.Start(new ProcessStartInfo("bash", "-n") { RedirectStandardInput = true, RedirectStandardError = true })!;
        bash.StandardInput.Write(text);
        bash.StandardInput.Close();
        return bash.StandardError.ReadToEnd();
    }

    [GeneratedRegex("^([A-Z_]+)=.*")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\.max_[a-z]+_")]
    private static partial Regex Type();
}
