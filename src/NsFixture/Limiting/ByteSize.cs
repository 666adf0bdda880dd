using System.Globalization;

namespace NsFixture.Limiting;

/// <summary>Numbers of bytes as people write them: <c>256M</c>.</summary>
internal static class ByteSize
{
    /// <summary>A whole number, with K, M or G for 2^10, 2^20 or 2^30; null: it is none.</summary>
    public static long? Parse(string text)
    {
        int shift = text.Length == 0 ? 0 : text[^1] switch { 'k' or 'K' => 10, 'm' or 'M' => 20, 'g' or 'G' => 30, _ => 0 };
        return long.TryParse(shift == 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= long.MaxValue >> shift ? number << shift : null;
    }

    /// <summary><c>256 MiB</c>, <c>1.5 GiB</c>.</summary>
    public static string Describe(long bytes) => bytes switch
    {
        >= 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.##} GiB"),
        >= 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.##} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.##} KiB"),
    };
}
