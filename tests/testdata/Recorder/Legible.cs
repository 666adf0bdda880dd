using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Recorder;

/// <summary>Values and texts as they are recorded.</summary>
internal static class Legible
{
    private const int LongText = 4_000;

    public static string Value(object? value) => value == null ? "null" : $"{value.GetType()} {Convert.ToString(value, CultureInfo.InvariantCulture)}";

    /// <summary>Says what a long text is instead of repeating it, and marks what JSON cannot carry: half a surrogate pair.</summary>
    public static string? Text(string? text)
    {
        if (text == null)
            return null;
        if (text.Length > LongText)
        {
            byte[] hash = SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.AsSpan()));
            return $"<{text.Length} characters, SHA-256 {Convert.ToHexStringLower(hash)}: {Text(text[..100])} … {Text(text[^100..])}>";
        }
        var whole = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                whole.Append(text[i]).Append(text[++i]);
            else if (char.IsSurrogate(text[i]))
                whole.Append($"<lone {(int)text[i]:x4}>");
            else
                whole.Append(text[i]);
        }
        return whole.ToString();
    }
}
