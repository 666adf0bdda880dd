using System.Text;

namespace NsFixture.Tests.Recording;

internal static class LineDiff
{
    private const int Context = 2, Shown = 60, Width = 600, MaxCompared = 2000;

    /// <summary>Fails, showing where the two differ, unless they are the same and there is something in them.</summary>
    public static void AssertSame(List<string> expected, List<string> actual, string what)
    {
        Assert.True(expected.Count > 0, $"There is nothing to compare: {what}");
        if (!expected.SequenceEqual(actual))
            Assert.Fail($"{what} differs from the plain run (- plain, + isolated):\n{Show(Diff(expected, actual))}");
    }

    /// <summary>Lines with their signs; a longest common subsequence of the part that differs.</summary>
    private static List<(char Sign, string Line)> Diff(List<string> expected, List<string> actual)
    {
        int start = expected.Zip(actual).TakeWhile(p => p.First == p.Second).Count();
        int end = expected.Skip(start).Reverse().Zip(actual.Skip(start).Reverse()).TakeWhile(p => p.First == p.Second).Count();
        string[] a = [.. expected.Take(expected.Count - end).Skip(start).Take(MaxCompared)], b = [.. actual.Take(actual.Count - end).Skip(start).Take(MaxCompared)];
        var common = new int[a.Length + 1, b.Length + 1];
        for (int i = a.Length - 1; i >= 0; i--)
            for (int j = b.Length - 1; j >= 0; j--)
                common[i, j] = a[i] == b[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        List<(char, string)> lines = [.. expected.Take(start).Select(l => (' ', l))];
        for (int i = 0, j = 0; i < a.Length || j < b.Length;)
        {
            if (i < a.Length && j < b.Length && a[i] == b[j])
            {
                lines.Add((' ', a[i++]));
                j++;
            }
            else if (j == b.Length || (i < a.Length && common[i + 1, j] >= common[i, j + 1]))
                lines.Add(('-', a[i++]));
            else
                lines.Add(('+', b[j++]));
        }
        lines.AddRange(expected.TakeLast(end).Select(l => (' ', l)));
        return lines;
    }

    private static string Show(List<(char Sign, string Line)> lines)
    {
        var text = new StringBuilder();
        int shown = 0;
        for (int i = 0; i < lines.Count; i++)
        {
            bool near = Enumerable.Range(i - Context, (2 * Context) + 1).Any(n => n >= 0 && n < lines.Count && lines[n].Sign != ' ');
            if (!near)
                continue;
            if (++shown > Shown)
                return text.Append('…').ToString();
            string line = lines[i].Line;
            text.Append(lines[i].Sign).Append(' ').AppendLine(line.Length > Width ? line[..Width] + "…" : line);
        }
        return text.ToString();
    }
}
