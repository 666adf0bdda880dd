using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace NsFixture.Cli;

/// <summary>Reads YAML as the JSON that says the same (YAML 1.2, the JSON schema): one reader and one set of mistakes serve both.</summary>
internal static partial class YamlFile
{
    // An alias can stand for much, and within itself for no end.
    private const int MaxNodes = 100_000, MaxDepth = 50;

    /// <exception cref="BadArgumentException">It is no YAML, or has more than a topology can.</exception>
    public static JsonElement Read(string path)
    {
        try
        {
            var stream = new YamlStream();
            using (StreamReader reader = File.OpenText(path))
                stream.Load(reader);
            if (stream.Documents.Count > 1)
                throw new BadArgumentException($"{path} has {stream.Documents.Count} documents: write one topology a file.");
            int nodes = 0;
            return JsonSerializer.SerializeToElement(stream.Documents.Count == 0 ? null : Node(stream.Documents[0].RootNode, 0));

            JsonNode? Node(YamlNode node, int depth)
            {
                if (++nodes > MaxNodes || depth > MaxDepth)
                    throw new BadArgumentException($"{path}: its aliases stand for more than a topology can have: write them out.");
                return node switch
                {
                    YamlMappingNode mapping => new JsonObject(mapping.Children.Select(c => KeyValuePair.Create(Key(c.Key), Node(c.Value, depth + 1)))),
                    YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(c => Node(c, depth + 1))]),
                    YamlScalarNode scalar => Scalar(scalar),
                    _ => throw new BadArgumentException($"{path}:{node.Start.Line}: this cannot be in a topology."),
                };
            }

            string Key(YamlNode key) => key is YamlScalarNode { Value: { } name } ? name : throw new BadArgumentException($"{path}:{key.Start.Line}: a name has to be a text.");
        }
        catch (YamlException e)
        {
            throw new BadArgumentException($"{path}:{e.Start.Line}: is no YAML: {e.Message}");
        }
    }

    // What is quoted is a text, whatever it looks like.
    private static JsonNode? Scalar(YamlScalarNode scalar) => scalar switch
    {
        { Style: not ScalarStyle.Plain, Value: var text } => JsonValue.Create(text),
        { Value: null or "" or "null" or "~" } => null,
        { Value: "true" } => JsonValue.Create(true),
        { Value: "false" } => JsonValue.Create(false),
        { Value: var number } when Number().IsMatch(number) => JsonNode.Parse(number),
        { Value: var text } => JsonValue.Create(text),
    };

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$")]
    private static partial Regex Number();
}
