using System.CommandLine;
using System.CommandLine.Completions;

namespace NsFixture.Cli.Commands;

/// <summary>Options and arguments that several commands have.</summary>
internal static class Options
{
    public static Option<bool> Json() => new("--json") { Description = "Print JSON, for programs." };

    /// <summary>What was given after --, of which there has to be something.</summary>
    public static string[] Required(string[] program, string command) =>
        program.Length > 0 ? program : throw new BadArgumentException($"there is no command to run: give one after --, and see 'nsfixture {command} --help'.");

    /// <summary>A sandbox that is there.</summary>
    public static Argument<int> Sandbox()
    {
        var argument = new Argument<int>("id") { Description = "The sandbox, as 'nsfixture ls' calls it." };
        argument.CompletionSources.Add(_ => new SandboxSurvey().Find().Select(s => new CompletionItem(s.Id.ToString())));
        return argument;
    }

    public static Argument<string?> Host(bool required)
    {
        var argument = new Argument<string?>("host") { Description = "One of its hosts.", Arity = required ? ArgumentArity.ExactlyOne : ArgumentArity.ZeroOrOne };
        argument.CompletionSources.Add(context => context.ParseResult.CommandResult.Children.FirstOrDefault()?.Tokens is [var id, ..] && int.TryParse(id.Value, out int number)
            ? (Door.Describe(number)?.Hosts ?? []).Select(h => new CompletionItem(h.Name)) : []);
        return argument;
    }
}
