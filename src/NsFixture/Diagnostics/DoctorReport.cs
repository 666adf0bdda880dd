using System.Text;
using System.Text.Json;

namespace NsFixture.Diagnostics;

/// <summary>What the doctor has found.</summary>
/// <param name="Facts">What the machine is, as far as it matters: a name and a value each.</param>
/// <param name="Findings">The worst first.</param>
public sealed record DoctorReport(IReadOnlyList<KeyValuePair<string, string>> Facts, IReadOnlyList<Finding> Findings)
{
    /// <summary>Whether isolated tests can run at all.</summary>
    public bool CanIsolate => Findings.All(f => f.Severity != Severity.Prevents);

    /// <summary>For people.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(CanIsolate ? "Isolated tests can run here." : "Isolated tests cannot run here.");
        foreach (var (name, value) in Facts)
            text.Append("  ").Append(name).Append(": ").AppendLine(value);
        foreach (Finding finding in Findings)
        {
            text.AppendLine().Append(finding.Check.Code).Append(' ').Append(finding.Severity.ToString().ToLowerInvariant()).Append(": ").Append(finding.Cause).AppendLine(".");
            text.Append("  proof:  ").AppendLine(finding.Proof.ReplaceLineEndings(Environment.NewLine + "          "));
            text.Append("  remedy: ").AppendLine(finding.Remedy.ReplaceLineEndings(Environment.NewLine + "          "));
        }
        return text.ToString();
    }

    /// <summary>
    /// For programs: <c>canIsolate</c>; <c>facts</c>, an object of strings; <c>findings</c>, each with <c>code</c>, <c>title</c>, <c>severity</c> (<c>note</c>,
    /// <c>limits</c> or <c>prevents</c>), <c>cause</c>, <c>proof</c> and <c>remedy</c>.
    /// </summary>
    public string ToJson()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteBoolean("canIsolate", CanIsolate);
            json.WriteStartObject("facts");
            foreach (var (name, value) in Facts)
                json.WriteString(name, value);
            json.WriteEndObject();
            json.WriteStartArray("findings");
            foreach (Finding finding in Findings)
            {
                json.WriteStartObject();
                json.WriteString("code", finding.Check.Code);
                json.WriteString("title", finding.Check.Title);
                json.WriteString("severity", finding.Severity.ToString().ToLowerInvariant());
                json.WriteString("cause", finding.Cause);
                json.WriteString("proof", finding.Proof);
                json.WriteString("remedy", finding.Remedy);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
