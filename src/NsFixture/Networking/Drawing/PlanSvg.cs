using System.Text;

namespace NsFixture.Networking;

/// <summary>
/// A plan as an SVG image: networks are bars, one below the other; each host hangs in a box under the first of its networks, with a
/// line to the others. A host has a column to itself as far as its lines reach, so no line crosses a box; where a line passes a
/// network that its host is not on it goes behind the bar, and a dot marks where it is on it.
/// </summary>
internal sealed class PlanSvg
{
    private const int Margin = 24, Gap = 28, Padding = 12, BarHeight = 34, LineHeight = 17;
    private const int TitleHeight = 22, Drop = 30; // from a bar to its boxes, and from the boxes to the next bar
    private const double CharWidth = 6.8, TitleCharWidth = 8.2; // of the monospace fonts below, with room to spare

    private const string Style =
        "text{font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:11px;fill:#333}" +
        ".name{font-size:13px;font-weight:bold;fill:#111}.network{fill:#dbe9f6;stroke:#2f6fab}.host{fill:#fff;stroke:#8a94a0}" +
        ".router{fill:#fde8cf;stroke:#c2701c}.test{stroke-width:3}.link{stroke:#8a94a0;stroke-width:1.5}.dot{fill:#2f6fab}.note{fill:#a03c2d}";

    private readonly NetworkPlan plan;
    private readonly Box[] boxes;
    private readonly int[] rowTops; // where each network's bar is
    private readonly double[] columnLefts; // one more than there are columns: where the last ends
    private readonly StringBuilder svg = new();

    private PlanSvg(NetworkPlan plan)
    {
        this.plan = plan;
        boxes = [.. plan.Hosts.Select(h => new Box(plan, h))];
        int columns = PlaceInColumns();
        columnLefts = new double[columns + 1];
        columnLefts[0] = Margin;
        for (int column = 0; column < columns; column++)
            columnLefts[column + 1] = columnLefts[column] + boxes.Where(b => b.Column == column).Max(b => b.Width) + Gap;
        rowTops = new int[plan.Networks.Count + 1];
        rowTops[0] = Margin;
        for (int row = 0; row < plan.Networks.Count; row++)
            rowTops[row + 1] = rowTops[row] + BarHeight + Drop + boxes.Where(b => b.Row == row).Select(b => b.Height + Drop).DefaultIfEmpty(0).Max();
    }

    public static string Draw(NetworkPlan plan) => new PlanSvg(plan).Draw();

    /// <summary>The leftmost column that is free in every row that the host's box and lines take up.</summary>
    private int PlaceInColumns()
    {
        var columns = new List<bool[]>();
        foreach (Box box in boxes)
        {
            bool IsFree(bool[] column) => !column.AsSpan(box.Row, box.LastRow - box.Row + 1).Contains(true);
            box.Column = columns.FindIndex(IsFree);
            if (box.Column < 0)
            {
                box.Column = columns.Count;
                columns.Add(new bool[plan.Networks.Count]);
            }
            columns[box.Column].AsSpan(box.Row, box.LastRow - box.Row + 1).Fill(true);
        }
        return columns.Count;
    }

    private string Draw()
    {
        string[] regions = [.. plan.Regions.Select(r => $"region {r.Name}: {PlanText.Hosts(plan, r)}"),
            .. plan.RegionConditions.Select(r => $"{plan.Regions[r.From].Name} → {plan.Regions[r.To].Name}: {r.Conditions}")];
        double width = Math.Max(columnLefts[^1] - Gap, Margin + (regions.Select(r => r.Length).DefaultIfEmpty(0).Max() * CharWidth));
        foreach (PlannedNetwork network in plan.Networks)
            width = Math.Max(width, Bar(network).Left + Bar(network).Width);
        width += Margin;
        int height = rowTops[^1] + (regions.Length * LineHeight) + (regions.Length > 0 ? Margin : 0);
        svg.Append($"<svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\" width=\"{width:0}\" height=\"{height}\" viewBox=\"0 0 {width:0} {height}\">\n<style>{Style}</style>\n");
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        foreach (Box box in boxes)
            DrawLines(box);
        foreach (PlannedNetwork network in plan.Networks)
            DrawBar(network);
        foreach (Box box in boxes)
            DrawBox(box);
        for (int i = 0; i < regions.Length; i++)
            Text(Margin, rowTops[^1] + (i * LineHeight) + LineHeight, "", regions[i]);
        return svg.Append("</svg>\n").ToString();
    }

    private void DrawLines(Box box)
    {
        foreach (PlannedInterface link in box.Host.Interfaces)
        {
            int bar = rowTops[link.Network] + BarHeight;
            double x = X(box, link);
            svg.Append($"<line class=\"link\" x1=\"{x:0.#}\" y1=\"{(link.Network > box.Row ? Top(box) + box.Height : Top(box))}\" x2=\"{x:0.#}\" y2=\"{(link.Network > box.Row ? rowTops[link.Network] : bar)}\"/>\n");
        }
    }

    private (double Left, double Width) Bar(PlannedNetwork network)
    {
        Box[] members = [.. boxes.Where(b => b.Host.Interfaces.Any(i => i.Network == network.Index))];
        double left = members.Select(Left).DefaultIfEmpty(Margin).Min();
        double right = members.Select(b => Left(b) + b.Width).DefaultIfEmpty(Margin).Max();
        return (left, Math.Max(right - left, (2 * Padding) + (network.Name.Length * TitleCharWidth) + Padding + (Prefixes(network).Length * CharWidth)));
    }

    private void DrawBar(PlannedNetwork network)
    {
        int top = rowTops[network.Index];
        var (left, width) = Bar(network);
        svg.Append($"<rect class=\"network\" x=\"{left:0.#}\" y=\"{top}\" width=\"{width:0.#}\" height=\"{BarHeight}\" rx=\"6\"/>\n");
        Text(left + Padding, top + 21, "name", network.Name);
        Text(left + (2 * Padding) + (network.Name.Length * TitleCharWidth), top + 21, "", Prefixes(network));
        foreach (Box box in boxes)
            foreach (PlannedInterface link in box.Host.Interfaces.Where(i => i.Network == network.Index))
                svg.Append($"<circle class=\"dot\" cx=\"{X(box, link):0.#}\" cy=\"{(network.Index > box.Row ? top : top + BarHeight)}\" r=\"4\"/>\n");
    }

    private void DrawBox(Box box)
    {
        double left = Left(box);
        int top = Top(box);
        string kind = (box.Host.IsRouter ? "router" : "host") + (box.Host == plan.Test ? " test" : "");
        svg.Append($"<rect class=\"{kind}\" x=\"{left:0.#}\" y=\"{top}\" width=\"{box.Width:0.#}\" height=\"{box.Height}\" rx=\"{(box.Host.IsRouter ? 14 : 3)}\"/>\n");
        Text(left + Padding, top + TitleHeight, "name", box.Title);
        for (int i = 0; i < box.Lines.Count; i++)
            Text(left + Padding, top + TitleHeight + ((i + 1) * LineHeight), box.Lines[i].Style, box.Lines[i].Text);
    }

    private void Text(double x, double y, string style, string text) =>
        svg.Append($"<text{(style.Length > 0 ? $" class=\"{style}\"" : "")} x=\"{x:0.#}\" y=\"{y:0.#}\">{System.Security.SecurityElement.Escape(text)}</text>\n");

    private double Left(Box box) => columnLefts[box.Column];

    private int Top(Box box) => rowTops[box.Row] + BarHeight + Drop;

    /// <summary>Each link has a line of its own, side by side.</summary>
    private double X(Box box, PlannedInterface link) => Left(box) + (box.Width * (link.Index + 1) / (box.Host.Interfaces.Count + 1));

    private static string Prefixes(PlannedNetwork network) =>
        string.Join("  ", ((string?[])[network.Subnet?.ToString(), network.Subnet6?.ToString(), network.Mtu == NetworkDeclaration.DefaultMtu ? null : $"MTU {network.Mtu}"]).Where(s => s != null));

    private sealed class Box
    {
        public Box(NetworkPlan plan, PlannedHost host)
        {
            Host = host;
            Title = host.Name + (host.IsRouter ? " (router)" : "") + (host == plan.Test ? " ★" : "");
            Row = host.Interfaces.Min(i => i.Network);
            LastRow = host.Interfaces.Max(i => i.Network);
            Lines.AddRange(host.DnsNames.Select(n => ("", n)));
            Lines.AddRange(PlanText.Filters(plan, host).Select(f => ("note", f)));
            foreach (PlannedInterface link in host.Interfaces)
            {
                Lines.AddRange(link.Addresses.Select((a, i) => ("", $"{(i == 0 ? link.Device : "").PadRight(link.Device.Length)} {a}")));
                if (link.Up == link.Down)
                    AddNote("↕", link.Up);
                else
                {
                    AddNote("↑", link.Up);
                    AddNote("↓", link.Down);
                }
            }
            Width = (2 * Padding) + Math.Max(Title.Length * TitleCharWidth, Lines.Max(l => l.Text.Length) * CharWidth);
            Height = TitleHeight + (Lines.Count * LineHeight) + Padding;
        }

        public PlannedHost Host { get; }

        public string Title { get; }

        public List<(string Style, string Text)> Lines { get; } = [];

        public int Row { get; }

        public int LastRow { get; }

        public int Column { get; set; }

        public double Width { get; }

        public int Height { get; }

        private void AddNote(string arrow, LinkConditions? conditions)
        {
            if (conditions != null)
                Lines.Add(("note", $"{arrow} {conditions}"));
        }
    }
}
