using System.CommandLine;

namespace NsFixture.Cli.Commands;

internal static class GraphCommand
{
    public static Command Create()
    {
        Argument<int> id = Options.Sandbox();
        Option<bool> json = Options.Json(), svg = new("--svg") { Description = "An SVG image instead of Mermaid's text." };
        var command = new Command("graph", "Draws a sandbox's networks.") { id, svg, json };
        command.SetAction(parsed =>
        {
            int sandbox = parsed.GetValue(id);
            bool isSvg = parsed.GetValue(svg);
            string drawing = Door.Ask(sandbox, isSvg ? Door.Question.Svg : Door.Question.Mermaid) ?? throw Entry.NoDoor(sandbox);
            if (parsed.GetValue(json))
                Output.WriteJson(new { Id = sandbox, Format = isSvg ? "svg" : "mermaid", Drawing = drawing });
            else
                Console.Out.WriteLine(drawing);
            return ExitCodes.Done;
        });
        return command;
    }
}
