using System.Globalization;
using System.Text.Json;

namespace NsFixture.Benchmarks;

/// <summary>The result of a case: times in milliseconds, and numbers of the case's own.</summary>
internal sealed class Measurement(string name, IReadOnlyList<double> milliseconds)
{
    private readonly double[] sorted = [.. milliseconds.Order()];
    private readonly List<(string Name, object Value)> more = [];

    public double Median => Percentile(0.5);

    public double P95 => Percentile(0.95);

    public Measurement With(string field, object value)
    {
        more.Add((field, value is double d ? Math.Round(d, 3) : value));
        return this;
    }

    public string ToJson()
    {
        var fields = new Dictionary<string, object> { ["case"] = name };
        foreach (var (field, value) in Fields())
            fields[field] = value;
        return JsonSerializer.Serialize(fields);
    }

    public string ToText() =>
        $"{name,-20} " + string.Join("  ", Fields().Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Name} {f.Value}")));

    private IEnumerable<(string Name, object Value)> Fields() =>
    [
        ("n", sorted.Length), ("median_ms", Math.Round(Median, 3)), ("p95_ms", Math.Round(P95, 3)),
        ("mean_ms", Math.Round(sorted.Average(), 3)), .. more,
    ];

    private double Percentile(double p) => sorted[(int)Math.Ceiling(p * sorted.Length) - 1 is >= 0 and var i ? i : 0];
}
