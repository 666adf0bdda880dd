using System.Net;

namespace NsFixture.Networking;

/// <summary>What may be a name (RFC 1123, section 2.1).</summary>
internal static class DnsName
{
    public const string LabelRule = "1 to 63 letters, digits and hyphens, neither first nor last a hyphen";
    public const string NameRule = "labels of " + LabelRule + ", joined by dots, 253 characters in all";
    public const string RecordRule = "labels of 1 to 63 letters, digits, underscores and hyphens, neither first nor last a hyphen, joined by dots without a last one";

    /// <summary>Whether it is a name of one label.</summary>
    public static bool IsLabel(string name) =>
        name.Length is > 0 and <= 63 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && name[0] != '-' && name[^1] != '-';

    /// <summary>Whether it is a name of one label or several.</summary>
    public static bool IsName(string name) => name.Length <= 253 && name.Split('.').All(IsLabel);

    /// <summary>Whether records can be of that name: <c>_http._tcp.example.com</c> too.</summary>
    public static bool IsRecordName(string name) => name.Length <= 253 && name.Split('.').All(label =>
        label.Length is > 0 and <= 63 && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && label[0] != '-' && label[^1] != '-');

    /// <summary>Whether programs would not look the name up: <c>localhost</c>, and <c>10</c>, which inet_aton(3) takes for 0.0.0.10.</summary>
    public static bool IsReserved(string name) =>
        name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(name, out _);
}
