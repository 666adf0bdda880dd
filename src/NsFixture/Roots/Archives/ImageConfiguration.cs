using System.Text.Json;

namespace NsFixture.Roots.Archives;

/// <summary>What an image says about running it (OCI image specification, config.md).</summary>
internal sealed record ImageConfiguration
{
    /// <summary>NAME=value.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    public IReadOnlyList<string> EntryPoint { get; init; } = [];

    /// <summary>The arguments where none are given, or the whole command without an entry point.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    public string WorkingDirectory { get; init; } = "/";

    /// <summary>A name or uid, and perhaps a group behind a colon; empty: uid 0.</summary>
    public string User { get; init; } = "";

    public static ImageConfiguration Read(JsonElement configuration)
    {
        if (!configuration.TryGetProperty("config", out JsonElement c) || c.ValueKind != JsonValueKind.Object)
            return new ImageConfiguration();
        return new ImageConfiguration
        {
            Environment = Strings(c, "Env"), EntryPoint = Strings(c, "Entrypoint"), Command = Strings(c, "Cmd"),
            WorkingDirectory = Text(c, "WorkingDir") is { Length: > 0 } directory ? directory : "/", User = Text(c, "User"),
        };
    }

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";

    private static string[] Strings(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(s => s.GetString() ?? "")] : [];
}
