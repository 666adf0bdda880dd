using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace NsFixture.Cli;

/// <summary>What commands print: coloured tables on a terminal, columns of plain text elsewhere, JSON for programs.</summary>
internal static class Output
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static void WriteJson<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Json));

    public static string ToJson<T>(T value) => JsonSerializer.Serialize(value, Json);

    public static T? FromJson<T>(string json) => JsonSerializer.Deserialize<T>(json, Json);

    public static void WriteTable(string[] headers, IReadOnlyList<string[]> rows)
    {
        if (!Console.IsOutputRedirected)
        {
            AnsiConsole.Write(Table(headers, rows));
            return;
        }
        int[] widths = [.. headers.Select((h, i) => rows.Select(r => r[i].Length).Append(h.Length).Max())];
        foreach (string[] row in rows.Prepend(headers))
            Console.Out.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }

    public static Table Table(string[] headers, IReadOnlyList<string[]> rows)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (string header in headers)
            table.AddColumn(new TableColumn($"[bold aqua]{Markup.Escape(header)}[/]"));
        foreach (string[] row in rows)
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        return table;
    }
}
