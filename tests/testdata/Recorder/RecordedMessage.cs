using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recorder;

/// <summary>
/// One message of xUnit.net's or MSTest's, or event of NUnit's, a line of JSON. <see cref="Kind"/> is the message's type; what it does not have is null.
/// Compiled into the tests that read it as well.
/// </summary>
public sealed record RecordedMessage(string Kind)
{
    private static readonly JsonSerializerOptions Options = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public string? Collection { get; init; }
    public string? Class { get; init; }
    public string? Method { get; init; }

    /// <summary>The test case's display name, and its unique id.</summary>
    public string? Case { get; init; }
    public string? CaseId { get; init; }
    public string? Arguments { get; init; }
    public string? CaseSkipReason { get; init; }
    public string[]? Traits { get; init; }
    public string? Test { get; init; }

    /// <summary>Output, skip reason, diagnostic text, or the attribute of a before or after step.</summary>
    public string? Text { get; init; }
    public string?[]? ExceptionTypes { get; init; }
    public string?[]? ExceptionMessages { get; init; }
    public string?[]? Stacks { get; init; }
    public int[]? Parents { get; init; }

    /// <summary>Run, failed, skipped; and not run, in xUnit.net v3.</summary>
    public int[]? Counts { get; init; }

    /// <summary>How many test cases the message is about.</summary>
    public int? CaseCount { get; init; }
    public decimal? Time { get; init; }

    /// <summary>NUnit's and MSTest's: state of a result, with label and site or attempt; its assertions; files with descriptions; MSTest's second output. xUnit.net v3's: cause of a failure; warnings; attachments.</summary>
    public string? State { get; init; }
    public string[]? Assertions { get; init; }
    public string[]? Attachments { get; init; }
    public string? ErrorText { get; init; }

    /// <summary>When it came, in milliseconds since the start of the recording.</summary>
    public long At { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, Options);

    public static RecordedMessage FromJson(string line) => JsonSerializer.Deserialize<RecordedMessage>(line, Options)!;
}
