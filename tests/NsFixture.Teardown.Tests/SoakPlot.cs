using System.Globalization;
using System.Text;

namespace NsFixture.Teardown.Tests;

/// <summary>The times of a long run's tests as a small drawing: the median of each hundredth of the run, and what nine in ten stay below.</summary>
internal static class SoakPlot
{
    private const int Width = 640, Height = 240, Margin = 40, Parts = 100;

    public static string Draw(double[] milliseconds)
    {
        double[][] parts = [.. Enumerable.Range(0, Parts).Select(i => milliseconds[(i * milliseconds.Length / Parts)..((i + 1) * milliseconds.Length / Parts)].Order().ToArray()).Where(p => p.Length > 0)];
        double top = Math.Ceiling(parts.Max(p => p[p.Length * 9 / 10]) / 10) * 10;
        string Line(Func<double[], double> value) => string.Join(' ', parts.Select((p, i) => string.Create(CultureInfo.InvariantCulture,
            $"{Margin + (i + 0.5) * (Width - 2 * Margin) / parts.Length:0.#},{Height - Margin - value(p) / top * (Height - 2 * Margin):0.#}")));
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        svg.AppendLine(CultureInfo.InvariantCulture, $"  <rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"  <path d=\"M{Margin} {Margin}V{Height - Margin}H{Width - Margin}\" fill=\"none\" stroke=\"black\"/>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"  <text x=\"{Margin}\" y=\"{Margin - 12}\">milliseconds from test to test: median (blue), nine in ten (grey); {milliseconds.Length + 1} tests</text>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"  <text x=\"{Margin - 6}\" y=\"{Margin + 4}\" text-anchor=\"end\">{top:0}</text><text x=\"{Margin - 6}\" y=\"{Height - Margin}\" text-anchor=\"end\">0</text>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"  <text x=\"{Width - Margin}\" y=\"{Height - Margin + 18}\" text-anchor=\"end\">test {milliseconds.Length + 1}</text>");
        svg.AppendLine($"  <polyline points=\"{Line(p => p[p.Length * 9 / 10])}\" fill=\"none\" stroke=\"silver\"/>");
        svg.AppendLine($"  <polyline points=\"{Line(p => p[p.Length / 2])}\" fill=\"none\" stroke=\"blue\" stroke-width=\"1.5\"/>");
        return svg.Append("</svg>").AppendLine().ToString();
    }
}
